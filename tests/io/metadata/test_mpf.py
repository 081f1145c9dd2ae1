import struct

import pytest

from pielight.io.metadata.mpf import GAIN_MAP, HEAD, UNDEFINED, Entry, read_index

ENTRIES = [(0x030000, 1000, 0, 2, 0), (GAIN_MAP, 300, 1000, 0, 0), (UNDEFINED, 20, 1300, 0, 0)]


def segment(order: str, entries: list[tuple[int, ...]] = ENTRIES, number: int | None = None) -> bytes:
    rows = struct.pack(order + "H", 3)
    rows += struct.pack(order + "HHL4s", 0xB000, 7, 4, b"0100")
    rows += struct.pack(order + "HHLL", 0xB001, 4, 1, len(entries) if number is None else number)
    rows += struct.pack(order + "HHLL", 0xB002, 7, 16 * len(entries), 8 + 42)
    coded = b"".join(struct.pack(order + "3L2H", *entry) for entry in entries)
    return HEAD + (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8) + rows + bytes(4) + coded


@pytest.mark.parametrize("order", "<>")
def test_the_pictures_of_an_index_are_read(order: str) -> None:
    index = read_index(segment(order))
    assert index is not None
    assert index.entries[0] == Entry(0x030000, 1000, 0, (2, 0))
    assert [entry.kind for entry in index.entries] == [0x030000, GAIN_MAP, UNDEFINED]


@pytest.mark.parametrize("order", "<>")
def test_an_index_without_a_picture_is_as_long_and_renumbered(order: str) -> None:
    index = read_index(segment(order))
    assert index is not None
    shorter = index.without([1])
    assert len(shorter.content) == len(index.content)
    assert read_index(shorter.content) == shorter
    assert shorter.entries == (Entry(0x030000, 1000, 0, (0, 0)), Entry(UNDEFINED, 20, 1300, (0, 0)))
    assert index.without([0]).entries[0].kind == GAIN_MAP


@pytest.mark.parametrize(
    "content", [b"", HEAD, HEAD + b"II*\0\x08\0\0\0", segment("<", number=9), segment("<", number=0)]
)
def test_what_is_no_index_is_none(content: bytes) -> None:
    assert read_index(content) is None


@pytest.mark.parametrize("cut", range(4, 100, 7))
def test_cut_indices_are_none(cut: int) -> None:
    content = segment(">")
    assert (read_index(content[:cut]) is None) == (cut < len(content))
