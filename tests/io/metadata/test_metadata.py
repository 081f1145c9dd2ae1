"""What must come back from file to file: EXIF, orientation, profile, XMP, resolution, text."""

import dataclasses
import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from pielight.io.codecs.heif.items import exif_item
from pielight.io.codecs.png.chunks import png_chunks, profile_chunk, resolution_chunk, with_chunks
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + b"ours"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf>na\xc3\xafve</rdf></x:xmpmeta>'
CARRIERS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"]


def exif(orientation: int = 6) -> Image.Exif:
    tags = Image.Exif()
    tags[271], tags[274], tags[306] = "maker", orientation, "2024:01:02 03:04:05"
    tags.get_ifd(34665)[33434] = (1, 60)
    tags.get_ifd(34665)[37500] = bytes(range(200))  # MakerNote
    tags.get_ifd(34853)[1] = "N"
    return tags


def file_of(file_format: str, image: Image.Image | None = None, **options: Any) -> bytes:
    return samples.saved(samples.image("RGB") if image is None else image, file_format, **options)


def info(data: bytes) -> dict[Any, Any]:
    with Image.open(io.BytesIO(data)) as image:
        found = dict(image.info)
        image.load()
        return {**image.info, **found}


def block(data: bytes) -> bytes:
    return bytes(info(data)["exif"]).removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_exif_profile_and_xmp_are_the_same_bytes(file_format: str) -> None:
    options: dict[str, Any] = {"exif": exif().tobytes(), "icc_profile": ICC}
    if file_format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        text.add_text("Comment", "a text")
        text.add(b"gAMA", (45455).to_bytes(4, "big"))
        options["pnginfo"] = text
    else:
        options["xmp"] = XMP
    if file_format == "AVIF":  # in which Pillow says the orientation in another place, so that it is added
        options["exif"] = exif(1).tobytes()
    source = file_of(file_format, **options)
    result = encode(decode(source))
    if file_format == "AVIF":
        assert exif_item(result) == exif_item(source)
    assert block(result) == block(source)
    assert info(result)["icc_profile"] == ICC
    assert info(result)["xmp"] == XMP
    if file_format == "PNG":
        assert info(result)["Comment"] == "a text"
        assert info(result)["gamma"] == info(source)["gamma"]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_tiff_keeps_its_tags(compression: str) -> None:
    tags = exif(1)
    tags[700] = XMP
    source = file_of("TIFF", exif=tags.tobytes(), icc_profile=ICC, dpi=(300, 200))
    picture = decode(source)
    metadata = dataclasses.replace(picture.metadata, compression=compression)
    result_file = encode(dataclasses.replace(picture, metadata=metadata))
    assert np.array_equal(decode(result_file).pixels, picture.pixels)
    with Image.open(io.BytesIO(result_file)) as result:
        assert result.info["compression"] == compression
        found = result.getexif()
        assert (found[271], found[306]) == ("maker", "2024:01:02 03:04:05")
        assert found.get_ifd(34665)[33434] == (1, 60)
        assert found.get_ifd(34665)[37500] == bytes(range(200))
        assert found.get_ifd(34853)[1] == "N"
        assert result.info["icc_profile"] == ICC
        assert result.info["dpi"] == (300, 200)
        assert result.info["xmp"] == XMP


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", CARRIERS)
def test_every_orientation_is_stored_and_shown_as_before(file_format: str, orientation: int) -> None:
    image = Image.new("RGB", (24, 16), "black")
    image.paste("white", (0, 0, 8, 8))
    options = {"lossless": True} if file_format == "WEBP" else {}
    source = file_of(file_format, image, exif=exif(orientation), **options)
    result = encode(decode(source))
    with Image.open(io.BytesIO(source)) as before, Image.open(io.BytesIO(result)) as after:
        # HEIC says it in another place, by which its reader has turned the picture already.
        assert after.getexif().get(274, 1) == (1 if file_format == "HEIF" else orientation)
        assert after.size == before.size
        shown = np.asarray(ImageOps.exif_transpose(after)).astype(int)
        assert np.abs(shown - np.asarray(ImageOps.exif_transpose(before))).max() < 25


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "BMP"])
def test_resolution(file_format: str) -> None:
    source = file_of(file_format, dpi=(300, 150))
    assert info(encode(decode(source)))["dpi"] == info(source)["dpi"]


def test_jpeg_comment() -> None:
    assert info(encode(decode(file_of("JPEG", comment="a comment"))))["comment"] == b"a comment"


def test_exif_after_the_pixels_of_a_png() -> None:
    plain, with_exif = file_of("PNG"), file_of("PNG", exif=exif())
    chunk = dict(png_chunks(with_exif))[b"eXIf"]
    start = with_exif.index(b"eXIf") - 4
    moved = plain[:-12] + with_exif[start : start + 12 + len(chunk)] + plain[-12:]
    assert dict(png_chunks(encode(decode(moved))))[b"eXIf"] == chunk


@pytest.mark.parametrize("target", CARRIERS)
@pytest.mark.parametrize("source", CARRIERS)
def test_another_format_takes_the_metadata_along(source: str, target: str) -> None:
    result = encode(decode(file_of(source, exif=exif(), icc_profile=ICC)), target)
    with Image.open(io.BytesIO(result)) as image:
        assert image.format == target
        assert image.getexif()[271] == "maker"
        assert image.info["icc_profile"] == ICC


def deep_png() -> bytes:
    chunks = [
        profile_chunk(ICC),
        (b"tEXt", b"Comment\0a text"),
        (b"orNt", b"a maker's own chunk"),
        (b"iTXt", b"XML:com.adobe.xmp" + b"\0" * 5 + XMP),
        resolution_chunk((300, 150)),
        (b"eXIf", exif().tobytes().removeprefix(b"Exif\0\0")),
    ]
    return with_chunks(bytes(imagecodecs.png_encode(samples.deep(3))), chunks)


def plain_png() -> bytes:
    start = deep_png()[33:]
    plain = file_of("PNG")
    return plain[:33] + start[: start.index(b"IDAT") - 4] + plain[33:]


@pytest.mark.parametrize("source", [deep_png(), plain_png()])
def test_a_png_keeps_all_chunks(source: bytes) -> None:
    result = encode(decode(source))
    own = (b"IDAT", b"iCCP")
    kept, before = ([chunk for chunk in png_chunks(data) if chunk[0] not in own] for data in (result, source))
    assert sorted(kept) == sorted(before)
    assert info(result)["icc_profile"] == ICC
    assert info(result)["xmp"] == XMP


@pytest.mark.parametrize("source_format", ["PNG", "TIFF"])
def test_a_16_bit_tiff_keeps_its_tags(source_format: str) -> None:
    source = encode(decode(deep_png()), source_format)
    result_file = encode(decode(source), "TIFF")
    assert np.array_equal(tifffile.imread(io.BytesIO(result_file)), samples.deep(3))
    with Image.open(io.BytesIO(result_file)) as result:
        found = result.getexif()
        assert (found[271], found[274], found[306]) == ("maker", 6, "2024:01:02 03:04:05")
        assert found.get_ifd(34665)[33434] == (1, 60)
        assert found.get_ifd(34665)[37500] == bytes(range(200))
        assert found.get_ifd(34853)[1] == "N"
        assert result.info["icc_profile"] == ICC
        assert result.info["dpi"] == pytest.approx((300, 150), abs=0.02)
        assert result.info["xmp"] == XMP


@pytest.mark.parametrize("compression", [None, "lzw", "adobe_deflate", "zstd"])
def test_a_16_bit_tiff_keeps_its_compression(compression: str | None) -> None:
    source = samples.deep_tiff(3, compression=compression, predictor=compression is not None)
    for data in (source, encode(decode(source))):
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            assert page.compression == (tifffile.COMPRESSION[compression.upper()] if compression else 1)
            assert page.predictor == (2 if compression else 1)


@pytest.mark.parametrize("options", [{"planarconfig": "separate"}, {"byteorder": ">"}, {"tile": (16, 16)}])
def test_other_layouts_of_16_bit_tiff(options: dict[str, Any]) -> None:
    file, values = io.BytesIO(), samples.deep(3)
    planes = values.transpose(2, 0, 1) if "planarconfig" in options else values
    tifffile.imwrite(file, planes, photometric="rgb", metadata=None, **options)
    assert np.array_equal(decode(file.getvalue()).pixels, values)


def test_a_gif_keeps_its_comment() -> None:
    assert info(encode(decode(file_of("GIF", samples.image("P"), comment=b"hello"))))["comment"] == b"hello"


CHUNKS = [
    (b"pHYs", struct.pack(">LLB", 4, 3, 0)),
    (b"cLLI", bytes(range(8))),
    (b"mDCV", bytes(range(24))),
    (b"tEXt", b"Comment\0a text"),
]
DROPPED = [(b"hIST", bytes(2)), (b"sPLT", b"a\0\x08" + bytes(6))]


@pytest.mark.parametrize(
    ("name", "sbit"),
    [("rgb.png", b"\5\6\5"), ("palette.png", b"\5\6\5"), ("gray.png", b"\5"), ("rgba_16.png", b"\x0c\x0c\x0c\x0c")],
)
def test_a_png_keeps_what_still_holds(name: str, sbit: bytes) -> None:
    kept = [*CHUNKS, (b"sBIT", sbit)]
    picture = decode(with_chunks(samples.sample(name), kept + DROPPED))
    assert picture.note == "left out, as they describe the original colors: hIST, sPLT"
    result = encode(picture)
    own = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
    assert sorted(chunk for chunk in png_chunks(result) if chunk[0] not in own) == sorted(kept)
    assert np.array_equal(decode(result).pixels, decode(samples.sample(name)).pixels)


def test_significant_bits_of_another_depth_are_dropped() -> None:
    four_bits = samples.saved(samples.image("L"), "PNG", bits=4)
    clear = samples.saved(samples.image("RGB"), "PNG", transparency=(0, 0, 0))
    for data, sbit in ((four_bits, b"\3"), (clear, b"\5\6\5")):
        assert b"sBIT" not in dict(png_chunks(encode(decode(with_chunks(data, [(b"sBIT", sbit)])))))
