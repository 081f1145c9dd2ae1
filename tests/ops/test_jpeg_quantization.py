"""The tables of a JPEG, found in its pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from pielight.ops.jpeg_quantization import find_quantization, quality_scale, quantization_sigma, standard_tables

DARK = (data.astronaut() * 0.3).astype(np.uint8)


def decoded(pixels: NDArray[np.uint8], quality: int, subsampling: int = 2) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("quality", [20, 50, 75, 90])
def test_the_tables_are_those_of_the_file(quality: int) -> None:
    file = io.BytesIO()
    Image.fromarray(DARK).save(file, "JPEG", quality=quality)
    luma, chroma = standard_tables(quality_scale(quality))
    image = Image.open(file)
    assert image.quantization == {0: luma.ravel().tolist(), 1: chroma.ravel().tolist()}


@pytest.mark.parametrize("quality", [30, 50, 60, 75, 85])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_the_scale_is_found(quality: int, subsampling: int) -> None:
    found = find_quantization(decoded(DARK, quality, subsampling))
    assert found == pytest.approx(quality_scale(quality), rel=0.15)


@pytest.mark.parametrize("turned", range(4))
def test_turned_pictures_keep_their_grid(turned: int) -> None:
    odd = np.rot90(decoded(DARK[:509, :501], 75), turned)
    assert find_quantization(odd) == pytest.approx(0.5, rel=0.15)


def test_gray_pictures_are_read_too() -> None:
    gray = decoded(DARK[..., 1], 75)[..., np.newaxis]
    assert find_quantization(gray) == pytest.approx(0.5, rel=0.15)


def test_others_have_none() -> None:
    jpeg = decoded(DARK, 75)
    assert find_quantization(DARK) is None
    assert find_quantization(jpeg[3:-2, 5:-1]) is None
    assert find_quantization(np.asarray(Image.fromarray(jpeg).resize((300, 300)))) is None
    assert find_quantization(jpeg.astype(np.uint16) * 257) is None
    assert find_quantization(jpeg / 255) is None
    flat = np.tile(np.arange(64, dtype=np.uint8).repeat(8)[:, np.newaxis, np.newaxis], (1, 512, 3))
    assert find_quantization(flat) is None  # steps on the grid, but flat within: no frequency but one has any


def test_the_noise_is_that_of_smooth_parts() -> None:
    smooth = np.add.outer(np.linspace(30, 60, 256), np.linspace(0, 20, 256))[..., np.newaxis].repeat(3, 2)
    smooth += np.random.default_rng(0).normal(0, 3, (32, 32, 3)).repeat(8, 0).repeat(8, 1)
    error = np.square(decoded(np.rint(smooth).astype(np.uint8), 60) - np.rint(smooth)).mean((0, 1)) ** 0.5
    assert (error < 2 * quantization_sigma(quality_scale(60)) * 255).all()
    assert (error > 0.2 * quantization_sigma(quality_scale(60)) * 255).all()
    assert (quantization_sigma(1.0) > quantization_sigma(0.5)).all()


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)), channels=st.sampled_from([1, 3]), level=st.integers(0, 255)
)
def test_any_picture_has_an_answer(size: tuple[int, int], channels: int, level: int) -> None:
    assert find_quantization(np.full((*size, channels), level, np.uint8)) is None
    noise = np.random.default_rng(0).integers(0, level + 1, (*size, channels)).astype(np.uint8)
    assert find_quantization(noise) is None or level < 4
