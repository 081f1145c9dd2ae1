"""How much noise a picture has, estimated from the picture alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import srgb_to_linear, srgb_to_linear_slope
from pielight.core.pixels import Pixels, check_pixels, full_scale
from pielight.ops.jpeg_quantization import find_quantization, quantization_sigma

_TILE = 16  # pixels along each side; an even number of 4 x 4 blocks
_TILES = 16  # along each side of the picture, at most: a look at all pixels would take longer than the curves do
_BINS = 8  # of brightness, each with as many tiles as the others
_FLAT = 0.3  # share of a bin's tiles that is taken for flat
_QUIET = 0.3  # of these, the quantile of noise that is believed: texture only ever adds
_QUIET_BIAS = 1.12  # what that quantile underestimates in tiles of pure noise
_TEXTURE = 0.5  # fine texture, as a share of the coarse one that is there beyond what noise explains
_TO_SIGMA = 1 / 0.6745  # from the median size of normal noise
_DARKEST, _BRIGHTEST = 0.5 / 255, 0.95  # tiles beyond are clipped and carry no information
_ROWS = 64  # at a time in float64, which would take several times the memory of the result
_LEAST_MEASURED = 0.7  # share of a picture's own estimate that a measurement may take it down to
_WIDEST = 0.9  # standard deviation in pixels of the blur that correlated noise is believed to have, at most


@dataclass(frozen=True)
class Noise:
    """Shot and read noise in linear light, and the step of quantization.

    Attributes:
        shot: Variance per unit of linear light, of shape (C,) or whatever else fits the values that it is asked for.
        read: Variance in the dark, of such a shape.
        step: Distance of two levels, a number or of such a shape: 1/255 for 8 bits, 0 for floats. What JPEG rounds
            counts as larger steps.
    """

    shot: NDArray[Any]
    read: NDArray[Any]
    step: float | NDArray[Any] = 0.0

    def sigma(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Return the standard deviation of the noise at sRGB values.

        ``sigma^2 = (a L + b) / L'^2 + q^2 / 12`` with L the linear light of x, L' its slope, a the shot and b the read
        noise (the Poisson-Gaussian model of Foi et al., 2008) and q the step of quantization.

        Args:
            x: sRGB values in [0, 1], of shape (..., C).

        Returns:
            float32 in units of x.

        >>> bool(abs(Noise(np.zeros(1), np.zeros(1), 1 / 255).sigma(np.array([0.5]))[0] * 255 - 12**-0.5) < 1e-6)
        True
        """
        x = x if x.dtype == np.float32 else x.astype(np.float64)
        shot, read, step = (
            np.broadcast_to(np.asarray(value, x.dtype), x.shape) for value in (self.shot, self.read, self.step)
        )
        result = np.empty(x.shape, np.float32)
        for top in range(0, len(x), _ROWS):
            rows = slice(top, top + _ROWS)
            of_shot, of_read = _basis(x[rows])
            result[rows] = np.sqrt(shot[rows] * of_shot + read[rows] * of_read + step[rows] ** 2 / 12)
        return result


@dataclass(frozen=True)
class MeasuredNoise(Noise):
    """Noise of which the deviation was also measured at some values, which counts, if it is not much less.

    A single picture shows too little noise where compression has smoothed it, and too much where it is full of texture;
    yet what changes from frame to frame may be nothing where frames are repeated.

    Attributes:
        values: sRGB values in [0, 1], (n,), rising.
        deviations: Standard deviation there, (n,).

    >>> still = np.zeros(1)
    >>> noise = MeasuredNoise(still, still, 0.0, np.array([0.2, 0.4]), np.array([0.01, 0.03]))
    >>> noise.sigma(np.array([0.1, 0.3])).round(3).tolist()
    [0.009999999776482582, 0.019999999552965164]
    """

    values: NDArray[Any] = field(default_factory=lambda: np.zeros(0))
    deviations: NDArray[Any] = field(default_factory=lambda: np.zeros(0))

    def sigma(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """Return the standard deviation of the noise at sRGB values; see :meth:`Noise.sigma`."""
        modeled = super().sigma(x)
        if self.values.size == 0:
            return modeled
        measured = np.interp(x, self.values, self.deviations).astype(np.float32)
        result: NDArray[np.float32] = np.maximum(modeled * np.float32(_LEAST_MEASURED), measured)
        return result


def estimate(pixels: Pixels) -> Noise:
    """Estimate the noise of a picture from its flat tiles.

    In tiles of 16 x 16 pixels, at most 16 x 16 of them spread over the picture, noise is the median size of
    Immerkaer's mask ``[1 -2 1; -2 4 -2; 1 -2 1] / 6`` (CVIU 1996), which ignores whatever is locally a plane. Texture
    differs from noise by scale: in means of 4 x 4 pixels the mask sees a sixteenth of the variance of noise, of
    texture about as much as before; half of what is there beyond the sixteenth is subtracted. In each of 8 bins of
    brightness the flattest tiles are kept, flat by the spread of their 4 x 4 means, and of these the quieter ones are
    believed, since texture only adds. Cameras and converters blur noise, and the mask sees less of it then: how
    much less follows from how it falls when 2 x 2 pixels are averaged (:func:`blur_correction`). Shot and read noise
    are the non-negative least squares through the bins. What JPEG rounded is added to the step of quantization
    (:mod:`pielight.ops.jpeg_quantization`): it leaves no grain that a mask sees, but blocks, which curves show, too.

    Args:
        pixels: (H, W, C): uint8, uint16, or floats in [0, 1].

    Returns:
        The noise of each channel; that of quantization alone if the picture has no usable tile.

    Raises:
        PielightError: The array is not a picture.

    >>> grain = np.random.default_rng(0).normal(0.2, 0.02, (256, 256, 1)).clip(0, 1)
    >>> bool(abs(estimate(grain).sigma(np.array([0.2])) - 0.02) < 0.002)
    True
    """
    check_pixels(pixels)
    step = 0.0 if pixels.dtype.kind == "f" else 1.0 / full_scale(pixels.dtype)
    tiles = _tiles(pixels)
    channels = pixels.shape[2]
    if tiles.shape[1] == 0:
        return Noise(np.zeros(channels), np.zeros(channels), step)
    fitted = [_fit(*_measure(channel), step) for channel in tiles]
    shot, read = np.array(fitted).T
    scale = find_quantization(pixels)
    if scale is None:
        return Noise(shot, read, step)
    return Noise(shot, read, np.sqrt(step**2 + 12 * np.square(quantization_sigma(scale)[:channels])))


def blur_correction(ratio: float) -> float:
    """Return by how much Immerkaer's mask underestimates the variance of blurred noise.

    For noise blurred by a Gaussian of s pixels, neighbors at a distance d correlate by ``r(d) = exp(-d^2 / 4 s^2)``;
    the mask sees ``h^2 / 36`` of the variance with ``h = 6 - 8 r(1) + 2 r(2)``, and of means of 2 x 2 pixels the same
    with ``R(n) = (2 r(2 n) + r(2 n - 1) + r(2 n + 1)) / 4``. The ratio of the two determines s.

    Args:
        ratio: Four times the variance seen after averaging over that before; 1 for white noise.

    Returns:
        Factor >= 1 for the variance.

    >>> blur_correction(1.0)
    1.0
    """
    return float(np.interp(ratio, *_blur_table()))


@lru_cache(maxsize=1)
def _blur_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ratio, rising, and the factor that it stands for."""
    s = np.linspace(1e-3, _WIDEST, 64)

    def r(distance: int) -> NDArray[np.float64]:
        return np.exp(-(distance**2) / (4 * s * s))

    def averaged(n: int) -> NDArray[np.float64]:
        return (2 * r(2 * n) + r(2 * n - 1) + r(2 * n + 1)) / 4

    seen = (6 - 8 * r(1) + 2 * r(2)) ** 2 / 36
    seen_averaged = (6 * averaged(0) - 8 * averaged(1) + 2 * averaged(2)) ** 2 / 36
    return 4 * seen_averaged / seen, 1 / seen


def _basis(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the variance at sRGB values that unit shot and unit read noise in linear light cause."""
    read = srgb_to_linear_slope(x) ** -2.0
    return srgb_to_linear(x) * read, read


def _tiles(pixels: Pixels) -> NDArray[np.float32]:
    """Return tiles spread evenly over a picture, (C, n, 16, 16) in [0, 1]."""
    height, width, channels = pixels.shape
    if min(height, width) < _TILE:
        return np.empty((channels, 0, _TILE, _TILE), np.float32)
    tops, lefts = (
        np.linspace(0, side - _TILE, min(_TILES, side // _TILE)).astype(int) for side in (height, width)
    )  # fmt: skip
    tiles = np.stack([pixels[top : top + _TILE, left : left + _TILE] for top in tops for left in lefts])
    planes = np.ascontiguousarray(tiles.transpose(3, 0, 1, 2), np.float32)  # of one order: sums round alike
    planes *= np.float32(1 / full_scale(pixels.dtype))
    return planes


def _immerkaer(tiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what Immerkaer's mask sees in tiles (n, h, w), as (n, values)."""
    rows = tiles[:, :-2] - 2 * tiles[:, 1:-1] + tiles[:, 2:]
    both = rows[:, :, :-2] - 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    result: NDArray[np.float32] = both.reshape(len(both), -1) / np.float32(6)
    return result


def _halved(tiles: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means of 2 x 2 pixels of each tile."""
    rows = tiles[:, ::2] + tiles[:, 1::2]
    result: NDArray[np.float32] = (rows[:, :, ::2] + rows[:, :, 1::2]) * np.float32(0.25)
    return result


def _measure(tiles: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return brightness and noise variance in bins of one channel's tiles (n, 16, 16)."""
    means = tiles.mean((1, 2))
    tiles = tiles[(means >= _DARKEST) & (means <= _BRIGHTEST)]
    if len(tiles) == 0:
        return np.empty(0), np.empty(0)
    means = tiles.mean((1, 2))
    halves = _halved(tiles)
    seen, blocks = _immerkaer(tiles), _halved(halves)
    fine, halved, coarse = (np.square(each).mean(1) for each in (seen, _immerkaer(halves), _immerkaer(blocks)))
    texture = np.maximum(coarse - fine / 16, 0)
    middle = seen.shape[1] // 2
    median = np.partition(np.abs(seen), middle, axis=1)[:, middle]
    noise = np.maximum(np.square(median * _TO_SIGMA) - _TEXTURE * texture, 0)
    relief = blocks.std((1, 2))
    places, variances = [], []
    for members in np.array_split(np.argsort(means), _BINS):
        if len(members) == 0:
            continue
        flat = members[relief[members] <= _quantile(relief[members], _FLAT)]
        believed = _quantile(noise[flat], _QUIET) * _QUIET_BIAS
        ratio = 4 * _quantile(halved[flat], 0.5) / max(_quantile(fine[flat], 0.5), 1e-12)
        places.append(float(means[flat].mean()))
        variances.append(believed * blur_correction(ratio))
    return np.array(places), np.array(variances)


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """Do what ``np.quantile`` does, in a tenth of the time for a few values."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def _fit(places: NDArray[np.float64], variances: NDArray[np.float64], step: float) -> tuple[float, float]:
    """Fit shot and read noise to variances; relative errors count alike in the dark and in the light."""
    if len(places) == 0:
        return 0.0, 0.0
    signal = np.maximum(variances - step**2 / 12, 0)
    weight = 1 / np.maximum(variances, (0.2 / 255) ** 2)
    basis = np.stack(_basis(places)) * weight
    wanted = signal * weight
    alone = np.maximum(basis @ wanted, 0) / np.square(basis).sum(1)  # the best if the other one is 0
    both = np.linalg.lstsq(basis.T, wanted, rcond=None)[0]
    if (both >= 0).all():
        return float(both[0]), float(both[1])
    errors = [np.square(one * of_one - wanted).sum() for one, of_one in zip(alone, basis, strict=True)]
    return (float(alone[0]), 0.0) if errors[0] <= errors[1] else (0.0, float(alone[1]))
