"""What a file's pixels are decoded to, and what is refused."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.io import size_limits as sizes
from pielight.io.convert import fit
from pielight.io.decode import decode, decode_reduced, open_image, read
from tests.io import corpus, samples
from tests.io.samples import saved


def test_a_transparent_color_becomes_opacity() -> None:
    picture = decode(saved(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(1, 2, 3)))
    assert picture.mode == "RGBA"
    assert picture.alpha is not None
    assert picture.alpha.max() == 0
    assert decode(saved(Image.new("L", (4, 4), 7), "PNG", transparency=7)).mode == "LA"


@pytest.mark.parametrize(("mode", "file_format"), [("I", "TIFF"), ("F", "TIFF")])
def test_modes_that_are_refused(mode: str, file_format: str) -> None:
    with pytest.raises(PictureError, match="not supported"):
        decode(saved(Image.new(mode, (4, 4)), file_format))


@pytest.mark.parametrize("file_format", ["WEBP", "PNG", "TIFF"])
def test_of_several_pictures_the_first_is_taken_and_said_so(file_format: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    picture = decode(saved(frames[0], file_format, save_all=True, append_images=frames[1:], **options))
    assert picture.is_one_of_several
    assert fit(picture, file_format).note == "several pictures in the file: only the first is kept"
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]


def test_the_pixel_limit_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.new("1", (4000, 3000)), "PNG")
    before = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(sizes, "MAX_PIXELS", 10_000_000)
    with pytest.raises(PictureError, match=r"large\.png: 4000 x 3000 pixels; the limit is 10 megapixels"):
        decode(data, "large.png")
    assert before == Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    monkeypatch.setattr(sizes, "MAX_PIXELS", 20_000_000)
    assert decode(data).pixels.shape == (3000, 4000, 1)
    assert Image.MAX_IMAGE_PIXELS == 1_000_000


@pytest.mark.parametrize("size", [(1_000_001, 1), (1, 1_000_001)])
def test_the_longer_side_has_a_limit(size: tuple[int, int]) -> None:
    expected = rf"^long\.png: {size[0]} x {size[1]} pixels; the limit is 1,000,000 a side$"
    with pytest.raises(PictureError, match=expected):
        decode(saved(Image.new("L", size), "PNG"), "long.png")


@pytest.mark.parametrize("name", ["rgb.jpg", "progressive.jpg", "gray.jpg"])
def test_jpeg_pixels_are_pillows(name: str) -> None:
    data = samples.sample(name)
    pixels = decode(data).pixels
    assert np.array_equal(pixels.squeeze(), np.asarray(Image.open(io.BytesIO(data))))


def test_a_jpeg_is_reduced_for_prediction() -> None:
    data = saved(samples.image("RGB", 900, 700), "JPEG")
    reduced = decode_reduced(data, 100)
    assert reduced.shape == (175, 225, 3)
    assert abs(reduced.mean() - decode(data).pixels.mean()) < 0.5
    assert decode_reduced(data, 700).shape == (700, 900, 3)
    assert decode_reduced(samples.sample("cmyk.jpg"), 10).shape == (32, 48, 3)
    assert decode_reduced(saved(samples.image("RGB", 300, 300), "PNG"), 10).shape == (300, 300, 3)
    with pytest.raises(PictureError, match="damaged"):
        decode_reduced(data[:-500], 100)


@pytest.mark.parametrize(("color", "mode"), [(0, "LA;16"), (2, "RGBA;16")])
def test_a_transparent_color_of_16_bits_becomes_opacity(color: int, mode: str) -> None:
    channels = 1 + color
    values = np.full((3, 4, channels), 500, ">u2")
    values[0, 0] = 7
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))
    data = corpus.png(4, 3, color, 16, body, corpus.chunk(b"tRNS", b"\0\7" * channels))
    picture = decode(data)
    assert (picture.mode, picture.pixels[0, 0, 0], picture.pixels[1, 1, 0]) == (mode, 7, 500)
    assert picture.alpha is not None
    assert picture.alpha[0, :2].tolist() == [0, 65535]


def test_a_damaged_image_of_pillow_is_one_line() -> None:
    image = Image.open(io.BytesIO(samples.sample("rgb.png")[:300]))
    with pytest.raises(PictureError, match=r"^damaged picture \("):
        open_image(image)
    with pytest.raises(PictureError, match="mode F are not supported"):
        open_image(Image.new("F", (4, 4)))


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(samples.sample("rgb.png"))
    assert np.array_equal(read(tmp_path / "a.png").pixels, decode(samples.sample("rgb.png")).pixels)
    with pytest.raises(PictureError, match=r"nowhere\.png: no such file"):
        read(tmp_path / "nowhere.png")
