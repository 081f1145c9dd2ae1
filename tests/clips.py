"""Photographs for clips that the tests make themselves."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from skimage import data

from pielight.core.color import srgb_to_linear
from pielight.evaluation.datasets.synthetic_clips import pan, shot

__all__ = ["PHOTOS", "light", "pan", "shot"]
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")


@cache
def light(name: str) -> NDArray[np.float32]:
    """Return the linear light of one of scikit-image's photographs, (H, W, 3)."""
    return srgb_to_linear(getattr(data, name)()[..., :3] / 255.0).astype(np.float32)
