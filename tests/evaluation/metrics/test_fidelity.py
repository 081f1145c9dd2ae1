"""PSNR and SSIM against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from pielight.evaluation.metrics.fidelity import psnr
from pielight.evaluation.metrics.structure import ssim


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    photo = data.astronaut()[100:180, 150:250]
    noise = np.random.default_rng(0).normal(0, 10, photo.shape)
    return (photo + noise).clip(0, 255).astype(np.uint8), photo


def test_psnr_by_its_formula(pair: tuple[np.ndarray, np.ndarray]) -> None:
    noisy, photo = (p.astype(np.float64) for p in pair)
    assert psnr(*pair) == pytest.approx(10 * np.log10(255**2 / ((noisy - photo) ** 2).mean()))
    assert psnr(photo.astype(np.uint8), photo.astype(np.uint8)) == np.inf


def test_ssim_by_its_formula(pair: tuple[np.ndarray, np.ndarray]) -> None:
    values = []
    for channel in range(3):
        x, y = (p[..., channel].astype(np.float64) for p in pair)

        def smooth(plane: np.ndarray) -> np.ndarray:
            return gaussian_filter(plane, 1.5, truncate=3.5)

        mx, my = smooth(x), smooth(y)
        vx, vy, cov = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        plane = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
        values.append(plane[5:-5, 5:-5].mean())
    assert ssim(*pair) == pytest.approx(np.mean(values), abs=1e-6)
    assert ssim(pair[1], pair[1]) == pytest.approx(1)
