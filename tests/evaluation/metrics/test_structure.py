"""MS-SSIM and gray SSIM against a transcription of their papers, with a plain convolution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve2d
from skimage import data

from pielight.errors import DataError
from pielight.evaluation.metrics.structure import ms_ssim, ms_ssim_rgb, ssim, ssim_gray

PHOTO = data.astronaut()[:181, 100:290]
NOISY = (PHOTO + np.random.default_rng(0).normal(0, 25, PHOTO.shape)).clip(0, 255).astype(np.uint8)


def plain(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """SSIM and its contrast and structure part, as in ssim_index.m of Wang et al."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    mx, my = convolve2d(x, window, "valid"), convolve2d(y, window, "valid")
    sx = convolve2d(x * x, window, "valid") - mx**2
    sy = convolve2d(y * y, window, "valid") - my**2
    sxy = convolve2d(x * y, window, "valid") - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    structure = (2 * sxy + c2) / (sx + sy + c2)
    return float(((2 * mx * my + c1) / (mx**2 + my**2 + c1) * structure).mean()), float(structure.mean())


def plain_multi(x: np.ndarray, y: np.ndarray) -> float:
    """MS-SSIM as in msssim.m: a symmetric 2 x 2 mean, then every second pixel."""
    value = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        whole, structure = plain(x, y)
        value *= (whole if scale == 4 else structure) ** weight
        padded = (np.pad(plane, ((0, 1), (0, 1)), mode="symmetric") for plane in (x, y))
        x, y = (convolve2d(plane, np.full((2, 2), 0.25), "valid")[::2, ::2] for plane in padded)
    return value


CASES = pytest.mark.parametrize("result", [NOISY, PHOTO // 3, 255 - PHOTO // 2 - 128, np.roll(PHOTO, 2, 1)])


@CASES
def test_ms_ssim_by_its_paper(result: np.ndarray) -> None:
    """Of gray levels, as rgb2gray of MATLAB makes them."""
    x, y = (np.floor(p @ [0.2989360, 0.5870431, 0.1140209] + 0.5) for p in (result, PHOTO))
    expected = plain_multi(x, y)
    if isinstance(expected, complex):  # a power of a negative mean
        expected = 0.0
    assert ms_ssim(result, PHOTO) == pytest.approx(expected, abs=1e-4)


def test_noise_in_color_alone_is_hardly_seen_in_gray() -> None:
    """As in TID2013's pictures of it, on which the two measures lie far apart."""
    noise = np.random.default_rng(0).normal(0, 40, PHOTO.shape)
    noise -= (noise @ [0.299, 0.587, 0.114])[..., None]  # leaves luma as it is
    result = (60 + PHOTO // 2 + noise).clip(0, 255).astype(np.uint8)
    assert ms_ssim(result, 60 + PHOTO // 2) > 0.99
    assert ms_ssim_rgb(result, 60 + PHOTO // 2) < 0.95


@CASES
def test_ms_ssim_of_every_channel(result: np.ndarray) -> None:
    channels = [(result[..., c].astype(float), PHOTO[..., c].astype(float)) for c in range(3)]
    if min(plain(x, y)[1] for x, y in channels) > 0:
        expected = np.mean([plain_multi(*pair) for pair in channels])
        assert ms_ssim_rgb(result, PHOTO) == pytest.approx(expected, abs=1e-5)
    else:
        assert ms_ssim_rgb(result, PHOTO) == 0


def test_gray_ssim_by_its_paper() -> None:
    gray = [np.round(p @ [0.299, 0.587, 0.114]) for p in (NOISY, PHOTO)]
    assert ssim_gray(NOISY, PHOTO) == pytest.approx(plain(*gray)[0], abs=1e-5)


def test_ssim_of_even_pictures_is_its_luminance_term() -> None:
    dark, bright = np.full((20, 20, 3), 60, np.uint8), np.full((20, 20, 3), 180, np.uint8)
    expected = (2 * 60 * 180 + 2.55**2) / (60**2 + 180**2 + 2.55**2)
    assert ssim(dark, bright) == pytest.approx(expected, abs=1e-5)


def test_too_small() -> None:
    with pytest.raises(DataError, match="SSIM needs sides of at least 11 pixels, not 30 x 10"):
        ssim(PHOTO[:10, :30], PHOTO[:10, :30])
    with pytest.raises(DataError, match="MS-SSIM needs sides of at least 161 pixels, not 190 x 160"):
        ms_ssim(PHOTO[:160], PHOTO[:160])
    assert ms_ssim(PHOTO[:161, :161], PHOTO[:161, :161]) == 1
    with pytest.raises(DataError, match="MS-SSIM needs sides of at least 161 pixels"):
        ms_ssim_rgb(PHOTO[:160], PHOTO[:160])
