"""How much noise is removed in each part of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import LUMA_WEIGHTS, smooth_step
from pielight.core.pixels import Pixels, full_scale, over_channels
from pielight.ops.noise import Noise, estimate
from pielight.ops.noise_level import CELL, level, smoothed
from pielight.ops.shadow_chroma import BLACK_LEVEL, chroma_share
from pielight.ops.thumbnail import box_means
from pielight.options import AUTO, EnhanceOptions

Curve: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]

_INVISIBLE, _VISIBLE = 1.5 / 255, 3.5 / 255  # noise added by the curves: auto removes none below, and most above
_GRAIN = 0.1  # share of the noise in brightness that auto leaves: surfaces without grain look like plastic
_UNSEEN = 1.3  # level of the noise against what is estimated of it, which blotches are no part of
_GLANCE, _GLANCE_ROWS = 24, 32  # cells along each side, which are examined first, and rows of each that are, at least
_FEW = 0.005  # share of these cells up to which the picture is left alone
_DOUBTFUL = 0.8  # share of its color that a cell keeps at most if it counts as one of which something would be taken
_LOUD = Noise(np.full(1, 2e-3), np.full(1, 3e-6))  # more than cameras make
_BLACK = Noise(np.zeros(1), np.full(1, BLACK_LEVEL**2))
_ROWS = 64  # at a time, which bounds the memory of temporary arrays


class Renderer(Protocol):
    """Maps every pixel, such as by tone curves: a :class:`pielight.inference.pointwise.PointwisePrediction`."""

    def render(
        self, pixels: Pixels, options: EnhanceOptions, threads: int | None = None, out: Pixels | None = None
    ) -> Pixels:
        """Map the pixels of a picture."""


@dataclass(frozen=True)
class Plan:
    """How much noise is removed in each cell of a picture.

    Attributes:
        level: Standard deviation of the noise after the curves in each cell of 4 x 4 pixels, float32 of shape
            (h, w, 1 or 3), in units of full scale.
        share: Of the noise that is removed in each cell, (h, w, 1) in [0, 1].
        chroma: Share of the color that each cell keeps after that, (h, w, 1) in [0, 1].
        mix: float32 (3, 3), from the noise of red, green and blue to what is subtracted: less of its brightness than of
            its color, or for gray its brightness alone.
    """

    level: NDArray[np.float32]
    share: NDArray[np.float32]
    chroma: NDArray[np.float32]
    mix: NDArray[np.float32]

    def maps(self) -> dict[str, NDArray[np.float32]]:
        """Return the values of each cell, by the names of the network's inputs."""
        return {"level": self.level, "share": self.share, "chroma": self.chroma}

    def at(self, cells: tuple[slice, slice]) -> Plan:
        """Return the plan for a part of the picture."""
        return Plan(self.level[cells], self.share[cells], self.chroma[cells], self.mix)

    def acts(self) -> bool:
        """Say whether anything is to be changed."""
        return bool(self.share.any() or (self.chroma < 1).any())


@dataclass(frozen=True)
class Look:
    """What a first look at a picture finds.

    Attributes:
        noise: Of the input.
        curve: What is applied to it.
        is_gray: Whether it has no color.
        is_noisy: Whether noise is to be removed.
        is_doubtful: Whether colors near black are to be faded.
    """

    noise: Noise
    curve: Curve
    is_gray: bool
    is_noisy: bool
    is_doubtful: bool


def look(
    pixels: Pixels,
    renderer: Renderer,
    options: EnhanceOptions,
    threads: int | None = None,
    measure: Callable[[Pixels], Noise] = estimate,
) -> Look | None:
    """Look at a few cells of a picture for noise that would be removed; see :func:`plan`.

    Returns:
        What is found, or None if nothing is to be done.

    Raises:
        OptionError: The array is not a picture.
    """
    if options.denoise == 0:
        return None

    def curve(means: NDArray[Any]) -> NDArray[Any]:
        return renderer.render(means, options, threads, out=means)

    side = max(CELL, -(-max(pixels.shape) // _GLANCE))
    step = max(1, side // _GLANCE_ROWS)
    glance = _means(pixels[::step], (side // step, side), threads)
    if options.denoise == AUTO and not _added(glance, _LOUD, curve).any():
        return None
    noise = measure(pixels)
    is_gray = _is_gray(pixels)
    if options.denoise != AUTO:
        return Look(noise, curve, is_gray, True, not is_gray)
    cells = (_added(glance, noise, curve) > 0) & _found(noise.sigma(glance), pixels.dtype)
    is_noisy = bool(cells.mean() > _FEW)
    is_doubtful = not is_gray and bool((kept_chroma(glance, noise, curve) < _DOUBTFUL).mean() > _FEW)
    return Look(noise, curve, is_gray, is_noisy, is_doubtful) if is_noisy or is_doubtful else None


def plan(
    pixels: Pixels,
    renderer: Renderer,
    options: EnhanceOptions,
    threads: int | None = None,
    measure: Callable[[Pixels], Noise] = estimate,
) -> Plan | None:
    """Decide how much noise is removed in each cell of a picture.

    A number d removes d of the noise in brightness and min(1, 2 d) of that in color. ``auto`` goes by what the curves
    add to the noise of a cell, the root of the difference of the variances after and before: below 1.5 levels of 255 it
    leaves the cell alone, from 3.5 on it takes nine tenths of the noise's brightness and all of its color, with a
    smooth step in between. Of a color that the camera hardly knows (:mod:`pielight.ops.shadow_chroma`) goes what the
    noise of color does, by what the curves add to the error of black. ``auto`` leaves the whole picture alone if hardly
    any cell of which something would be taken shows more noise than quantization makes, which clean pictures have too,
    or a color to doubt. Of gray, which has no color to lose, only brightness goes, in all channels alike. Cells that
    are constant with all their neighbors, as in black bars, hold no noise.

    Args:
        pixels: The input, (H, W, 1 or 3): uint8, uint16, or floats in [0, 1].
        renderer: What is applied to it.
        options: How it is applied, and how much noise is removed.
        threads: Threads; None takes every core that the process may use.
        measure: Returns the noise of the picture; asked only if some might be removed.

    Returns:
        The plan, or None if no noise is removed.

    Raises:
        OptionError: The array is not a picture.
    """
    denoise = options.denoise
    seen = look(pixels, renderer, options, threads, measure)
    if seen is None:
        return None
    noise, curve = seen.noise, seen.curve
    is_gray, is_noisy, is_doubtful = seen.is_gray, seen.is_noisy, seen.is_doubtful
    means = _means(pixels, (CELL, CELL), threads)
    alive = ~_constant(means)
    means = smoothed(means)
    brightness, color = (1.0 - _GRAIN, 1.0) if denoise == AUTO else (float(denoise), min(1.0, 2 * float(denoise)))
    chroma = np.ones((*means.shape[:2], 1), np.float32)
    if is_doubtful:
        chroma -= np.float32(color) * (1 - kept_chroma(means, noise, curve))
    of_cells = level(means, noise, curve) if is_noisy else np.zeros_like(means)
    share = _wanted(of_cells, means, noise) if denoise == AUTO else np.ones_like(chroma)
    share *= alive
    of_cells *= np.float32(_UNSEEN)
    return Plan(of_cells, share, chroma, _mix(brightness, 0.0 if is_gray else color))


def kept_chroma(means: NDArray[np.float32], noise: Noise, curve: Curve) -> NDArray[np.float32]:
    """Return the share of color that is kept, (h, w, 1): all where the curves do not show the error of black.

    Args:
        means: Local means of the input, sRGB in [0, 1], (h, w, 3).
        noise: Of the input.
        curve: What is applied to it; may overwrite what it gets.

    >>> quiet = Noise(np.zeros(3), np.zeros(3))
    >>> grays = np.array([1, 3, 30], np.float32)[:, np.newaxis, np.newaxis].repeat(3, 2) / 255
    >>> kept_chroma(grays, quiet, lambda x: np.minimum(8 * x, 1))[:, 0, 0].astype(float).round(2).tolist()
    [0.05, 0.31, 0.99]
    """
    result = _added(means, _BLACK, curve)
    for top in range(0, len(means), _ROWS):
        band = slice(top, top + _ROWS)
        result[band] *= over_channels(np.maximum, means[band]) > 0  # black has no color
        result[band] *= chroma_share(means[band], noise) - 1
    result += 1
    return result


def _added(means: NDArray[np.float32], noise: Noise, curve: Curve) -> NDArray[np.float32]:
    """Return the share of some noise that is to go, (h, w, 1)."""
    return _wanted(level(means, noise, curve), means, noise)


def _wanted(after: NDArray[np.float32], means: NDArray[np.float32], noise: Noise) -> NDArray[np.float32]:
    """Return the share of the noise that is to go, (h, w, 1), by what the curves have added to it."""
    result = np.empty((*after.shape[:2], 1), np.float32)
    for top in range(0, len(after), _ROWS):
        band = slice(top, top + _ROWS)
        added = np.maximum(np.square(after[band]) - np.square(noise.sigma(means[band])), 0)
        shown = np.sqrt(over_channels(np.add, added) / np.float32(added.shape[2]))
        result[band] = smooth_step(shown, _INVISIBLE, _VISIBLE)
    return result


def _constant(means: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say which cells have the mean of all their neighbors to the bit, (h, w, 1), as noise hardly ever does."""
    result = np.ones((*means.shape[:2], 1), np.bool_)
    across = over_channels(np.logical_and, means[:, 1:] == means[:, :-1])
    result[:, 1:] &= across
    result[:, :-1] &= across
    alike = over_channels(np.logical_and, means[1:] == means[:-1])
    along = result.copy()
    for one, other in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        result[one] &= alike & along[other]
    return result


def _found(sigma: NDArray[np.float32], dtype: np.dtype[Any]) -> NDArray[np.bool_]:
    """Say where there is more noise than that of the type's own quantization, (h, w, 1)."""
    step = 0.0 if dtype.kind == "f" else 1 / full_scale(dtype)
    return over_channels(np.logical_or, np.square(sigma) > 2 * step**2 / 12)


def _mix(brightness: float, color: float) -> NDArray[np.float32]:
    """Return the matrix that takes these shares of the noise's luma and of the rest."""
    of_luma = np.broadcast_to(np.array(LUMA_WEIGHTS, np.float32), (3, 3))  # the luma, in all channels
    result: NDArray[np.float32] = (color * (np.eye(3) - of_luma) + brightness * of_luma).astype(np.float32)
    return result


def _is_gray(pixels: Pixels) -> bool:
    """Say whether a picture's channels are equal, looking no further than the first band that says no."""
    bands = (pixels[top : top + _ROWS] for top in range(0, len(pixels), _ROWS))
    others = range(1, pixels.shape[2])
    return all((band[..., 0] == band[..., other]).all() for band in bands for other in others)


def _means(pixels: Pixels, cell: tuple[int, int], threads: int | None) -> NDArray[np.float32]:
    """Return the means of cells of so many rows and columns; the last ones may be smaller."""
    rows, columns = (
        np.append(np.arange(0, length, side), length).astype(np.intc)
        for length, side in zip(pixels.shape[:2], cell, strict=True)
    )
    return box_means(pixels, rows, columns, threads)
