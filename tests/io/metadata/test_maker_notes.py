"""Makers' notes are read from the results as from the sources, whatever the formats."""

import io
import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from pielight.io.codecs.heif.items import exif_item
from pielight.io.codecs.png.chunks import png_chunks, with_chunks
from pielight.io.codecs.raw.develop import tags_of_raw
from pielight.io.codecs.tiff.pages import TiffPages
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.metadata.exif import with_orientation
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.maker_notes import moved_note
from tests.io import makers_notes, samples
from tests.io.makers_notes import MAKERS, Maker

TARGETS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "AVIF": ".avif", "HEIF": ".heic"}
# What exiftool says of the file and its format, and not of what the camera wrote.
OTHER_GROUPS = (
    "SourceFile", "ExifTool", "System", "File", "JFIF", "Composite", "IFD0", "PNG", "PNG-pHYs", "RIFF", "Meta",
    "QuickTime",
)  # fmt: skip


def block_of(data: bytes) -> bytes:
    """The block of EXIF in a file, which a TIFF is as a whole."""
    if data[:4] in (b"II*\0", b"MM\0*"):
        return data
    if data.startswith(b"\x89PNG"):
        return dict(png_chunks(data))[b"eXIf"]
    with Image.open(io.BytesIO(data)) as image:
        return bytes(image.info["exif"]).removeprefix(b"Exif\0\0")


def check(data: bytes, maker: Maker) -> None:
    assert makers_notes.texts_of(block_of(data), maker) == (maker.make, [text for _, text in maker.texts])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", MAKERS)
def test_from_jpeg_and_back(name: str, target: str) -> None:
    maker = MAKERS[name]
    source = makers_notes.jpeg(maker, orientation=6)
    check(source, maker)
    result = encode(decode(source), target)
    check(result, maker)
    check(encode(decode(result), "JPEG"), maker)
    check(encode(decode(result), "TIFF"), maker)


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_exiftool_reads_them_as_before(tmp_path: Path) -> None:
    for name, maker in MAKERS.items():
        source = makers_notes.jpeg(maker)
        (tmp_path / f"{name}-source.jpg").write_bytes(source)
        picture = decode(source)
        for target, suffix in TARGETS.items():
            (tmp_path / f"{name}-{target}{suffix}").write_bytes(encode(picture, target))
        (tmp_path / f"{name}-again.tif").write_bytes(encode(decode(encode(picture, "TIFF")), "TIFF"))
    command = ["exiftool", "-j", "-G1", "-a", "-u", str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    found = {Path(tags["SourceFile"]).stem: tags for tags in json.loads(answer)}
    assert len(found) == len(MAKERS) * (len(TARGETS) + 2)
    for name, maker in MAKERS.items():
        source = of_the_camera(found[f"{name}-source"])
        assert all(any(text.lower() in str(value).lower() for value in source.values()) for _, text in maker.texts)
        for target in (*TARGETS, "again"):
            assert of_the_camera(found[f"{name}-{target}"]) == source, (name, target)


def of_the_camera(tags: dict[str, Any]) -> dict[str, Any]:
    assert "ExifTool:Warning" not in tags
    return {tag: value for tag, value in tags.items() if tag.partition(":")[0] not in OTHER_GROUPS}


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "I;16", "CMYK"])
def test_pixels_of_a_tiff_after_a_note(mode: str, compression: str) -> None:
    """Big-endian, as the note is, whatever the machine."""
    source = samples.saved(samples.image(mode), "TIFF", compression=compression)
    result = encode(decode(with_exif(source, MAKERS["pentax"])))
    assert result.startswith(b"MM")
    check(result, MAKERS["pentax"])
    for read in (opened, lambda data: tifffile.imread(io.BytesIO(data))):
        assert np.array_equal(read(result), read(source))


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)


def with_exif(tiff: bytes, maker: Maker) -> bytes:
    """Put a camera's EXIF before the picture of a TIFF."""
    picture = decode(tiff)
    return encode(replace(picture, metadata=replace(picture.metadata, exif=makers_notes.block(maker))))


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("name", ["sony", "pentax"])
def test_16_bit_pixels_after_a_note(name: str, channels: int) -> None:
    plain = bytes(imagecodecs.png_encode(samples.deep(channels)))
    source = with_chunks(plain, [(b"eXIf", makers_notes.block(MAKERS[name])[6:])])
    result = encode(decode(source), "TIFF")
    check(result, MAKERS[name])
    assert np.array_equal(tifffile.imread(io.BytesIO(result)), samples.deep(channels))


@pytest.mark.parametrize("target", TARGETS)
def test_a_note_after_the_pixels_of_a_tiff(target: str) -> None:
    maker, tiff = MAKERS["canon"], samples.sample("rgb.tif")
    tags = read_ifd(tiff)
    assert tags is not None
    note = makers_notes.note(maker)
    tags.entries[271] = Entry(2, b"Canon\0")
    exif = Ifd("<", {37500: Entry(7, note)})
    tags.groups[34665] = exif
    place = len(tiff) + tags.encode(len(tiff)).index(note)
    exif.entries[37500] = Entry(7, makers_notes.note(maker, place))
    source = tiff[:4] + struct.pack("<L", len(tiff)) + tiff[8:] + tags.encode(len(tiff))
    check(source, maker)
    check(encode(decode(source), target), maker)


def far(note_of: Callable[[int], bytes], make: str) -> bytes:
    """A TIFF with a maker's note more than a megabyte behind its start."""
    tiff = samples.sample("rgb.tif")
    tags = read_ifd(tiff)
    assert tags is not None
    tags.entries[271] = Entry(2, make.encode() + b"\0")
    end = len(tiff) + (1 << 20)
    exif = Ifd("<", {37500: Entry(7, note_of(8))})
    tags.groups[34665] = exif
    place = end + tags.encode(end).index(note_of(8))
    exif.entries[37500] = Entry(7, note_of(place))
    return tiff[:4] + struct.pack("<L", end) + tiff[8:] + bytes(1 << 20) + tags.encode(end)


@pytest.mark.parametrize("target", ["TIFF", "JPEG", "PNG"])
@pytest.mark.parametrize("name", [name for name, maker in MAKERS.items() if maker.order == "<"])
def test_a_note_that_cannot_stay_is_moved(name: str, target: str) -> None:
    maker = MAKERS[name]
    source = far(lambda place: makers_notes.note(maker, place), maker.make)
    check(source, maker)
    picture = decode(source)
    assert picture.note == ""
    check(encode(picture, target), maker)


@pytest.mark.parametrize("name", MAKERS)
def test_a_note_too_far_into_the_file_for_a_jpeg_is_moved(name: str) -> None:
    maker = MAKERS[name]
    exif = Ifd(maker.order, {37500: Entry(7, makers_notes.note(maker, 65_600))}, note_offset=65_600)
    named = {271: Entry(2, maker.make.encode() + b"\0")}
    picture = decode(samples.sample("rgb.png"))
    block = Ifd(maker.order, named, {34665: exif}).exif_block()
    picture = replace(picture, metadata=replace(picture.metadata, exif=block))
    assert fit(picture, "JPEG").note == "EXIF shortened: JPEG holds no more than 64 kB"
    check(encode(picture, "JPEG"), maker)


def test_a_note_that_can_neither_stay_nor_be_moved_is_said() -> None:
    """Some of its values stand outside of it."""
    source = far(lambda place: makers_notes.note(MAKERS["canon"], place + 1000), "Canon")
    assert decode(source).note == "maker's notes may be unreadable: their offset was too large to keep"


def test_canon_notes_end_with_their_own_offset() -> None:
    note = makers_notes.note(MAKERS["canon"], 300)
    ended = note + bytes(len(note) % 2) + b"II*\0" + struct.pack("<L", 300)
    assert (moved_note(ended, 300, 500) or b"")[-4:] == struct.pack("<L", 500)
    for damaged in (b"", b"\0", b"\xff" * 50, note[:20], b"SONY DSC", b"\1\0\6\0\x0d\0" + bytes(8)):
        moved_note(damaged, 300, 500)


def test_a_note_that_does_not_fit_into_a_jpeg_is_said() -> None:
    exif = Ifd("<", {37500: Entry(7, b"note of some maker"), 33434: Entry(5, bytes(8))}, note_offset=65_600)
    block = Ifd("<", {271: Entry(2, b"Canon\0")}, {34665: exif}).exif_block()
    picture = decode(with_chunks(samples.sample("rgb.png"), [(b"eXIf", block[6:])]))
    fitted = fit(picture, "JPEG")
    assert fitted.note == "EXIF shortened, without maker's notes: JPEG holds no more than 64 kB"
    with Image.open(io.BytesIO(encode(fitted, "JPEG"))) as image:
        assert image.getexif()[271] == "Canon"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_of_an_avif_that_is_turned_by_its_boxes(orientation: int) -> None:
    """Its EXIF has no orientation, as Pillow and others write it."""
    maker = MAKERS["canon"]
    block = makers_notes.block(maker).replace(b"\x12\1\3\0", b"\x13\1\3\0")

    class Turned(Image.Exif):
        def tobytes(self, offset: int = 8) -> bytes:
            return block

    tags = Turned()
    tags[271], tags[274] = "a", orientation
    source = samples.saved(samples.image("RGB"), "AVIF", exif=tags)
    assert exif_item(source) == block[6:]
    for target in ("AVIF", "TIFF"):
        result = encode(decode(source), target)
        check(result, maker)
        with Image.open(io.BytesIO(result)) as image:
            assert image.getexif().get(274, 1) == orientation


def test_damaged_boxes() -> None:
    source = samples.saved(samples.image("RGB"), "AVIF", exif=makers_notes.block(MAKERS["canon"]))
    assert exif_item(source)
    for place in range(300):
        for value in (0, 1, 255):
            exif_item(source[:place] + bytes([value]) + source[place + 1 :])
        exif_item(source[:place])


def test_orientation_is_set_without_moving_anything() -> None:
    block = makers_notes.block(MAKERS["sony"], orientation=6)
    turned = with_orientation(block, 1)
    assert [place for place in range(len(block)) if block[place] != turned[place]] == [block.index(b"\x12\1\3\0") + 8]
    without = block.replace(b"\x12\1\3\0", b"\x13\1\3\0")
    longer = with_orientation(without, 8)
    assert longer[14 : len(without)] == without[14:]
    makers_notes.texts_of(longer[6:], MAKERS["sony"])
    with Image.open(io.BytesIO(encode(decode(samples.sample("rgb.jpg"))))) as image:
        tags = image.getexif()
        tags.load(longer)
        assert (tags[274], tags[272]) == (8, "Model 1")
    for damaged in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\0\0"):
        assert with_orientation(damaged, 6) == damaged


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", [name for name, maker in MAKERS.items() if maker.order == "<"])
def test_of_raw(name: str, target: str) -> None:
    maker = MAKERS[name]
    source = samples.dng(orientation=8, note=makers_notes.note(maker, samples.DNG_NOTE_PLACE))
    named = replace(maker, make="Maker")
    check(source, named)
    check(encode(decode(source), target), named)


def test_of_a_raw_that_has_its_note_in_the_preview() -> None:
    maker, data = MAKERS["panasonic"], samples.rw2()
    preview = makers_notes.jpeg(maker)
    tags = read_ifd(b"II*\0" + data[4:])
    assert tags is not None
    tags.entries[46] = Entry(7, preview)
    source = data[:4] + struct.pack("<L", len(data)) + data[8:] + tags.encode(len(data))
    for target in ("TIFF", "JPEG"):
        check(encode(decode(source, "a.rw2"), target), maker)


def test_of_canon_3() -> None:
    """Each directory has a box of its own; the note counts from the start of its block."""
    maker = MAKERS["canon"]
    note = makers_notes.note(maker, 8)
    first = Ifd("<", {271: Entry(2, b"Canon\0"), 306: Entry(2, b"2024:01:02 03:04:05\0"), 256: Entry(3, b"\1\0")})
    exif = Ifd("<", {33434: Entry(5, struct.pack("<2L", 1, 60))})
    gps = Ifd("<", {1: Entry(2, b"N\0")})

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", 8 + len(content)) + kind + content

    parts = [(b"CMT1", first.exif_block()[6:]), (b"CMT2", exif.exif_block()[6:]), (b"CMT3", b"II*\0\x08\0\0\0" + note)]
    inner = b"".join(box(kind, content) for kind, content in [*parts, (b"CMT4", gps.exif_block()[6:])])
    canon = box(b"uuid", bytes.fromhex("85c0b687820f11e08111f4ce462b6a48") + inner)
    xmp = box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + samples.XMP)
    data = box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", canon) + xmp
    block, packet = tags_of_raw(data)
    assert packet == samples.XMP
    assert makers_notes.texts_of(block[6:], maker) == ("Canon", [text for _, text in maker.texts])
    with Image.open(io.BytesIO(samples.sample("rgb.jpg"))) as image:
        tags = image.getexif()
        tags.load(block)
        assert (tags[306], 256 in tags) == ("2024:01:02 03:04:05", False)
        assert tags.get_ifd(34665)[33434] == pytest.approx(1 / 60)
        assert tags.get_ifd(34853)[1] == "N"
    for end in range(0, len(data), 7):
        tags_of_raw(data[:end])
    picture = decode(samples.sample("rgb.png"))
    check(encode(replace(picture, metadata=replace(picture.metadata, exif=block)), "TIFF"), maker)


@pytest.mark.parametrize("name", ["canon", "nikon_3", "sony", "pentax"])
def test_a_note_of_a_second_page_is_moved(name: str) -> None:
    maker = MAKERS[name]
    data = with_exif(samples.sample("rgb.tif"), maker)
    tags = read_ifd(data)
    assert tags is not None
    end = len(data) + len(data) % 2
    made = bytearray(data.ljust(end, b"\0") + replace(tags, groups={}).encode(end))
    link = end + 2 + 12 * len(tags.entries)
    struct.pack_into(tags.order + "L", made, link, struct.unpack_from(tags.order + "L", data, 4)[0])
    struct.pack_into(tags.order + "L", made, 4, end)
    source = bytes(made)
    picture = decode(source)
    pages, file = TiffPages(source, "a.tif"), io.BytesIO()
    assert len(pages) == 2
    pages.write(file, pages, picture, None)
    result = file.getvalue()
    (second,) = struct.unpack_from(tags.order + "L", result, link_of(result))
    check(result[:4] + struct.pack(tags.order + "L", second) + result[8:], maker)


def link_of(tiff: bytes) -> int:
    """Where the first directory says the place of the second."""
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    (place,) = struct.unpack_from(order + "L", tiff, 4)
    return place + 2 + 12 * int(struct.unpack_from(order + "H", tiff, place)[0])
