"""From a picture to its lattice: the network in ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels
from pielight.errors import ModelError
from pielight.inference.descriptor import BRIGHTEN, DEHAZE, TASKS, hint
from pielight.inference.onnx_session import Network, as_text
from pielight.ops.exposure_gate import exposure_gate
from pielight.ops.haze_gate import haze_gate
from pielight.ops.haze_lattice import HazeLattice, Lattice
from pielight.ops.lattice import CurveLattice
from pielight.ops.thumbnail import thumbnail

SIDES = 16, 2048  # of a thumbnail, the least and the most pixels
NODES = 512  # along each side at most: their tables take 1.6 GB
ITERATIONS = 64  # at most
LEVELS = 16  # of brightness that a transmission is given for, at most
_SHAPES = {  # of the outputs, for one picture
    "alphas": f"(1, 3 N, h, w), N up to {ITERATIONS}, h and w up to {NODES}",
    "transmission": f"(1, K, h, w), K up to {LEVELS}, h and w up to {NODES}",
    "airlight": "(1, 3)",
}


def _curves(values: list[NDArray[np.float32]]) -> Lattice:
    return CurveLattice(values[0][0].reshape(-1, 3, *values[0].shape[2:]))


def _haze(values: list[NDArray[np.float32]]) -> Lattice:
    return HazeLattice(values[0][0], values[1][0])


_LATTICES = {BRIGHTEN: _curves, DEHAZE: _haze}  # what the outputs become
_NEEDS = {BRIGHTEN: exposure_gate, DEHAZE: haze_gate}  # what share of it a picture needs


class Predictor(Network):
    """A lattice network in an ONNX file, opened once, at the first picture; safe to share among threads.

    The file maps ``thumbnail`` (n, 3, S, S) in [0, 1] to what the task says. To brighten: ``alphas`` (n, 3 N, h, w) in
    [-1, 1], where channels 3 k .. 3 k + 2 are red, green and blue of the curve's iteration k. To dehaze:
    ``transmission`` (n, K, h, w) in (0, 1] and ``airlight`` (n, 3) in [0, 1]. Anybody may have made it, so there are
    limits: S is a fixed number from 16 to 2048, N at most 64, K at most 16, h and w at most 512.

    Args:
        path: The ONNX file.
        threads: Threads of ONNX Runtime; None leaves the choice to it.
        auto: Fade curves as far as a picture needs none: :func:`pielight.ops.exposure_gate.exposure_gate`, or for haze
            :func:`pielight.ops.haze_gate.haze_gate`.
        task: ``"brighten"`` or ``"dehaze"``.

    Raises:
        ModelError: There is no such file.
    """

    def __init__(self, path: Path, threads: int | None = None, auto: bool = True, task: str = BRIGHTEN) -> None:
        super().__init__(path, threads)
        self._auto = auto
        self._outputs, self._made_of, self._need = TASKS[task].outputs, _LATTICES[task], _NEEDS[task]

    @property
    def size(self) -> int:
        """Side S of the thumbnail that the network wants.

        Raises:
            ModelError: The file is damaged or holds another kind of network.
        """
        return int(self.open().get_inputs()[0].shape[2])

    def __call__(self, pixels: Pixels) -> Lattice:
        """Predict the lattice of a picture.

        Args:
            pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].

        Raises:
            ModelError: The file is damaged, or what the network returns is not a lattice.
            PielightError: The array is not a picture.
        """
        small = thumbnail(pixels, self.size, self.threads)
        values = self.run(self._outputs, {"thumbnail": small[np.newaxis]})
        for name, value in zip(self._outputs, values, strict=True):
            _check_output(self.path, name, value.shape)
        try:
            lattice = self._made_of(values)
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from error
        return lattice.faded(self._need(small)) if self._auto else lattice

    def check(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Check that a thumbnail goes in, and what the task says comes out."""
        if list(inputs) != ["thumbnail"] or not set(self._outputs) <= set(outputs):
            raise ModelError(
                f"{self.path}: not a lattice network (inputs {list(inputs)}, outputs {list(outputs)}){hint(outputs)}"
            )
        for name, entry in (("thumbnail", inputs["thumbnail"]), *((name, outputs[name]) for name in self._outputs)):
            if entry.type != "tensor(float)":
                raise ModelError(f"{self.path}: {name} is {entry.type}; expected tensor(float)")
        _check_thumbnail(self.path, inputs["thumbnail"].shape)


def _check_thumbnail(path: Path, shape: list[Any]) -> None:
    expected = f"expected (n, 3, S, S) with S fixed, {SIDES[0]} to {SIDES[1]}"
    if len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3]:
        raise ModelError(f"{path}: the thumbnail has shape {as_text(shape)}; {expected}")
    if not isinstance(shape[2], int):
        raise ModelError(f"{path}: the thumbnail has no fixed size, but shape {as_text(shape)}; {expected}")
    if not SIDES[0] <= shape[2] <= SIDES[1]:
        raise ModelError(f"{path}: the thumbnail has {shape[2]} pixels a side; {expected}")


def _check_output(path: Path, name: str, shape: tuple[int, ...]) -> None:
    if name == "airlight":
        fits, few = shape == (1, 3), True
    else:
        step, most = (3, 3 * ITERATIONS) if name == "alphas" else (1, LEVELS)
        fits = len(shape) == 4 and shape[0] == 1 and not shape[1] % step and 0 not in shape
        few = fits and shape[1] <= most and max(shape[2:]) <= NODES
    if not (fits and few):
        wrong = "too many values, of shape" if fits else "of shape"
        raise ModelError(f"{path}: {name} {wrong} {as_text(shape)}; expected {_SHAPES[name]}")
