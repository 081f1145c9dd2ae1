"""Clips that the tests make themselves: a camera that pans and zooms over a photograph, in any light, with noise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from skimage import data

from pielight.core.color import linear_to_srgb, srgb_to_linear

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
SHOT, READ = 4e-4, 2e-6  # noise of a small sensor, in linear light


@cache
def light(name: str) -> NDArray[np.float32]:
    """Return the linear light of one of scikit-image's photographs, (H, W, 3)."""
    return srgb_to_linear(getattr(data, name)()[..., :3] / 255.0).astype(np.float32)


def pan(
    photo: NDArray[np.float32], count: int, size: tuple[int, int], step: float = 3, zoom: float = 1.0
) -> Iterator[NDArray[np.float32]]:
    """Yield so many views of a photograph, of a size (h, w).

    Args:
        step: Columns of the result by which the camera moves from frame to frame; it turns at the edges.
        zoom: By how much each frame shows things larger than the one before.
    """
    tall, wide = photo.shape[:2]
    most = min(tall / size[0], wide / size[1]) * 0.75
    for number in range(count):
        scale = most / zoom**number
        room = np.array([tall - 1 - size[0] * scale, wide - 1 - size[1] * scale])
        place = np.array([0.4 * room[0], room[1] / 3 + number * step * scale])
        top, left = room - np.abs(place % (2 * room) - room)
        rows, columns = (start + np.arange(side) * scale for start, side in zip((top, left), size, strict=True))
        yield _sampled(_sampled(photo, rows).swapaxes(0, 1), columns).swapaxes(0, 1)


def shot(view: NDArray[np.float32], ev: float = 0.0, random: np.random.Generator | None = None) -> NDArray[np.uint8]:
    """Return what a camera makes of linear light at an exposure: sRGB of 8 bits, with noise if there is a generator."""
    exposed = view * np.float32(2.0**ev)
    if random is not None:
        sigma = np.sqrt(SHOT * exposed + READ)
        exposed = exposed + sigma * random.standard_normal(exposed.shape, np.float32)
    return np.rint(linear_to_srgb(exposed.clip(0, 1)) * 255).astype(np.uint8)


def _sampled(values: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return values between rows."""
    first = places.astype(int)
    share = (places - first).astype(np.float32)[:, np.newaxis, np.newaxis]
    return values[first] * (1 - share) + values[np.minimum(first + 1, len(values) - 1)] * share
