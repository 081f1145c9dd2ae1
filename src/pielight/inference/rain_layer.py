"""Deraining: a network sees every pixel and returns the rain layer, which is subtracted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import Pixels, check_pixels, full_scale, is_same_memory
from pielight.core.strips import blocks
from pielight.errors import ModelError
from pielight.inference.descriptor import ModelDescriptor, TensorSpec, shape_text
from pielight.inference.onnx_session import Network
from pielight.inference.processor import Prediction, Runtime
from pielight.options import EnhanceOptions

LONGEST = 1024  # side of what a network sees, in pixels; streaks of larger pictures are wider than in training
REACH = 136  # radius of the receptive field in pixels, at most
_MULTIPLE = 8  # of the sides that a network gets
_CELL, _AROUND = 8, 2  # side of the cells whose values bound the result, and their number to each side
_STRIP = 1 << 20  # pixels of a strip, about


@dataclass(frozen=True)
class Rain(Prediction):
    """The rain in a picture.

    Attributes:
        rain: R, float32 of shape (h, w, 1 or 3): of means of ``factor`` x ``factor`` pixels.
        factor: How many times smaller than the picture it is.
    """

    rain: NDArray[np.float32]
    factor: int

    def process(self, pixels: Pixels, options: EnhanceOptions, runtime: Runtime, out: Pixels | None = None) -> Pixels:
        """Subtract the rain: ``J = I - s R`` with s the strength; see :class:`Prediction`."""
        source = pixels
        if out is None:
            out = np.empty(pixels.shape, pixels.dtype)
        elif np.may_share_memory(out, pixels) and not is_same_memory(out, pixels):
            source = pixels.copy()
        for part in blocks(source.shape, _STRIP):
            removed = _enlarged(self.rain, self.factor, part)
            out[part] = _scaled(_light(source[part]) - np.float32(options.strength) * removed, pixels.dtype)
        return out


class RainNetwork(Network):
    """A network in an ONNX file that returns the rain in a picture.

    The file maps ``picture`` (n, 3, h, w) in [0, 1], h and w multiples of 8, to ``rain`` (n, 3, h, w), which is
    subtracted. Its receptive field should reach no farther than 136 pixels, or strips show.
    """

    def predict(self, pixels: Pixels, auto: bool = True) -> Rain:
        """Find the rain in a picture.

        Of a picture whose longer side is above 1024 pixels, the network sees means of 2 x 2, 3 x 3, .. pixels, and R
        is enlarged: streaks of a large picture are long and wide. J lies within the values around each pixel, so that
        an even picture stays as it is.

        Args:
            pixels: I, (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].
            auto: Has no effect.

        Raises:
            ModelError: The file is damaged, or holds another kind of network.
            OptionError: The array is not a picture.
        """
        check_pixels(pixels)
        factor = -(-max(pixels.shape[:2]) // LONGEST)
        light = _reduced(pixels, factor)
        return Rain(_bounded(self._rain_in(light), light), factor)

    def predict_for_all(self, frames: Iterable[Pixels], auto: bool = True) -> None:
        """Return None: rain differs from frame to frame."""

    def _rain_in(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the rain in a picture (h, w, 1 or 3), found in strips that overlap."""
        height, width = light.shape[:2]
        rows = max(REACH, _STRIP // width // _MULTIPLE * _MULTIPLE)
        rain = np.empty(light.shape, np.float32)
        for top in range(0, height, rows):
            first, last = max(0, top - REACH), min(height, top + rows + REACH)
            rain[top : top + rows] = self._run_strip(light[first:last])[top - first : top - first + rows]
        return rain

    def _run_strip(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on a strip (h, w, 1 or 3)."""
        height, width, channels = light.shape
        padded = np.pad(light, ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0)), mode="edge")
        planes = np.ascontiguousarray(np.broadcast_to(padded, (*padded.shape[:2], 3)).transpose(2, 0, 1)[np.newaxis])
        (rain,) = self.run(self.descriptor.output_names, {"picture": planes})
        if rain.shape != planes.shape:
            raise ModelError(
                f"{self.path}: rain has shape {shape_text(rain.shape)}; expected {shape_text(planes.shape)}"
            )
        if not np.isfinite(rain).all():
            raise ModelError(f"{self.path}: the rain holds values that are not finite")
        result: NDArray[np.float32] = rain[0].transpose(1, 2, 0)[:height, :width]
        return result if channels == 3 else result.mean(axis=2, keepdims=True)


def _bounded(rain: NDArray[np.float32], light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Limit the rain so that the result stays within the values of the 5 x 5 cells of 8 x 8 pixels around it.

    Rain differs from its surroundings, so an even area holds none, though the network may predict some: it takes white
    paper for streaks, since white pixels in rainy pictures are mostly clipped streaks.

    >>> even = np.full((9, 30, 1), 1, np.float32)
    >>> float(_bounded(np.full((9, 30, 1), 0.04, np.float32), even).max())
    0.0
    """
    height, width, channels = light.shape
    padded = np.pad(light, ((0, -height % _CELL), (0, -width % _CELL), (0, 0)), mode="edge")
    cells = padded.reshape(len(padded) // _CELL, _CELL, -1, _CELL, channels)
    taken = []
    for pick in (np.maximum, np.minimum):
        bound = pick.reduce(pick.reduce(cells, axis=1), axis=2)
        for axis in (0, 1):
            near = np.pad(bound, [(_AROUND, _AROUND) if axis == side else (0, 0) for side in range(3)], mode="edge")
            bound = pick.reduce(sliding_window_view(near, 2 * _AROUND + 1, axis), axis=-1)
        taken.append(light - bound.repeat(_CELL, 0).repeat(_CELL, 1)[:height, :width])
    return np.clip(rain, *taken, out=rain)


def _light(pixels: Pixels) -> NDArray[np.float32]:
    """Return pixels as values in [0, 1]."""
    light: NDArray[np.float32] = pixels.astype(np.float32, order="C") / np.float32(full_scale(pixels.dtype))
    return light


def _reduced(pixels: Pixels, factor: int) -> NDArray[np.float32]:
    """Return the means of cells of ``factor`` x ``factor`` pixels, in [0, 1]; edges are replicated.

    >>> _reduced(np.array([[0, 255, 51]], np.uint8)[..., np.newaxis], 2)[..., 0].round(1)
    array([[0.5, 0.2]], dtype=float32)
    """
    if factor == 1:
        return _light(pixels)
    height, width, channels = pixels.shape
    reduced = np.empty((-(-height // factor), -(-width // factor), channels), np.float32)
    cells = max(1, _STRIP // (factor * min(factor, height)))  # at a time, so that long rows take little memory
    for row in range(reduced.shape[0]):
        rows = slice(row * factor, (row + 1) * factor)
        for first in range(0, reduced.shape[1], cells):
            part = _light(pixels[rows, first * factor : (first + cells) * factor])
            reduced[row, first : first + cells] = _means(part, factor)
    return reduced


def _means(light: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return the means of one row of cells (at most ``factor`` rows of pixels), whose edges are replicated."""
    if len(light) < factor:
        light = _replicated(light, factor)[np.newaxis]
    whole = light.shape[1] // factor * factor
    means: NDArray[np.float32] = light[:, :whole].reshape(len(light), -1, factor, light.shape[2]).mean(axis=(0, 2))
    if whole == light.shape[1]:
        return means
    last = _replicated(light[:, whole:].swapaxes(0, 1), factor).mean(axis=0, keepdims=True)
    return np.concatenate([means, last])


def _replicated(light: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return the mean of ``factor`` lines of which the last ones may be missing: the last one given is repeated."""
    missing = np.float32(factor - len(light))
    mean: NDArray[np.float32] = (light.sum(axis=0) + missing * light[-1]) / np.float32(factor)
    return mean


def _enlarged(rain: NDArray[np.float32], factor: int, part: tuple[slice, slice]) -> NDArray[np.float32]:
    """Return the rain of a part of a picture that was reduced, ``factor`` times as long and wide, bilinear."""
    if factor == 1:
        return rain[part]
    rows, columns = part
    box = tuple(side / factor for side in (columns.start, rows.start, columns.stop, rows.stop))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    channels = [
        Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR, box) for plane in rain.transpose(2, 0, 1)
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=2)


def _scaled(light: NDArray[np.float32], dtype: np.dtype[np.generic]) -> Pixels:
    """Return values in [0, 1] as pixels."""
    light = light.clip(0, 1)
    return light if dtype.kind == "f" else np.rint(light * np.float32(full_scale(dtype)))


DESCRIPTOR = ModelDescriptor(
    kind="rain_layer",
    task="derain",
    purpose="derain pictures",
    shipped=("derain",),
    inputs=(TensorSpec("picture", ("n", 3, "h", "w")),),
    outputs=(TensorSpec("rain", ("n", 3, "h", "w")),),
    network=RainNetwork,
)
