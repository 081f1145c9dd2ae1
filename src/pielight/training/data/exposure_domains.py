"""Domains of exposure training: how bright the well-exposed pictures of one origin are, and its dark ones."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from pielight.ops.exposure_statistics import WHITE_POINT
from pielight.training.data.exposure_samples import PUBLISHED, REAL, ExposureSamples

_DARK, _BACKLIT, _WHITE = 0.3, 0.42, 0.85


@dataclass(frozen=True)
class Domain:
    """What dark pictures of one origin are compared with, since nothing says how bright one of them should be."""

    dark: Tensor
    """Indices of the samples of real dark pictures that want light."""
    mean: Tensor
    """Mean brightness of the well-exposed pictures."""


def measure_domain(samples: ExposureSamples, index: int) -> Domain | None:
    """Return what the samples of a domain say; None if it has no dark sample or no well-exposed one.

    A real picture wants light if its mean is below 0.3; or below 0.42 and its white point above 0.85, which is
    backlight.

    Args:
        index: Of the domain.
    """
    real, well = samples.of(REAL, index), samples.of(PUBLISHED, index)
    means = samples.thumbnails[real].float().mean((1, 2, 3))
    backlit = (means < _BACKLIT) & (samples.statistics[real][:, WHITE_POINT] > _WHITE)
    dark = real[(means < _DARK) | backlit]
    if len(dark) == 0 or len(well) == 0:
        return None
    return Domain(dark, samples.targets[well].float().mean())
