"""The user's networks in ONNX files, opened for looking at pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pielight.core.atomic_file import shown
from pielight.errors import ModelError
from pielight.evaluation.methods.onnx_method import check_whole
from pielight.inference.onnx_session import open_session

if TYPE_CHECKING:
    import onnxruntime


def open_network(path: Path) -> onnxruntime.InferenceSession:
    """Open a network that takes one batch of pictures, in one thread: pictures are shared among processes.

    Raises:
        ModelError: It is missing, damaged, in several files, or takes something else.
    """
    if not path.is_file():
        raise ModelError(f"{shown(path)}: no such ONNX file")
    check_whole(path)
    session = open_session(path, threads=1)
    first, *others = session.get_inputs()
    is_batch = len(first.shape) == 4 and (not isinstance(first.shape[1], int) or first.shape[1] == 3)
    if others or first.type != "tensor(float)" or not is_batch:
        raise ModelError(f"{shown(path)}: must take one float input (N, 3, H, W), not {first.type} {first.shape}")
    return session
