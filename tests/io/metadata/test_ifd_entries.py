import io
import mmap
import struct
from pathlib import Path

import pytest
from PIL import Image

from pielight.io.file_view import FileView
from pielight.io.metadata.ifd_entries import TiffHeader, read_entries, read_header, unpack_numbers


def directory(order: str, is_big: bool, entries: list[tuple[int, int, int, bytes]], following: int = 0) -> bytes:
    """A file of one directory, built independently of what is tested."""
    mark = {"<": b"II", ">": b"MM"}[order]
    version, size, offset = (43, 8, "Q") if is_big else (42, 4, "L")
    head = mark + struct.pack(order + "H", version) + (struct.pack(order + "HH", 8, 0) if is_big else b"")
    head += struct.pack(order + offset, len(head) + size)
    rows = b"".join(
        struct.pack(f"{order}HH{offset}", tag, kind, number) + field.ljust(size, b"\0")
        for tag, kind, number, field in entries
    )
    return (
        head
        + struct.pack(order + ("Q" if is_big else "H"), len(entries))
        + rows
        + struct.pack(order + offset, following)
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("is_big", [False, True])
def test_values_are_read_from_entries_and_at_offsets(order: str, is_big: bool) -> None:
    offset = "Q" if is_big else "L"
    short = struct.pack(order + "2H", 7, 8)
    entries = [(256, 3, 2, short), (273, 4, 5, struct.pack(order + offset, 400)), (700, 7, 3, b"xmp")]
    data = directory(order, is_big, entries, 300).ljust(400, b"\0") + struct.pack(order + "5L", 1, 2, 3, 4, 5)
    header = read_header(data)
    assert header == TiffHeader(order, is_big)
    found, link = read_entries(data, header.first_offset(data), header)
    inline, outside, xmp = found
    assert header.offset_at(data, link) == 300
    assert (inline.numbers(data), outside.numbers(data), xmp.content(data)) == ((7, 8), (1, 2, 3, 4, 5), b"xmp")
    assert (inline.is_inline, outside.is_inline, outside.offset) == (True, False, 400)
    assert data[inline.field_position :].startswith(short)
    assert data[outside.position :].startswith(struct.pack(order + "HH", 273, 4))


def test_any_source_that_is_sliced_can_be_read(tmp_path: Path) -> None:
    data = directory("<", False, [(256, 3, 1, b"\x10\0")])
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for source in (data, bytearray(data), mapped, FileView(file), FileView(io.BytesIO(b"before" + data), 6)):
            header = read_header(source)
            assert header is not None
            entries, _ = read_entries(source, header.first_offset(source), header)
            assert [entry.numbers(source) for entry in entries] == [(16,)]


def test_it_agrees_with_pillow() -> None:
    file = io.BytesIO()
    Image.new("RGB", (70, 50)).save(file, "TIFF", compression="tiff_lzw")
    data = file.getvalue()
    header = read_header(data)
    assert header is not None
    entries, _ = read_entries(data, header.first_offset(data), header)
    numbers = {entry.tag: entry.numbers(data) for entry in entries}
    assert (numbers[256], numbers[257], numbers[258], numbers[259]) == ((70,), (50,), (8, 8, 8), (5,))


@pytest.mark.parametrize("cut", [9, 10, 21, 22, 33, 34])
def test_a_cut_directory_has_the_entries_that_are_complete(cut: int) -> None:
    data = directory(">", False, [(256, 3, 1, b"\0\1"), (257, 3, 1, b"\0\2")])[:cut]
    if cut < 10:
        with pytest.raises(struct.error):
            read_entries(data, 8, TiffHeader(">"))
        return
    entries, link = read_entries(data, 8, TiffHeader(">"))
    assert (len(list(entries)), link) == ((cut - 10) // 12, 34)
    assert TiffHeader(">").offset_at(data, link) == 0


def test_values_beyond_the_end_are_short_and_no_numbers() -> None:
    data = directory("<", False, [(273, 4, 3, struct.pack("<L", 20))])
    ((entry,), _) = (
        list(part) if not isinstance(part, int) else part for part in read_entries(data, 8, TiffHeader("<"))
    )
    assert len(entry.content(data)) < entry.length == 12
    with pytest.raises(struct.error):
        entry.numbers(data)


def test_only_types_that_can_point_are_pointers() -> None:
    entries = [(34665, kind, 1, struct.pack("<L", 99)) for kind in (3, 4, 13, 16, 18)]
    data = directory("<", False, entries)
    assert [entry.pointer for entry in read_entries(data, 8, TiffHeader("<"))[0]] == [None, 99, 99, None, None]
    big = directory("<", True, [(34665, kind, 1, struct.pack("<Q", 99)) for kind in (3, 4, 13, 16, 18)])
    assert [entry.pointer for entry in read_entries(big, 16, TiffHeader("<", True))[0]] == [None, 99, 99, 99, 99]


def test_numbers_of_other_types_are_none() -> None:
    assert unpack_numbers("<", 5, 1, bytes(8)) == ()
    assert unpack_numbers(">", 1, 3, b"\1\2\3") == (1, 2, 3)
