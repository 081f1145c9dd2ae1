"""Statistics of exposure: known pictures, types of pixels, and the evidence that tells dark from underexposed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pielight.errors import OptionError
from pielight.ops.exposure_statistics import BRIGHTEST, NAMES, WHITE_POINT, exposure_statistics, sampled


def photo(height: int = 240, width: int = 320, seed: int = 0) -> np.ndarray:
    """Return smooth structure from black to white, uint8."""
    random = np.random.default_rng(seed)
    small = random.random((6, 8, 3))
    rows, columns = np.linspace(0, 5, height).astype(int), np.linspace(0, 7, width).astype(int)
    return np.round(255 * small[rows][:, columns]).astype(np.uint8)


def named(pixels: np.ndarray) -> dict[str, float]:
    return dict(zip(NAMES, exposure_statistics(pixels).tolist(), strict=True))


def test_a_flat_picture() -> None:
    found = named(np.full((50, 70, 3), 51, np.uint8))
    for name, value in found.items():
        if "quantile" in name:
            assert value == pytest.approx(0.2)
    assert found["noise of quiet parts"] == found["share of empty levels of green"] == 0
    assert found["range of the levels of green"] == 1 / 256


def test_quantiles_are_those_of_sorted_values() -> None:
    pixels = photo()
    brightest = np.sort(pixels.max(2).ravel())
    found = exposure_statistics(pixels)
    for index, share in enumerate((0.5, 0.9, 0.99, 0.999, 1)):
        place = min(len(brightest) - 1, int(np.ceil(share * len(brightest))) - 1)
        assert found[index] == pytest.approx(brightest[place] / 255)
    assert found[WHITE_POINT] <= found[BRIGHTEST]


def test_noise_is_measured_in_levels() -> None:
    random = np.random.default_rng(1)
    pixels = np.clip(np.round(128 + random.normal(0, 5, (300, 400, 3))), 0, 255).astype(np.uint8)
    found = named(pixels)
    assert found["noise of the median part"] == pytest.approx(5, rel=0.1)
    assert found["noise of quiet parts"] <= found["noise of the median part"]


def test_a_stretched_picture_has_a_comb() -> None:
    dark = (np.arange(64 * 64).reshape(64, 64, 1) % 40).astype(np.uint8).repeat(3, 2)
    stretched = (dark * 4).astype(np.uint8)
    assert named(dark)["share of empty levels of green"] == 0
    assert named(stretched)["share of empty levels of green"] == pytest.approx(0.75, abs=0.02)


def test_clipped_pixels_and_low_levels_are_counted() -> None:
    pixels = np.full((20, 20, 3), 100, np.uint8)
    pixels[:5] = 255
    pixels[5:10, :, 0] = 1
    found = named(pixels)
    assert found["share of pixels with a channel from 250"] == 0.25
    assert found["share of pixels with a channel up to 1"] == 0.25
    assert found["share of values at 1"] == pytest.approx(0.25 / 3)


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.float64])
def test_types_of_pixels_agree(kind: type) -> None:
    pixels = photo()
    deep = (pixels.astype(np.uint16) * 257) if kind is np.uint16 else (pixels / 255).astype(kind)
    np.testing.assert_allclose(exposure_statistics(deep), exposure_statistics(pixels), atol=2e-3)


def test_gray_is_like_three_equal_channels() -> None:
    gray = photo()[..., :1]
    np.testing.assert_allclose(exposure_statistics(gray), exposure_statistics(gray.repeat(3, 2)), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 60), width=st.integers(1, 60), channels=st.sampled_from([1, 3]), level=st.integers(0, 255))
def test_any_size(height: int, width: int, channels: int, level: int) -> None:
    found = exposure_statistics(np.full((height, width, channels), level, np.uint8))
    assert found.shape == (len(NAMES),)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_large_pictures_are_sampled() -> None:
    assert exposure_statistics(np.full((1500, 2000, 3), 9, np.uint8))[0] == pytest.approx(9 / 255)


def test_no_picture() -> None:
    with pytest.raises(OptionError, match="expected"):
        exposure_statistics(np.zeros((4, 4), np.uint8))


@pytest.mark.parametrize("shape", [(1, 3_000_000), (3_000_000, 1), (2, 1_500_000), (1200, 900), (300, 200)])
def test_so_many_pixels_are_looked_at(shape: tuple[int, int]) -> None:
    pixels = np.zeros((*shape, 1), np.uint8)
    pixels[pixels.shape[0] // 2 :, pixels.shape[1] // 2 :] = 100
    sample = pixels[sampled(*pixels.shape[:2])]
    assert min(pixels.size, 60_000) <= sample.size <= 135_000
    assert (sample > 0).mean() == pytest.approx((pixels > 0).mean(), abs=0.01)
