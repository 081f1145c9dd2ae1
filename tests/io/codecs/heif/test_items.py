"""The boxes and items of AVIF and HEIC files, whoever wrote them."""

import struct

import pytest
from PIL import Image

from pielight.io.codecs.heif.coding import Coding, read_cicp, read_coding
from pielight.io.codecs.heif.items import exif_item, read_items
from pielight.io.codecs.isobmff import read_brands, walk
from tests.io import samples

MODES = {"L": None, "RGB": "4:2:0"}


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">L4s", 8 + len(content), kind) + content


def full(kind: bytes, version: int, *contents: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">L", version << 24 | flags), *contents)


def made(version: int, wide: bool) -> bytes:
    """A file with a grid of two tiles, and numbers as long as a version of its boxes has them."""
    number = ">L" if version else ">H"
    ids = [struct.pack(number, one) for one in (1, 2, 3, 4)]
    kinds = [b"grid", b"hvc1", b"hvc1", b"Exif"]
    infe = [full(b"infe", 3 if version else 2, one, b"\0\0", kind, b"\0") for one, kind in zip(ids, kinds, strict=True)]
    dimg = box(b"dimg", ids[0], struct.pack(">H", 2), ids[1], ids[2])
    cdsc = box(b"cdsc", ids[3], struct.pack(">H", 1), ids[0])
    hevc = bytes(16) + bytes((2, 2))
    properties = box(b"ipco", box(b"colr", b"nclx", struct.pack(">3HB", 12, 13, 6, 128)), box(b"hvcC", hevc))
    index = [struct.pack(">H", 0x8000 | one) if wide else bytes((0x80 | one,)) for one in (1, 2)]
    joined = [(0, index[0]), (1, index[1]), (2, index[1])]
    ipma = full(
        b"ipma", version, struct.pack(">L", 3), *(ids[item] + b"\1" + one for item, one in joined), flags=int(wide)
    )
    iloc_version = 2 if version else 1
    places = [(1, 0, 8), (0, 500, 100), (0, 600, 50), (0, 700, 9)]
    rows = [
        one + struct.pack(">HHHLL", method, 0, 1, place, length)
        for one, (method, place, length) in zip(ids, places, strict=True)
    ]
    iloc = full(b"iloc", iloc_version, b"\x44\0", struct.pack(number, 4), *rows)
    meta = full(
        b"meta",
        0,
        full(b"pitm", version, ids[0]),
        full(b"iinf", version, struct.pack(number, 4), *infe),
        full(b"iref", version, dimg, cdsc),
        box(b"iprp", properties, ipma),
        iloc,
        box(b"idat", bytes(8)),
    )
    return box(b"ftyp", b"mif1\0\0\0\0heicmiaf") + meta


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("version", [0, 1])
def test_items(version: int, wide: bool) -> None:
    data = made(version, wide)
    items = read_items(data)
    assert read_brands(data) == [b"mif1", b"heic", b"miaf"]
    assert [item.kind for item in items.by_number.values()] == [b"grid", b"hvc1", b"hvc1", b"Exif"]
    assert [item.spans for item in items.parts()] == [[(500, 100)], [(600, 50)]]
    ((place, length),) = items.shown().spans
    assert data[place - 4 : place + length] == b"idat" + bytes(8)
    assert read_coding(items) == Coding(10, "4:2:2", 150)
    assert read_cicp(items) == (12, 13)
    assert [item.kind for item in items.referring(b"cdsc")] == [b"Exif"]


@pytest.mark.parametrize("length", range(0, 420, 7))
def test_cut_files(length: int) -> None:
    data = made(0, False)
    read_coding(read_items(data[:length]))
    read_coding(read_items(data[:length] + b"\xff" * (len(data) - length)))


def test_boxes_of_other_lengths() -> None:
    data = (
        box(b"ftyp") + struct.pack(">L4sQ", 1, b"free", 20) + b"long" + struct.pack(">L4s", 0, b"mdat") + b"to the end"
    )
    assert [(kind, data[start:end]) for kind, start, end in walk(data)] == [
        (b"ftyp", b""), (b"free", b"long"), (b"mdat", b"to the end")
    ]  # fmt: skip
    assert list(walk(struct.pack(">L4s", 7, b"odd "))) == []


def test_many_entries_of_no_length_take_no_time() -> None:
    rows = struct.pack(">HHHH", 1, 0, 0, 0xFFFF) * 50_000
    iloc = full(b"iloc", 1, b"\0\0", struct.pack(">H", 1), rows)
    items = read_items(box(b"meta", bytes(4), iloc))
    assert sum(len(item.spans) for item in items.by_number.values()) <= 100_000


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file_format", ["AVIF", "HEIF"])
def test_coding_of_what_libraries_write(file_format: str, mode: str) -> None:
    data = samples.saved(samples.image(mode), file_format)
    coding = read_coding(read_items(data))
    assert (coding.bits, coding.subsampling) == (8, MODES[mode])
    assert 0 < coding.length < len(data)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("file_format", ["AVIF", "HEIF"])
def test_subsampling(file_format: str, subsampling: str) -> None:
    data = samples.saved(samples.image("RGB"), file_format, subsampling=subsampling)
    assert read_coding(read_items(data)).subsampling == subsampling


def test_length_of_tiles_and_without_opacity() -> None:
    image = samples.image("RGB", 256, 192)
    for options in ({}, {"tile_size": 64}):
        data = samples.saved(image, "HEIF", quality=90, **options)
        assert 0.7 * len(data) < read_coding(read_items(data)).length < len(data)
    clear = image.copy()
    clear.putalpha(Image.effect_noise(image.size, 100))
    data = samples.saved(clear, "AVIF", quality=90)
    assert read_coding(read_items(data)).length < 0.6 * len(data)


def test_parts_that_overlap_do_not_fill_the_memory() -> None:
    infe = full(b"infe", 2, b"\0\1\0\0Exif\0")
    count = 3000
    rows = struct.pack(">HHHH", 1, 0, 0, count) + struct.pack(">LL", 0, 30_000) * count
    iloc = full(b"iloc", 1, b"\x44\0", struct.pack(">H", 1), rows)
    data = box(b"ftyp", b"heic\0\0\0\0") + full(b"meta", 0, full(b"iinf", 0, b"\0\1", infe), iloc)
    assert len(data) < len(exif_item(data)) + 4 <= 3 * len(data)
