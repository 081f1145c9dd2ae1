"""Tags that describe the picture, and how they get into a file that an encoder wrote; see also the makers' notes."""

import io
import struct

import numpy as np
import pytest

from pielight.io.codecs.tiff.tags import (
    descriptive_exif,
    essential_exif,
    is_sound,
    maker_note_warning,
    notes_on,
)
from pielight.io.codecs.tiff.writer import LZW, tiff_options, write
from pielight.io.decode import decode
from pielight.io.image import Picture
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag, Type
from tests.io import samples


def test_the_layout_of_the_file_is_left_out() -> None:
    data = samples.saved(samples.image("RGB"), "TIFF", dpi=(100, 200), software="made by", compression="tiff_lzw")
    tags = read_ifd(descriptive_exif(data))
    assert tags is not None
    assert {282, 283, 296, 305} <= tags.entries.keys()
    assert not {256, 257, 258, 259, 273, 279} & tags.entries.keys()
    assert descriptive_exif(b"no TIFF") == b""


def test_essential_tags_are_short() -> None:
    block = Ifd("<", {271: Entry(2, b"maker\0"), 40000: Entry(7, bytes(1000))}).exif_block()
    short, what = essential_exif(block)
    assert (len(short) < 100, what) == (True, "shortened")
    assert essential_exif(block, 10) == (b"", "left out")
    assert essential_exif(b"damaged") == (b"", "left out")
    assert maker_note_warning(block) == ""


def test_groups_that_are_named_and_missing_are_damage() -> None:
    block = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHLL", 34665, 4, 1, 9999) + bytes(4)
    assert not is_sound(block)


def test_parts_that_are_not_kept_are_named() -> None:
    data = bytearray(samples.saved(samples.image("L"), "TIFF", software="x" * 40))
    place = data.index(struct.pack("<HH", 305, 2))
    struct.pack_into("<HHLL", data, place, Tag.SUB_IFDS, 4, 1, 8)
    assert notes_on(bytes(data)) == ["left out: reduced pictures"]


@pytest.mark.parametrize(
    ("compression", "mode", "expected"),
    [
        ("group4", "1", "group4"), ("group4", "L", LZW), ("tiff_jpeg", "RGB", "jpeg"), ("jpeg", "CMYK", LZW),
        ("packbits", "L", "packbits"), ("jpeg2000", "RGB", LZW), ("tiff_deflate", "L", "tiff_adobe_deflate"),
    ],
)  # fmt: skip
def test_a_compression_that_cannot_hold_the_mode_becomes_lzw(compression: str, mode: str, expected: str) -> None:
    options = tiff_options(Metadata(compression=compression, predictor=1), mode)
    assert options == {"compression": expected}


def test_predictors_stay() -> None:
    assert tiff_options(Metadata(compression=LZW, predictor=2), "RGB")["tiffinfo"] == {317: 2}


def test_tags_go_after_what_an_encoder_wrote_also_in_the_middle_of_a_file() -> None:
    file = io.BytesIO(b"before")
    file.seek(0, 2)
    metadata = Metadata(xmp=b"<x/>", photoshop=b"8BIM", icc_profile=b"profile", dpi=(300, 150))
    pixels = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)
    write(Picture(pixels, "RGB", metadata=metadata), file, None)
    data = file.getvalue().removeprefix(b"before")
    again = decode(data)
    assert np.array_equal(again.pixels, pixels)
    assert (again.metadata.xmp, again.metadata.photoshop) == (b"<x/>", b"8BIM")
    assert (again.metadata.icc_profile, again.metadata.dpi) == (b"profile", (300, 150))
    tags = read_ifd(data)
    assert tags is not None
    assert tags.entries[Tag.XMP] == Entry(Type.BYTE, b"<x/>")
