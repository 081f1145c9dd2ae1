"""Temporal denoising: a recursive average over frames that follows motion, in the dark input, before it is exposed.

Per cell of 8 x 8 pixels a Kalman filter (Kalman 1960; as the first stage of EMVD, Maggioni et al., CVPR 2021): the
estimate e of the frame before, moved along, and the frame x become ``e + k (x - e)``. Where x differs from e by no more
than the known noise explains, ``k = 1 / n`` averages n frames; where it differs by r times that, something has moved
in another way or changed, and ``k = 1 - 1 / r`` takes the frame itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.threads import check_threads, share_rows
from pielight.errors import OptionError
from pielight.ops.motion import BLOCK, FRACTIONS, MotionField, box_sum, estimate_motion, halved
from pielight.ops.motion_compensation import BITS, CELL, WEIGHT_BITS, blend, compare, predict

# uint8 or uint16 (H, W); the first guides, others may have half as many rows or columns
Planes = Sequence[NDArray[Any]]
Sigma = Callable[[NDArray[np.float32]], NDArray[np.float32]]
LONGEST = 16  # frames that an average reaches over
_AROUND, _ALONE, _PART = 1.2, 1.4, 8.3  # what noise explains: of the mean around a cell, of it alone, of a quarter
_STILL, _MOST_UNEVEN = 0.8, 2.5  # share of cells that are taken for still, and limit of what that explains
_CALM, _CALM_BIAS = 0.35, 0.97  # quantile of cells that show the noise itself, and what it is of white noise
_PART_BIAS, _CORRELATED = 1.45, 8.0  # the same of the greatest of four squared means, and limit of its excess
_MOST, _MEMORY = 4.0, 0.2  # limit of that factor, and weight of the newest frame in it
_BINS = np.array([8, 16, 32, 64, 128]) / 255  # between values of which noise is measured
_ENOUGH = 24  # cells of a bin
_ROWS = 32  # at a time, whose temporary arrays fit into a cache


class TemporalDenoiser:
    """The state of one stream of frames of one size and type.

    Args:
        bits: Of each value, 8 to 15.
        threads: Threads to share the rows among; None takes every core that the process may use.
        longest: Frames that an average reaches over, 1 or more.

    Raises:
        OptionError: There are no such bits.

    >>> rng, denoiser = np.random.default_rng(0), TemporalDenoiser()
    >>> frames = [rng.normal(40, 3, (64, 64)).round().astype(np.uint8) for _ in range(12)]
    >>> for frame in frames:
    ...     (result,) = denoiser.denoise([frame], lambda value: np.full_like(value, 3 / 255))
    >>> bool(frames[-1].std() > 2.9), bool(result.std() < 1.2)
    (True, True)
    """

    def __init__(self, bits: int = 8, threads: int | None = None, longest: float = LONGEST) -> None:
        if bits not in range(8, 16):
            raise OptionError(f"bits {bits!r}: expected 8 to 15")
        self._bits, self._threads = bits, check_threads(threads)
        self._longest = longest
        self._scale = 0.0
        self._calm: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._estimates: list[NDArray[np.uint16]] = []

    def reset(self) -> None:
        """Forget all frames, as at a scene cut."""
        self._estimates = []
        self._calm = None

    def follow(self, tables: Sequence[NDArray[np.uint16]]) -> None:
        """Change what is remembered as the source has changed, such as its exposure: else results would lag behind it.

        Args:
            tables: For each plane, the new value of each value of 15 bits.

        >>> denoiser = TemporalDenoiser()
        >>> halved = (np.arange(1 << BITS) // 2).astype(np.uint16)
        >>> for light in (80, 40):
        ...     result = denoiser.denoise([np.full((16, 16), light, np.uint8)], lambda value: np.full_like(value, 0.01))
        ...     denoiser.follow([halved])
        >>> int(result[0][0, 0])
        40
        """
        for estimate, table in zip(self._estimates, tables, strict=False):

            def change(
                top: int, bottom: int, rows: NDArray[np.uint16] = estimate, table: NDArray[np.uint16] = table
            ) -> None:
                for first in range(top, bottom, _ROWS):
                    band = rows[first : min(first + _ROWS, bottom)]
                    np.take(table, band, out=band, mode="clip")

            share_rows(change, len(estimate), estimate.size, self._threads)

    @property
    def share_of_new(self) -> float:
        """Mean weight of the last frame: 1 at the first one, and about 1/16 where nothing moves."""
        return float(self._weights.mean()) if self._estimates else 1.0

    def noise_seen(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return values of the guide and the variance of its noise there, of the calmest cells; both in [0, 1].

        From what the last frame differs from the estimate before it: also where compression has smoothed the noise, so
        that a single frame does not show it.
        """
        if self._calm is None:
            return np.empty(0), np.empty(0)
        levels, variances = (values.ravel() for values in self._calm)
        bins = np.digitize(levels, _BINS)
        members = [bins == number for number in range(len(_BINS) + 1)]
        kept = [which for which in members if np.count_nonzero(which) >= _ENOUGH]
        return (
            np.array([levels[which].mean() for which in kept]),
            np.array([np.quantile(variances[which], _CALM) / _CALM_BIAS for which in kept]),
        )

    def denoise(self, planes: Planes, sigma: Sigma) -> list[NDArray[Any]]:
        """Denoise the next frame.

        Args:
            planes: Its planes.
            sigma: Returns the standard deviation of the noise of the first plane at values of it, both in [0, 1].

        Returns:
            The same planes with less noise, new arrays.

        Raises:
            OptionError: They are no planes of luma and chroma, or of other sizes than those before.
        """
        self._check(planes)
        shift = BITS - self._bits
        if not self._estimates:
            self._estimates = [np.left_shift(plane, shift, dtype=np.uint16) for plane in planes]
            height, width = planes[0].shape
            self._motion = MotionField.still(height, width)
            self._weights = np.ones((-(-height // CELL), -(-width // CELL)), np.float32)
            return [plane.copy() for plane in planes]
        predicted = self._predicted(planes, sigma)
        self._weights = self._weigh(planes[0], predicted[0], sigma)
        weights = np.rint(self._weights * (1 << WEIGHT_BITS)).astype(np.int32)
        results = [np.empty(plane.shape, plane.dtype) for plane in planes]
        for plane, then, estimate, result in zip(planes, predicted, self._estimates, results, strict=True):
            blend(plane, self._bits, then, weights, _halves(plane, planes[0]), estimate, result, self._threads)
        return results

    def _predicted(self, planes: Planes, sigma: Sigma) -> list[NDArray[np.uint16]]:
        """Follow the motion of the frame, and return its planes as the estimates before predict them."""
        guide, before = planes[0], self._estimates[0]
        small = halved(guide, self._bits, self._threads)
        mean = np.array([guide[::8, ::8].mean() / ((1 << self._bits) - 1)], np.float32)
        noise = float(sigma(mean)[0]) * ((1 << BITS) - 1) / 2  # of means of 2 x 2 values
        self._motion = estimate_motion(small, halved(before, threads=self._threads), self._motion, noise, self._threads)
        found = []
        for estimate in self._estimates:
            result = np.empty_like(estimate)
            predict(estimate, self._motion.vectors, _halves(estimate, guide), result, self._threads)
            found.append(result)
        return found

    def _weigh(self, guide: NDArray[Any], predicted: NDArray[np.uint16], sigma: Sigma) -> NDArray[np.float32]:
        """Return the weight of the new frame in each cell."""
        cells = compare(guide, self._bits, predicted, self._threads)
        pixels = _pixels(guide.shape)
        most = (1 << BITS) - 1
        deviation = sigma((cells[..., 2] / pixels / most).astype(np.float32)) * (most / 8)  # of 12 bits, as the cells
        age = 1 / self._weights[_places(self._motion.vectors, self._weights.shape)]
        expected = np.maximum(np.square(deviation), 1 / 12) * (1 + 1 / age)
        alone = cells[..., 0] / pixels / expected
        part = np.square(cells[..., 1]) / (pixels / 4) / expected
        around = box_sum(alone[..., np.newaxis].astype(np.float32))[..., 0] / 9
        part /= np.clip(np.quantile(part[::2, ::2], _CALM) / _PART_BIAS, 1, _CORRELATED)  # of noise that is not white
        ratio = np.maximum(around, np.maximum(alone / _ALONE, part / _PART))
        ratio /= self._measured(around) * self._uneven(around)
        self._calm = cells[..., 2] / pixels / most, around * expected / (1 + 1 / age) / (most / 8) ** 2
        new = 1 - 1 / np.maximum(ratio, 1)
        frames = np.minimum(age * (1 - new) + 1, self._longest)
        return (new + (1 - new) / frames).astype(np.float32)  # type: ignore[no-any-return]

    def _measured(self, around: NDArray[np.floating]) -> float:
        """Return by how much the variance of the noise exceeds what it was said to be, from the calmest cells."""
        seen = float(np.quantile(around[::2, ::2], _CALM)) / _CALM_BIAS
        if seen < _MOST:  # else all has changed
            share = _MEMORY if self._scale else 1.0
            self._scale += share * (max(seen, 1.0) - self._scale)
        return self._scale or 1.0

    def _uneven(self, around: NDArray[np.floating]) -> float:
        """Return what noise explains of the greater differences, where it is not the same everywhere, as compressed."""
        calm, most = np.quantile(around[::2, ::2], (_CALM, _STILL))
        return float(np.clip(most / max(calm, 1e-9), _AROUND, _MOST_UNEVEN))

    def _check(self, planes: Planes) -> None:
        kind = np.uint8 if self._bits == 8 else np.uint16
        height, width = planes[0].shape
        for plane in planes:
            if (
                plane.dtype != kind
                or plane.shape[0] not in (height, -(-height // 2))
                or plane.shape[1] not in (width, -(-width // 2))
            ):
                raise OptionError(f"plane {plane.shape}, {plane.dtype}: expected {np.dtype(kind)}, of luma or chroma")
            if plane.strides[1] != plane.itemsize:
                raise OptionError("plane: the values of a row must lie side by side")
        if self._estimates and [plane.shape for plane in planes] != [one.shape for one in self._estimates]:
            raise OptionError(f"frame of {width} x {height}: the ones before had another size; reset first")


def _pixels(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return how many pixels each cell has."""
    rows, columns = (np.minimum(CELL, side - CELL * np.arange(-(-side // CELL))) for side in shape)
    return np.outer(rows, columns).astype(np.float32)


def _places(vectors: NDArray[np.int16], cells: tuple[int, ...]) -> tuple[NDArray[np.intp], ...]:
    """Return the cell of the frame before from which each cell comes."""
    each = np.repeat(np.repeat(vectors, BLOCK // CELL, 0), BLOCK // CELL, 1)[: cells[0], : cells[1]].astype(np.intp)
    rows = np.arange(cells[0])[:, np.newaxis] + (each[..., 0] + FRACTIONS * CELL // 2) // (FRACTIONS * CELL)
    columns = np.arange(cells[1]) + (each[..., 1] + FRACTIONS * CELL // 2) // (FRACTIONS * CELL)
    return np.clip(rows, 0, cells[0] - 1), np.clip(columns, 0, cells[1] - 1)


def _halves(plane: NDArray[Any], guide: NDArray[Any]) -> tuple[int, int]:
    """Return whether a plane has half of the guide's rows, and half of its columns."""
    return int(plane.shape[0] != guide.shape[0]), int(plane.shape[1] != guide.shape[1])
