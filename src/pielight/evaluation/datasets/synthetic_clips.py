"""Clips with known truth: a camera that pans and zooms over a photograph, at any exposure, with a sensor's noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb

SHOT, READ = 4e-4, 2e-6  # variance of the noise of a small sensor: per unit of linear light, and in the dark
_SEEN = 0.75  # share of the photograph's shorter fit that a view covers


def pan(
    photo: NDArray[np.float32], count: int, size: tuple[int, int], step: float = 3.0, zoom: float = 1.0
) -> Iterator[NDArray[np.float32]]:
    """Yield views of a photograph as a camera sees them that turns, and comes back at its edges.

    Args:
        photo: Linear light in [0, 1], (H, W, C).
        count: Number of views.
        size: Rows and columns of a view.
        step: Columns of the view by which the camera moves from frame to frame.
        zoom: How much larger each frame shows things than the one before.

    Yields:
        float32 of shape (h, w, C), interpolated between pixels.

    >>> ramp = np.tile(np.linspace(0, 1, 100, dtype=np.float32)[:, np.newaxis], (80, 1, 1))
    >>> [view.shape for view in pan(ramp, 2, (20, 30))]
    [(20, 30, 1), (20, 30, 1)]
    """
    tall, wide = photo.shape[:2]
    most = min(tall / size[0], wide / size[1]) * _SEEN
    for number in range(count):
        scale = most / zoom**number
        room = np.array([tall - 1 - size[0] * scale, wide - 1 - size[1] * scale])
        place = np.array([0.4 * room[0], room[1] / 3 + number * step * scale])
        top, left = room - np.abs(place % (2 * room) - room)
        rows, columns = (start + np.arange(side) * scale for start, side in zip((top, left), size, strict=True))
        yield _sampled(_sampled(photo, rows).swapaxes(0, 1), columns).swapaxes(0, 1)


def shot(view: NDArray[np.float32], ev: float = 0.0, random: np.random.Generator | None = None) -> NDArray[np.uint8]:
    """Return what a camera makes of linear light: ``Q8(G(clip(2^EV l + n)))``, ``n ~ N(0, 4e-4 2^EV l + 2e-6)``.

    Args:
        view: l, of any shape.
        ev: Exposure in stops.
        random: Source of the noise; None is a camera without.

    >>> shot(np.full((1, 1, 3), 0.2, np.float32), -1).tolist()
    [[[89, 89, 89]]]
    """
    exposed = view * np.float32(2.0**ev)
    if random is not None:
        sigma = np.sqrt(np.float32(SHOT) * exposed + np.float32(READ))
        exposed = exposed + sigma * random.standard_normal(exposed.shape, np.float32)
    result: NDArray[np.uint8] = np.rint(linear_to_srgb(exposed.clip(0, 1)) * 255).astype(np.uint8)
    return result


def _sampled(values: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return values between rows."""
    first = places.astype(int)
    share = (places - first).astype(np.float32)[:, np.newaxis, np.newaxis]
    result: NDArray[np.float32] = values[first] * (1 - share) + values[np.minimum(first + 1, len(values) - 1)] * share
    return result
