"""Opening ONNX files, for every network here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pielight.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime


def open_session(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    """Open a network for the CPU.

    Args:
        path: The ONNX file.
        threads: Threads of ONNX Runtime; None leaves the choice to it.

    Raises:
        ModelError: The file is missing or damaged.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised; the log would repeat it on the user's screen
    # Not session.set_denormal_as_zero: it changes the caller's own arithmetic for good; exported weights hold
    # no denormals.
    # Waiting threads would keep the cores busy that the curves need next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoModel,
        state.NoSuchFile,
        state.NotImplemented,
        state.RuntimeException,
    ) as error:
        raise ModelError(f"{path}: damaged, or not an ONNX model ({first_line(error)})") from error


def failures() -> tuple[type[Exception], ...]:
    """Return what a network that does not fit its input raises when it runs."""
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

    return Fail, InvalidArgument, RuntimeException


def first_line(error: Exception) -> str:
    """Return the first line of what an error says.

    >>> first_line(ValueError("this, " + chr(10) + "and that"))
    'this,'
    """
    return str(error).strip().partition("\n")[0].strip()


def as_text(shape: Sequence[int | str | None]) -> str:
    """Return the shape of an input as text; a side of no fixed length has a name, or none.

    >>> as_text(["n", 3, None, None])
    '(n, 3, ?, ?)'
    """
    return f"({', '.join('?' if side is None else str(side) for side in shape)})"
