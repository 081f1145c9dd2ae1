"""Denoising: a network that removes the noise which curves make visible, in pictures of any size in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import luma
from pielight.core.pixels import Pixels, full_scale
from pielight.errors import ModelError
from pielight.inference.denoise_plan import Plan
from pielight.inference.descriptor import ModelDescriptor, TensorSpec
from pielight.inference.onnx_session import Network
from pielight.models import DENOISER, path_of
from pielight.ops.noise_level import CELL

REACH = 40  # pixels to each side that the network sees
_ALIGNED = 8  # pixels along each side of a cell at the network's deep end
_BAND, _PART = 544, 960  # rows and columns at a time, multiples of 8
_lock = threading.Lock()


class DenoiseNetwork(Network):
    """A denoising network in an ONNX file.

    The file maps ``cells`` (n, 48, h, w), pixels in [0, 1] in cells of 4 x 4 with channels fastest, their ``level``
    (n, 3, h, w), the ``share`` (n, 1, h, w) of the noise to subtract, the ``chroma`` (n, 1, h, w) to keep of what that
    leaves, and ``mix`` (3, 3), which weighs the noise, to ``noise`` (n, 48, h, w), all that is to be subtracted. h and
    w are even and up to 156 and 260. It may look 40 pixels far; one that looks farther leaves seams.
    """

    @property
    def is_shipped(self) -> bool:
        """Whether it is the one that comes with pielight."""
        return self.path == path_of(DENOISER)

    def subtract(self, pixels: Pixels, plan: Plan, band: int = _BAND, part: int = _PART) -> None:
        """Remove noise from a picture, in its own memory.

        The network runs on bands and parts that overlap by its receptive field, so there are no seams. Parts without
        noise to remove are skipped.

        Args:
            pixels: (H, W, 1 or 3): uint8, uint16, or floats in [0, 1]; gray counts as three equal channels.
            plan: How much noise is removed where.
            band: Rows at a time, a multiple of 8.
            part: Columns at a time, a multiple of 8.

        Raises:
            ModelError: The file is damaged, or what the network returns is not the noise of a picture.
        """
        height, width = pixels.shape[:2]
        above = pixels[:0]
        for top in range(0, height, band):
            bottom = min(top + band, height)
            first = max(0, top - REACH)
            window = np.concatenate([above, pixels[top : min(bottom + REACH, height)]])  # as it was before
            above = window[max(0, bottom - REACH - first) : bottom - first]
            for left, right, start, stop in _parts(width, part):
                if plan.at((_cells(top, bottom), _cells(left, right))).acts():
                    here = plan.at((_cells(first, first + len(window)), _cells(start, stop)))
                    noise = self._noise(window[:, start:stop], here)
                    inside = noise[top - first : bottom - first, left - start : right - start]
                    _take(pixels[top:bottom, left:right], inside)

    def _noise(self, window: Pixels, plan: Plan) -> NDArray[np.float32]:
        """Return the noise of a window (H, W, C), as a view of shape (H, W, 3)."""
        picture = _whole(window, _ALIGNED)
        h, w = picture.shape[0] // CELL, picture.shape[1] // CELL
        cells = np.empty((CELL, CELL, 3, h, w), np.float32)
        split = picture.reshape(h, CELL, w, CELL, -1).transpose(1, 3, 4, 0, 2)
        np.multiply(split, np.float32(1 / full_scale(window.dtype)), out=cells, dtype=np.float32, casting="unsafe")
        maps = {name: _whole(values, _ALIGNED // CELL).transpose(2, 0, 1) for name, values in plan.maps().items()}
        inputs = {
            "cells": cells.reshape(1, -1, h, w),
            "level": np.ascontiguousarray(np.broadcast_to(maps["level"], (3, h, w)))[np.newaxis],
            "share": np.ascontiguousarray(maps["share"])[np.newaxis],
            "chroma": np.ascontiguousarray(maps["chroma"])[np.newaxis],
            "mix": plan.mix,
        }
        (noise,) = self.run(["noise"], inputs)
        if noise.shape != inputs["cells"].shape:
            raise ModelError(f"{self.path}: the noise has shape {noise.shape}; expected {inputs['cells'].shape}")
        if not np.isfinite(noise).all():
            raise ModelError(f"{self.path}: the noise holds values that are not finite")
        result: NDArray[np.float32] = noise.reshape(CELL, CELL, 3, h, w).transpose(3, 0, 4, 1, 2)
        return result.reshape(h * CELL, w * CELL, 3)


DESCRIPTOR = ModelDescriptor(
    kind="denoise",
    task=None,
    purpose="denoise pictures",
    shipped=("denoise",),
    inputs=(
        TensorSpec("cells", ("n", 48, "h", "w")),
        TensorSpec("level", ("n", 3, "h", "w")),
        TensorSpec("share", ("n", 1, "h", "w")),
        TensorSpec("chroma", ("n", 1, "h", "w")),
        TensorSpec("mix", (3, 3)),
    ),
    outputs=(TensorSpec("noise", ("n", 48, "h", "w")),),
    network=DenoiseNetwork,
)


def shared_denoiser(model: str | Path | None, threads: int | None) -> DenoiseNetwork:
    """Find a denoising network; callers with one file and number of threads share it as long as the file is the same.

    Args:
        model: Path of an ONNX file; None is the network that comes with pielight.
        threads: Threads of ONNX Runtime; None leaves the choice to it.

    Raises:
        ModelError: There is no such file.

    >>> shared_denoiser(None, 1) is shared_denoiser("denoise", 1)
    True
    """
    path = DESCRIPTOR.find(model).path
    try:
        state = path.stat()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    with _lock:  # else several threads at once would each make one
        return _shared(path, (state.st_mtime_ns, state.st_size), threads)


@lru_cache(maxsize=8)
def _shared(path: Path, _: tuple[int, int], threads: int | None) -> DenoiseNetwork:
    return DenoiseNetwork(DESCRIPTOR, path, threads)


def _parts(width: int, part: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the first and last column of each part, and of what the network has to see for it."""
    for left in range(0, width, part):
        right = min(left + part, width)
        yield left, right, max(0, left - REACH), min(width, right + REACH)


def _cells(first: int, last: int) -> slice:
    """Return the cells that hold pixels [first, last)."""
    return slice(first // CELL, -(-last // CELL))


def _whole(values: NDArray[Any], multiple: int) -> NDArray[Any]:
    """Repeat the last row and column up to a multiple."""
    more = [(0, -side % multiple) for side in values.shape[:2]]
    return np.pad(values, (*more, (0, 0)), mode="edge") if more != [(0, 0), (0, 0)] else values


def _take(pixels: Pixels, noise: NDArray[np.float32]) -> None:
    """Subtract noise in units of full scale; gray takes its luma."""
    if pixels.shape[2] == 1:
        noise = luma(noise, np.float32)[..., np.newaxis]
    scale = full_scale(pixels.dtype)
    if pixels.dtype.kind == "f":
        np.clip(pixels - noise, 0, 1, out=pixels)
        return
    values = noise * np.float32(-scale)
    values += pixels
    np.rint(values, out=values)
    np.clip(values, 0, scale, out=values)
    pixels[...] = values
