"""Results of AVIF and HEIC: as large as their sources, coded as they are."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight.bench.pictures import picture
from pielight.io.codecs.heif import still as rate
from pielight.io.codecs.heif.coding import read_coding
from pielight.io.codecs.heif.items import read_items
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples

WIDTH, HEIGHT = 640, 480


@pytest.fixture(scope="module")
def dark() -> Image.Image:
    return Image.fromarray(picture(WIDTH, HEIGHT))


def length(data: bytes) -> int:
    return read_coding(read_items(data)).length


@pytest.mark.parametrize("quality", [55, 75])
@pytest.mark.parametrize("file_format", ["HEIF", "AVIF"])
def test_a_brightened_picture_takes_about_as_much(file_format: str, quality: int, dark: Image.Image) -> None:
    fast = {"tile_size": 256, "enc_params": {"preset": "superfast"}}
    options: dict[str, Any] = fast if file_format == "HEIF" else {}
    source = samples.saved(dark, file_format, quality=quality, **options)
    came = decode(source)
    brightened = replace(came, pixels=np.minimum(came.pixels * np.uint16(3), 255).astype(np.uint8))
    result = encode(brightened)
    assert 0.9 < len(result) / len(source) < 1.2
    far = decode(result).pixels.astype(float) - brightened.pixels
    assert 10 * np.log10(255**2 / (far**2).mean()) > 28  # dB; three times as bright, noise is far from flat
    assert encode(brightened) == result


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
@pytest.mark.parametrize("file_format", ["HEIF", "AVIF"])
def test_subsampling_stays(file_format: str, subsampling: str) -> None:
    source = samples.saved(samples.image("RGB"), file_format, subsampling=subsampling)
    for target in ("HEIF", "AVIF"):
        assert read_coding(read_items(encode(decode(source), target))).subsampling == subsampling


def test_a_quality_that_is_asked_for_is_taken(dark: Image.Image) -> None:
    source = decode(samples.saved(dark.resize((160, 120)), "HEIF", quality=50))
    sizes = [len(encode(source, "HEIF", quality=quality)) for quality in (30, 60, 95)]
    assert sizes[0] * 2 < sizes[1] < sizes[2] / 2


def test_the_sample_is_small_and_from_all_over() -> None:
    values = np.zeros((2000, 3000, 3), np.uint8)
    values[:1000, :1500, 0], values[1000:, 1500:, 1] = 255, 255
    sample = rate._sample(Image.fromarray(values))
    assert sample.size == (576, 576)
    assert np.asarray(sample).mean(axis=(0, 1)) == pytest.approx([255 / 4, 255 / 4, 0])
    thin = Image.new("RGB", (500_000, 8))
    assert rate._sample(thin).size == (576, 48)
    small = Image.new("RGB", (300, 200))
    assert rate._sample(small) is small


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (64, 16)])
@pytest.mark.parametrize("file_format", ["HEIF", "AVIF"])
def test_odd_sizes(file_format: str, size: tuple[int, int]) -> None:
    source = samples.saved(samples.image("RGB", *size), file_format)
    with Image.open(io.BytesIO(encode(decode(source)))) as result:
        assert result.size == size
