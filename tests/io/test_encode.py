"""A picture that is written comes back as it was, coded as its file was.

Also tests :mod:`pielight.io.codecs.pillow`.
"""

import dataclasses
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
from pielight.io.decode import decode, open_image
from pielight.io.encode import encode, save
from pielight.io.image import Picture, to_image
from tests.io import samples
from tests.io.samples import saved

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
    mode=st.sampled_from(["1", "L", "LA", "RGB", "RGBA", "I;16", "CMYK"]),
)
def test_taking_apart_and_putting_together(width: int, height: int, mode: str) -> None:
    source = random_image(mode, (width, height))
    picture = open_image(source)
    assert picture.pixels.shape[:2] == (height, width)
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))
    back = to_image(picture)
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


def big_endian_gray_tiff(values: NDArray[np.uint16]) -> bytes:
    height, width = values.shape
    tags = [(256, 4, width), (257, 4, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 200)]
    tags += [(277, 3, 1), (278, 4, height), (279, 4, values.nbytes)]
    head = b"MM\x00*" + (8).to_bytes(4, "big") + len(tags).to_bytes(2, "big")
    for tag, kind, value in tags:
        content = value.to_bytes(2, "big") + b"\0\0" if kind == 3 else value.to_bytes(4, "big")
        head += tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + (1).to_bytes(4, "big") + content
    return (head + b"\0" * 4).ljust(200, b"\0") + values.astype(">u2").tobytes()


def test_16_bit_gray_of_either_byte_order() -> None:
    values = RNG.integers(0, 65536, (6, 5), dtype=np.uint16)
    picture = decode(big_endian_gray_tiff(values))
    assert np.array_equal(picture.pixels[..., 0], values)
    assert np.array_equal(np.asarray(opened(encode(picture))), values)


def test_the_extension_decides_the_format_written(tmp_path: Path) -> None:
    picture = decode(saved(random_image("RGBA"), "PNG"))
    samples.write(picture, tmp_path / "a.webp")
    samples.write(picture, tmp_path / "b.unknown")
    assert opened((tmp_path / "a.webp").read_bytes()).format == "WEBP"
    assert opened((tmp_path / "b.unknown").read_bytes()).format == "PNG"
    samples.write(picture, tmp_path / "c.jpg")
    assert opened((tmp_path / "c.jpg").read_bytes()).format == "JPEG"
    with pytest.raises(PictureError, match=r"d\.dng: .*RAW cannot be written"):
        samples.write(picture, tmp_path / "d.dng")
    assert not (tmp_path / "d.dng").exists()


def test_encoding_errors_name_the_file() -> None:
    picture = Picture(np.zeros((1, 20_000, 3), np.uint8), "RGB", format="WEBP")  # WebP ends at 16,383
    with pytest.raises(PictureError, match=r"wide\.webp: cannot be encoded as WEBP"):
        encode(picture, name="wide.webp")


@pytest.mark.parametrize("name", sorted(samples.MAKERS))
def test_every_kind_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    picture = decode(samples.sample(name), name)
    with (tmp_path / "result").open("w+b") as file:
        save(picture, file)
    data = encode(picture)
    assert (tmp_path / "result").read_bytes() == data
    back = decode(data)
    lossy = picture.format in ("JPEG", "AVIF", "HEIF") or name == "lossy.webp"
    assert (back.mode, back.pixels.dtype, back.pixels.shape) == (
        picture.mode,
        picture.pixels.dtype,
        picture.pixels.shape,
    )
    difference = np.abs(back.pixels.astype(int) - picture.pixels).max()
    assert difference <= (8 if lossy else 0) * (257 if back.pixels.dtype == np.uint16 else 1)
    assert (back.alpha is None) == (picture.alpha is None)
    if picture.alpha is not None and back.alpha is not None and name != "rgba.avif":
        assert np.array_equal(back.alpha, picture.alpha)


def test_a_progressive_jpeg_of_noise_at_the_finest_quality() -> None:
    picture = decode(saved(samples.image("RGB", 400, 300), "JPEG", progressive=True, subsampling=0))
    assert opened(encode(picture)).info["progressive"]
    noise = dataclasses.replace(picture, pixels=RNG.integers(0, 256, (300, 400, 3), dtype=np.uint8))
    assert opened(encode(noise, quality=100)).size == (400, 300)  # more than Pillow's buffer holds


def test_the_delay_of_a_gif_of_one_frame_stays() -> None:
    file = io.BytesIO()
    Image.new("P", (5, 4), 3).save(file, "GIF", duration=100, loop=2)
    with Image.open(io.BytesIO(encode(decode(file.getvalue())))) as image:
        assert (image.info["duration"], image.info["loop"]) == (100, 2)
    with Image.open(io.BytesIO(encode(decode(samples.sample("palette.gif"))))) as image:
        assert "loop" not in image.info
