import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pielight.errors import PictureError
from pielight.media import picture as pictures
from pielight.media.picture import Picture, decode, encode, join, read, split, write

RNG = np.random.default_rng(0)
LOSSLESS = [
    ("PNG", mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")
] + [
    ("TIFF", mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")
] + [("BMP", "1"), ("BMP", "L"), ("BMP", "RGB"), ("WEBP", "RGB"), ("WEBP", "RGBA")]  # fmt: skip


def random_image(mode: str, size: tuple[int, int] = (13, 9)) -> Image.Image:
    width, height = size
    if mode == "I;16":
        return Image.fromarray(RNG.integers(0, 65536, (height, width), dtype=np.uint16))
    image = Image.fromarray(RNG.integers(0, 256, (height, width, 4), dtype=np.uint8))
    return image.convert(mode) if mode != "LA" else Image.merge("LA", (image.getchannel(0), image.getchannel(3)))


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(("file_format", "mode"), LOSSLESS)
def test_lossless_formats_come_back_as_they_were(file_format: str, mode: str) -> None:
    source = random_image(mode)
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    picture = decode(saved(source, file_format, **options))
    assert picture.format == file_format
    assert picture.pixels.dtype == (np.uint16 if mode == "I;16" else np.uint8)
    back = opened(encode(picture))
    assert (back.format, back.mode, back.size) == (file_format, mode, source.size)
    assert np.array_equal(np.asarray(back), np.asarray(source))


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    mode=st.sampled_from(["1", "L", "LA", "RGB", "RGBA", "I;16"]),
)
def test_split_and_join_are_inverse(width: int, height: int, mode: str) -> None:
    source = random_image(mode, (width, height))
    pixels, alpha, found = split(source)
    assert pixels.shape[:2] == (height, width)
    assert (alpha is not None) == (mode in ("LA", "RGBA"))
    back = join(pixels, alpha, found)
    assert back.mode == mode
    assert np.array_equal(np.asarray(back), np.asarray(source))


@pytest.mark.parametrize(("mode", "size"), [("L", (1, 1)), ("RGB", (1, 1)), ("RGB", (3000, 1)), ("RGB", (301, 200))])
@pytest.mark.parametrize("options", [{}, {"quality": 100, "subsampling": 0}, {"quality": 30, "progressive": True}])
def test_jpeg_keeps_tables_and_subsampling(mode: str, size: tuple[int, int], options: dict[str, Any]) -> None:
    from PIL import JpegImagePlugin

    source = opened(saved(random_image(mode, size), "JPEG", **options))
    back = opened(encode(decode(saved(random_image(mode, size), "JPEG", **options))))
    assert isinstance(source, JpegImagePlugin.JpegImageFile)
    assert isinstance(back, JpegImagePlugin.JpegImageFile)
    assert back.quantization == source.quantization
    assert JpegImagePlugin.get_sampling(back) == JpegImagePlugin.get_sampling(source)
    assert back.info.get("progressive") == source.info.get("progressive")
    assert (back.mode, back.size) == (mode, size)


def test_quality_when_given() -> None:
    picture = decode(saved(random_image("RGB", (200, 200)), "JPEG", quality=95))
    assert len(encode(picture, quality=20)) < len(encode(picture)) / 2
    lossless = decode(saved(random_image("RGB", (50, 50)), "WEBP", lossless=True))
    assert len(encode(lossless, quality=20)) < len(encode(lossless)) / 2


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_tiff_keeps_its_compression(compression: str) -> None:
    data = saved(random_image("RGB", (40, 30)), "TIFF", compression=compression)
    assert opened(encode(decode(data))).info["compression"] == compression


def test_palettes_look_the_same() -> None:
    source = random_image("RGB", (30, 20)).quantize(16)
    assert np.array_equal(decode(saved(source, "PNG")).pixels, np.asarray(source.convert("RGB")))
    clear = decode(saved(source, "PNG", transparency=3))
    assert clear.mode == "RGBA"
    assert clear.alpha is not None
    assert np.array_equal(clear.alpha == 0, np.asarray(source) == 3)


def test_a_transparent_colour_becomes_opacity() -> None:
    picture = decode(saved(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(1, 2, 3)))
    assert picture.mode == "RGBA"
    assert picture.alpha is not None
    assert picture.alpha.max() == 0
    assert decode(saved(Image.new("L", (4, 4), 7), "PNG", transparency=7)).mode == "LA"


def big_endian_grey_tiff(values: NDArray[np.uint16]) -> bytes:
    height, width = values.shape
    tags = [(256, 4, width), (257, 4, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 200)]
    tags += [(277, 3, 1), (278, 4, height), (279, 4, values.nbytes)]
    head = b"MM\x00*" + (8).to_bytes(4, "big") + len(tags).to_bytes(2, "big")
    for tag, kind, value in tags:
        content = value.to_bytes(2, "big") + b"\0\0" if kind == 3 else value.to_bytes(4, "big")
        head += tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + (1).to_bytes(4, "big") + content
    return (head + b"\0" * 4).ljust(200, b"\0") + values.astype(">u2").tobytes()


def test_16_bit_grey_of_either_byte_order() -> None:
    values = RNG.integers(0, 65536, (6, 5), dtype=np.uint16)
    picture = decode(big_endian_grey_tiff(values))
    assert np.array_equal(picture.pixels[..., 0], values)
    assert np.array_equal(np.asarray(opened(encode(picture))), values)


def png_16_bit(colour: int, samples: int) -> bytes:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    pixels = (b"\0" + RNG.bytes(4 * samples * 2)) * 3
    header = struct.pack(">IIBBBBB", 4, 3, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("colour", "samples"), [(2, 3), (4, 2), (6, 4)])
def test_16_bit_colour_is_refused_not_cut(colour: int, samples: int) -> None:
    assert opened(png_16_bit(colour, samples)).size == (4, 3)  # Pillow would read it, at 8 bits
    with pytest.raises(PictureError, match=r"deep\.png: 16-bit"):
        decode(png_16_bit(colour, samples), "deep.png")


def test_16_bit_colour_tiff_is_refused(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "deep.tif"), RNG.integers(0, 65536, (8, 8, 3), dtype=np.uint16))
    with pytest.raises(PictureError, match=r"deep\.tif: 16-bit"):
        read(tmp_path / "deep.tif")


@pytest.mark.parametrize(("mode", "file_format"), [("CMYK", "JPEG"), ("I", "TIFF"), ("F", "TIFF"), ("LAB", "TIFF")])
def test_modes_that_are_refused(mode: str, file_format: str) -> None:
    with pytest.raises(PictureError, match="not supported"):
        decode(saved(Image.new(mode, (4, 4)), file_format))


@pytest.mark.parametrize("file_format", ["WEBP", "PNG", "TIFF"])
def test_of_several_pictures_the_first_is_taken_and_said_so(file_format: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    picture = decode(saved(frames[0], file_format, save_all=True, append_images=frames[1:], **options))
    assert "first" in picture.note
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]


def test_the_extension_decides_the_format_written(tmp_path: Path) -> None:
    picture = decode(saved(random_image("RGBA"), "PNG"))
    write(picture, tmp_path / "a.webp")
    write(picture, tmp_path / "b.unknown")
    assert opened((tmp_path / "a.webp").read_bytes()).format == "WEBP"
    assert opened((tmp_path / "b.unknown").read_bytes()).format == "PNG"
    with pytest.raises(PictureError, match=r"c\.jpg: JPEG cannot hold"):
        write(picture, tmp_path / "c.jpg")
    assert not (tmp_path / "c.jpg").exists()


def test_the_pixel_limit_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.new("1", (4000, 3000)), "PNG")
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(pictures, "MAX_PIXELS", 10_000_000)
    with pytest.raises(PictureError, match=r"large\.png: 4000 x 3000 pixels; the limit is 10 megapixels"):
        decode(data, "large.png")
    assert before == Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    monkeypatch.setattr(pictures, "MAX_PIXELS", 20_000_000)
    assert decode(data).pixels.shape == (3000, 4000, 1)
    assert Image.MAX_IMAGE_PIXELS == 1_000_000


def test_encoding_errors_name_the_file() -> None:
    picture = Picture(np.zeros((1, 20_000, 3), np.uint8), "RGB", format="WEBP")  # WebP ends at 16,383
    with pytest.raises(PictureError, match=r"wide\.webp: cannot be encoded as WEBP"):
        encode(picture, name="wide.webp")
