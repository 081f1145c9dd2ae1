"""One reader for training and evaluation: the pixels of 8-bit files are Pillow's, whatever the format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.io.load_rgb import header_size, load_rgb8


@pytest.fixture
def image() -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 255, (37, 53, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((431, 303), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("name", ["RGB.jpg", "L.jpg", "RGB.png", "L.png", "LA.png", "RGBA.png", "P.png", "1.png",
                                  "RGB.webp", "RGB.bmp", "P.gif"])  # fmt: skip
def test_pixels_are_those_of_pillow(name: str, image: Image.Image, tmp_path: Path) -> None:
    image.convert(name.partition(".")[0]).save(tmp_path / name)
    pixels = load_rgb8(tmp_path / name)
    assert (pixels.dtype, pixels.flags.c_contiguous) == (np.uint8, True)
    assert np.array_equal(pixels, np.asarray(Image.open(tmp_path / name).convert("RGB")))
    assert header_size(tmp_path / name) == image.size


@pytest.mark.parametrize(("at_least", "height"), [(0, 303), (300, 303), (160, 303), (150, 152), (70, 76), (37, 38),
                                                  (5, 38)])  # fmt: skip
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_large_jpeg_is_decoded_small_as_pillow_drafts_it(
    mode: str, at_least: int, height: int, image: Image.Image, tmp_path: Path
) -> None:
    image.convert(mode).save(tmp_path / "a.jpg")
    pixels = load_rgb8(tmp_path / "a.jpg", turn=False, at_least=at_least)
    draft = Image.open(tmp_path / "a.jpg")
    if at_least:
        draft.draft(mode, (at_least, at_least))
    assert pixels.shape[0] == height
    assert np.array_equal(pixels, np.asarray(draft.convert("RGB")))


def test_it_is_turned_on_demand(image: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.png", "a.jpg", "a.tif"):
        image.save(tmp_path / name, exif=exif)
        for turn in (True, False):
            height, width = load_rgb8(tmp_path / name, turn=turn).shape[:2]
            assert (height, width) == ((431, 303) if turn else (303, 431))
            assert header_size(tmp_path / name, turn=turn) == (width, height)


def test_sixteen_bits_are_rounded(tmp_path: Path) -> None:
    deep = np.array([[0, 128, 129, 65535]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "a.png")
    assert load_rgb8(tmp_path / "a.png")[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n\0\0"])
def test_what_is_no_picture(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert header_size(tmp_path / "a.png") is None
    with pytest.raises(PictureError, match=r"a\.png: "):
        load_rgb8(tmp_path / "a.png")
