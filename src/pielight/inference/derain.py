"""Networks that look at every pixel: strips of the picture pass ONNX Runtime, and what they find is taken away."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import Pixels, check_pixels, full_scale, is_same_memory
from pielight.core.strips import blocks
from pielight.errors import ModelError
from pielight.inference.descriptor import DERAIN, TASKS, hint
from pielight.inference.onnx_session import Network, as_text
from pielight.options import check_strength

LONGEST = 1024  # side of what a network sees, in pixels; larger pictures have wider streaks than it knows
REACH = 136  # pixels that a network looks away from a pixel, at most
_MULTIPLE = 8  # of the sides that a network gets
_CELL, _AROUND = 8, 2  # sides of the cells whose values bound what is left, and how many there are to each side
_STRIP = 1 << 20  # pixels of a strip, about
_OUTPUTS = TASKS[DERAIN].outputs


class SpatialNetwork(Network):
    """A network in an ONNX file that says what of a picture is rain; opened at the first picture, safe among threads.

    The file maps ``picture`` (n, 3, h, w) in [0, 1], h and w multiples of 8, to ``rain`` (n, 3, h, w), which is
    subtracted. It should look no farther than 136 pixels, so that strips do not show.

    Args:
        path: The ONNX file.
        threads: Threads of ONNX Runtime; None leaves the choice to it.

    Raises:
        ModelError: There is no such file.
    """

    def check(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Check that a picture goes in and rain comes out."""
        if list(inputs) != ["picture"] or not set(_OUTPUTS) <= set(outputs):
            raise ModelError(
                f"{self.path}: not a network of rain (inputs {list(inputs)}, outputs {list(outputs)}){hint(outputs)}"
            )
        kind, shape = inputs["picture"].type, inputs["picture"].shape
        is_open = len(shape) == 4 and shape[1] == 3 and not any(isinstance(side, int) for side in shape[2:])
        if kind != "tensor(float)" or not is_open:
            raise ModelError(
                f"{self.path}: picture is {kind} of shape {as_text(shape)}; expected tensor(float), (n, 3, h, w), "
                "h and w open"
            )

    def apply(self, pixels: Pixels, strength: float = 1.0, out: Pixels | None = None) -> Pixels:
        """Take the rain out of a picture: ``J = I - s R``.

        Of a picture whose longer side is above 1024 pixels, the network sees means of 2 x 2, 3 x 3, .. pixels, and R
        is enlarged: streaks of a large picture are long and wide. J lies within the values around each pixel, so that
        an even picture stays as it is.

        Args:
            pixels: I, (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].
            strength: s, -1.5 to 1.5; 0 is the identity, bit for bit.
            out: Where to put the result, of the shape and type of ``pixels``; may be ``pixels`` itself.

        Returns:
            ``out``, or a new array of the same shape and type.

        Raises:
            ModelError: The file is damaged, or holds another kind of network.
            PielightError: The array is not a picture, or the strength is out of range.
        """
        check_pixels(pixels)
        if out is None:
            out = np.empty(pixels.shape, pixels.dtype)
        if check_strength(strength) == 0:
            out[...] = pixels
            return out
        source = pixels.copy() if is_same_memory(out, pixels) or np.may_share_memory(out, pixels) else pixels
        factor = -(-max(source.shape[:2]) // LONGEST)
        light = _reduced(source, factor)
        rain = _bounded(self._found(light), light)
        for part in blocks(source.shape, _STRIP):
            taken = _enlarged(rain, factor, part)
            out[part] = _scaled(_light(source[part]) - np.float32(strength) * taken, pixels.dtype)
        return out

    def _found(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the rain in a picture (h, w, 1 or 3), found in strips that overlap."""
        height, width = light.shape[:2]
        rows = max(REACH, _STRIP // width // _MULTIPLE * _MULTIPLE)
        found = np.empty(light.shape, np.float32)
        for top in range(0, height, rows):
            first, last = max(0, top - REACH), min(height, top + rows + REACH)
            found[top : top + rows] = self._rain(light[first:last])[top - first : top - first + rows]
        return found

    def _rain(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on a strip (h, w, 1 or 3)."""
        height, width, channels = light.shape
        padded = np.pad(light, ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0)), mode="edge")
        planes = np.ascontiguousarray(np.broadcast_to(padded, (*padded.shape[:2], 3)).transpose(2, 0, 1)[np.newaxis])
        (rain,) = self.run(_OUTPUTS, {"picture": planes})
        if rain.shape != planes.shape:
            raise ModelError(f"{self.path}: rain has shape {as_text(rain.shape)}; expected {as_text(planes.shape)}")
        if not np.isfinite(rain).all():
            raise ModelError(f"{self.path}: the rain holds values that are not finite")
        found: NDArray[np.float32] = rain[0].transpose(1, 2, 0)[:height, :width]
        return found if channels == 3 else found.mean(axis=2, keepdims=True)


def _bounded(rain: NDArray[np.float32], light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave of the rain what takes no value beyond those in 5 x 5 cells of 8 x 8 pixels around it.

    Rain is told from what is beside it. Where a picture is even there is none, though a network may see some: white
    pixels in rain are mostly streaks that are cut off at white, and so it takes white paper for them.

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
    found = np.empty((-(-height // factor), -(-width // factor), channels), np.float32)
    cells = max(1, _STRIP // (factor * min(factor, height)))  # at a time, so that long rows take little memory
    for row in range(found.shape[0]):
        rows = slice(row * factor, (row + 1) * factor)
        for first in range(0, found.shape[1], cells):
            part = _light(pixels[rows, first * factor : (first + cells) * factor])
            found[row, first : first + cells] = _means(part, factor)
    return found


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
    """Return the mean of ``factor`` lines of which some are there; the last one stands for the others."""
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
