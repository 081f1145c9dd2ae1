"""Temporal noise: what boils in flat areas from one frame to the next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from pielight.core.color import luma
from pielight.evaluation.metric_spec import INPUT, Floats, PictureMetric, Pixels, at_least
from pielight.evaluation.metrics.cell_means import cell_means

_BLOCK = 16
_FLATTEST = 0.25
_SMOOTHING = 2.5
_BLUR, _MORE_ALIKE = 1.5, 0.8
_LEAST_LIGHT, _MOST_LIGHT = 2.0, 250.0


def temporal_noise(frames: Sequence[Pixels], source: Sequence[Pixels]) -> float:
    """Return the noise of flat areas from frame to frame, in percent of their brightness; 0 is best.

    The median over flat blocks of ``100 s / (sqrt(2) m)``, with s the standard deviation within a block of 16 x 16
    pixels of the difference of two consecutive frames' luma, and m the mean of both. The frame before is moved by the
    whole pixels by which the camera did, found by phase correlation of the inputs. Its mean is out of s, so that
    flicker is not counted; what moves otherwise hardly changes a flat block, and is few for a median.

    Flat is the quarter of the blocks whose smoothed input (sigma 2.5) rises least against its mean, the same for all
    methods; of those with 2 to 250 levels in both frames of the result. nan where there are none. Noise relative to
    brightness is what is seen of it: scaling does not change it, a curve that compresses what it lifts lowers it.

    Raises:
        DataError: if a side is shorter than 16.

    >>> random = np.random.default_rng(0)
    >>> noisy = [np.rint(random.normal(100, 4, (64, 64, 1))).repeat(3, 2).astype(np.uint8) for _ in range(2)]
    >>> 3.8 < temporal_noise(noisy, noisy) < 4.2
    True
    """
    at_least(_BLOCK, "temporal-noise", source[0])
    before, after = [luma(frame) for frame in source], [luma(frame) for frame in frames]
    found: list[Floats] = []
    for (old_in, new_in), (old_out, new_out) in zip(pairwise(before), pairwise(after), strict=True):
        shift = camera_shift(old_in, new_in)
        light, old, new = (_overlap(plane, shift, is_new) for plane, is_new in
                           ((new_in, True), (old_out, False), (new_out, True)))  # fmt: skip
        if min(light.shape) < _BLOCK:
            continue
        level = (_means(old) + _means(new)) / 2
        difference = new - old
        deviation = np.sqrt(np.maximum(_means(difference**2) - _means(difference) ** 2, 0) / 2)
        flat = _flat(light) & (level >= _LEAST_LIGHT) & (level <= _MOST_LIGHT)
        found.append(100 * deviation[flat] / level[flat])
    values = np.concatenate(found) if found else np.empty(0)
    return float(np.median(values)) if values.size else float("nan")


def camera_shift(old: Floats, new: Floats) -> tuple[int, int]:
    """Return by how many rows and columns a picture moved, by phase correlation (Kuglin and Hines, 1975).

    Frequencies that noise fills weigh less, by a Gaussian (sigma 1.5). Without a shift that makes the smoothed frames
    clearly more alike, as between two frames of noise alone, it is 0.

    >>> dots = np.random.default_rng(0).random((48, 64))
    >>> camera_shift(dots, np.roll(dots, (2, -5), (0, 1)))
    (2, -5)
    """
    window = np.outer(*(np.hanning(side) for side in old.shape))  # whose edges do not count
    spectra = [np.fft.fft2(window * (plane - plane.mean())) for plane in (new, old)]
    cross = spectra[0] * spectra[1].conj()
    rows, columns = (np.fft.fftfreq(side)[:, np.newaxis] for side in old.shape)
    weight = np.exp(-2 * (np.pi * _BLUR) ** 2 * (rows**2 + columns.T**2)) / np.maximum(np.abs(cross), 1e-9)
    correlation = np.fft.ifft2(cross * weight).real
    peak = np.unravel_index(int(correlation.argmax()), correlation.shape)
    found = [int(place) - (side if place > side // 2 else 0) for place, side in zip(peak, old.shape, strict=True)]
    shift = found[0], found[1]
    smooth = [gaussian_filter(plane, _BLUR) for plane in (old, new)]
    still, moved = (
        np.square(_overlap(smooth[1], by, True) - _overlap(smooth[0], by, False)).mean() for by in ((0, 0), shift)
    )
    return shift if moved < _MORE_ALIKE * still else (0, 0)


def _overlap(plane: Floats, shift: tuple[int, int], is_new: bool) -> Floats:
    """Return the part of a plane that is seen in both frames."""
    parts = []
    for by, side in zip(shift, plane.shape, strict=True):
        start = max(by, 0) if is_new else max(-by, 0)
        parts.append(slice(start, start + side - abs(by)))
    return plane[tuple(parts)]


def _flat(light: Floats) -> NDArray[np.bool_]:
    """Return which blocks are among the flattest."""
    relief = _means(gaussian_gradient_magnitude(light, _SMOOTHING)) / np.maximum(_means(light), _LEAST_LIGHT)
    return relief <= np.quantile(relief, _FLATTEST)


def _means(plane: Floats) -> Floats:
    """Return the means of the whole blocks ``(rows, columns)``."""
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    return cell_means(plane[: rows * _BLOCK, : columns * _BLOCK], rows, columns)


TEMPORAL_NOISE = PictureMetric(
    "temporal-noise", "Noise of flat areas from frame to frame, against their brightness",
    "median over flat blocks of 100 std(L'_t - L'_{t-1}) / (sqrt(2) mean(L')), the frame before moved as the camera",
    "pielight", temporal_noise, needs=INPUT | {"sequence"}, higher_is_better=False, unit="%",
    note="Measures consecutive frames, each with the one before: `--data NAME:film=PATH`.",
)  # fmt: skip
