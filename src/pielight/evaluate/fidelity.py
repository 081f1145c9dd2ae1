"""Fidelity: how near a picture comes to a reference of the same size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Pixels = npt.NDArray[np.uint8]


def psnr(pixels: Pixels, reference: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB, ``10 log10(255^2 / MSE)`` over all channels; higher is better.

    Equal pictures give infinity. Nothing is rescaled to the reference's mean.

    Args:
        pixels: ``(H, W, 3)`` uint8.
        reference: The same shape.

    >>> round(psnr(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)), 2)
    0.0
    """
    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(reference, pixels, data_range=255))


def ssim(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean structural similarity, in [-1, 1]; higher is better.

    Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03 (Wang et al., TIP 2004), averaged over R, G and B.

    Args:
        pixels: ``(H, W, 3)`` uint8, or ``(H, W)`` for SSIM on grey levels; both sides >= 11.
        reference: The same shape.

    >>> ssim(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8))
    1.0
    """
    channels = 2 if pixels.ndim == 3 else None
    return float(
        structural_similarity(
            reference, pixels, data_range=255, channel_axis=channels, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )
    )  # fmt: skip
