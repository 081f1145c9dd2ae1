from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pielight.errors import OptionError
from pielight.ops.exposure import canonical_exposure
from pielight.ops.exposure_statistics import BRIGHTEST, NAMES, exposure_statistics

SCALE = {"uint8": 255, "uint16": 65535, "float32": 1, "float64": 1}


def picture(dtype: str, size: tuple[int, int] = (300, 400), channels: int = 3, seed: int = 0) -> Any:
    values = np.random.default_rng(seed).random((*size, channels)) ** 2 * 0.8
    return (values * SCALE[dtype] + (0.5 if SCALE[dtype] > 1 else 0)).astype(dtype)


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    channels=st.sampled_from([1, 3]),
    dtype=st.sampled_from(sorted(SCALE)),
)
def test_every_picture_has_them(size: tuple[int, int], channels: int, dtype: str) -> None:
    found = exposure_statistics(picture(dtype, size, channels))
    assert (found.shape, found.dtype) == ((len(NAMES),), np.float32)
    assert np.isfinite(found).all()
    assert (np.diff(found[:5]) >= 0).all()
    assert (np.diff(found[5:8]) >= 0).all()


@pytest.mark.parametrize("dtype", sorted(SCALE))
def test_quantiles_are_numpys(dtype: str) -> None:
    pixels = picture(dtype)
    found, values = exposure_statistics(pixels), pixels / SCALE[dtype]
    brightest = values.max(axis=2)
    assert found[:5] == pytest.approx(np.quantile(brightest, [0.5, 0.9, 0.99, 0.999, 1]), abs=0.005)
    luma = values @ [0.299, 0.587, 0.114]
    assert found[5:8] == pytest.approx(np.quantile(luma, [0.001, 0.01, 0.1]), abs=0.005)
    assert found[9] * 8 == pytest.approx(canonical_exposure(values.transpose(2, 0, 1)), abs=0.05)


def test_depth_hardly_matters() -> None:
    of_types = np.stack([exposure_statistics(picture(dtype)) for dtype in SCALE])
    assert np.ptp(of_types, axis=0).max() < 0.01


def test_white_noise_and_combs() -> None:
    clear = np.repeat(np.linspace(0, 0.7, 600, dtype=np.float32)[np.newaxis, :, np.newaxis], 400, axis=0)
    assert exposure_statistics(clear)[[8, 10, 11]] == pytest.approx([0, 0, 0], abs=1e-3)
    noisy = (clear + np.random.default_rng(0).normal(0, 0.02, clear.shape).astype(np.float32)).clip(0, 1)
    assert exposure_statistics(noisy)[10] / 50 == pytest.approx(0.02, rel=0.15)
    half_white = np.where(np.arange(600)[:, np.newaxis] < 300, clear, np.float32(1))
    assert exposure_statistics(half_white)[8] == pytest.approx(0.25, abs=0.26)
    combed = (np.rint(clear * 60) * 4).astype(np.uint8)
    assert exposure_statistics(combed)[11] > 0.7


def test_large_pictures_are_looked_at_in_part() -> None:
    pixels = picture("uint8", (1500, 1000))
    found, of_half = exposure_statistics(pixels), exposure_statistics(pixels[::2, ::2])
    found[10] /= 50
    of_half[10] /= 50
    assert found == pytest.approx(of_half, abs=0.02)


def test_the_brightest_value_has_its_place() -> None:
    assert NAMES[BRIGHTEST] == "brightest channel, quantile 1"


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(OptionError, match="pixels"):
        exposure_statistics(np.zeros((4, 4), np.uint8))
