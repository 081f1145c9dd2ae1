"""From a picture to its lattice of curves: the network in ONNX Runtime."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pielight.curves.exposure import need
from pielight.curves.lattice import CurveLattice
from pielight.curves.pixels import Pixels
from pielight.curves.sessions import as_text, failures, first_line, open_session
from pielight.curves.thumbnail import thumbnail
from pielight.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

SIDES = 16, 2048  # of a thumbnail, the least and the most pixels
NODES = 512  # along each side at most: their tables take 1.6 GB
ITERATIONS = 64  # at most


class Predictor:
    """A lattice network in an ONNX file, opened once, at the first picture; safe to share among threads.

    The file maps ``thumbnail`` (n, 3, S, S) in [0, 1] to ``alphas`` (n, 3 N, h, w) in [-1, 1], where channels
    3 k .. 3 k + 2 are red, green and blue of the curve's iteration k. Anybody may have made it, so there are limits: S
    is a fixed number from 16 to 2048, N at most 64, h and w at most 512.

    Args:
        path: The ONNX file.
        threads: Threads of ONNX Runtime; None leaves the choice to it.
        auto: Fade the curves of a picture as far as it needs none: :func:`pielight.curves.exposure.need`.

    Raises:
        ModelError: There is no such file.
    """

    def __init__(self, path: Path, threads: int | None = None, auto: bool = True) -> None:
        if not path.is_file():
            raise ModelError(f"{path}: no such model file")
        self.path = path
        self._threads = threads
        self._auto = auto
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None

    @property
    def size(self) -> int:
        """Side S of the thumbnail that the network wants.

        Raises:
            ModelError: The file is damaged or holds another kind of network.
        """
        return int(self._open().get_inputs()[0].shape[2])

    def __call__(self, pixels: Pixels) -> CurveLattice:
        """Predict the curves of a picture.

        Args:
            pixels: (H, W, 3) or grey (H, W, 1): uint8, uint16, or floats in [0, 1].

        Raises:
            ModelError: The file is damaged, or what the network returns is not a lattice of curves.
            PielightError: The array is not a picture.
        """
        session = self._open()
        small = thumbnail(pixels, self.size, self._threads)
        try:
            (alphas,) = session.run(["alphas"], {"thumbnail": small[np.newaxis]})
        except failures() as error:
            raise ModelError(f"{self.path}: the network fails ({first_line(error)})") from error
        _check_alphas(self.path, alphas.shape)
        try:
            lattice = CurveLattice(alphas[0].reshape(-1, 3, *alphas.shape[2:]))
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from error
        return lattice.faded(need(small)) if self._auto else lattice

    def _open(self) -> onnxruntime.InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = _open_session(self.path, self._threads)
            return self._session


def _open_session(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    session = open_session(path, threads)
    inputs = {entry.name: entry for entry in session.get_inputs()}
    outputs = {entry.name: entry for entry in session.get_outputs()}
    if list(inputs) != ["thumbnail"] or "alphas" not in outputs:
        raise ModelError(f"{path}: not a lattice network (inputs {list(inputs)}, outputs {list(outputs)})")
    for name, entry in (("thumbnail", inputs["thumbnail"]), ("alphas", outputs["alphas"])):
        if entry.type != "tensor(float)":
            raise ModelError(f"{path}: {name} is {entry.type}; expected tensor(float)")
    _check_thumbnail(path, inputs["thumbnail"].shape)
    return session


def _check_thumbnail(path: Path, shape: list[Any]) -> None:
    expected = f"expected (n, 3, S, S) with S fixed, {SIDES[0]} to {SIDES[1]}"
    if len(shape) != 4 or shape[1] != 3 or shape[2] != shape[3]:
        raise ModelError(f"{path}: the thumbnail has shape {as_text(shape)}; {expected}")
    if not isinstance(shape[2], int):
        raise ModelError(f"{path}: the thumbnail has no fixed size, but shape {as_text(shape)}; {expected}")
    if not SIDES[0] <= shape[2] <= SIDES[1]:
        raise ModelError(f"{path}: the thumbnail has {shape[2]} pixels a side; {expected}")


def _check_alphas(path: Path, shape: tuple[int, ...]) -> None:
    expected = f"expected (1, 3 N, h, w), N up to {ITERATIONS}, h and w up to {NODES}"
    if len(shape) != 4 or shape[0] != 1 or shape[1] % 3 or 0 in shape:
        raise ModelError(f"{path}: alphas have shape {as_text(shape)}; {expected}")
    if shape[1] > 3 * ITERATIONS or max(shape[2:]) > NODES:
        raise ModelError(f"{path}: alphas of shape {as_text(shape)} are too many; {expected}")
