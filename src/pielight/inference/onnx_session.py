"""Sessions of ONNX Runtime: opening networks, running them within limits, and its errors."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.native_output import caught_stderr
from pielight.core.time_limit import time_limit
from pielight.errors import ModelError
from pielight.inference.descriptor import ModelDescriptor
from pielight.inference.onnx_graph import check_graph

if TYPE_CHECKING:
    import onnxruntime

_SHORTAGES = (  # in ONNX Runtime's errors, of several types, when memory is short
    "Failed to allocate memory",
    "is smaller than requested bytes",
    "bad_alloc",
    "bad allocation",
    "pthread_create failed",
    "failed to map segment",
)
_ASKED = re.compile(r"requested buffer of size (\d+)")
_MOST_BYTES = 16 << 30  # that a sound network asks for at once
_SECONDS, _SECONDS_PER_VALUE = 20.0, 40e-6  # some hundred times as long as the shipped networks take on one slow core
_SILENT = 4
_LONGEST_LINE = 300


class Network:
    """An ONNX file that is opened and checked once, when it is first used; safe to share among threads.

    Args:
        descriptor: What the file must hold.
        path: The file.
        threads: Threads of ONNX Runtime; None leaves the choice to it.

    Raises:
        ModelError: There is no such file.
    """

    def __init__(self, descriptor: ModelDescriptor, path: Path, threads: int | None = None) -> None:
        if not path.is_file():
            raise ModelError(f"{path}: no such model file")
        self.descriptor = descriptor
        self.path = path
        self.threads = threads
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return the state of a copy, which opens the file itself, in this process or another."""
        kept = {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_session")}
        return kept | {"path": self.path.absolute()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock(), _session=None)

    def open(self) -> onnxruntime.InferenceSession:
        """Open the file, unless that was done before.

        Raises:
            ModelError: It is damaged or holds another kind of network.
        """
        with self._lock:
            if self._session is None:
                session = open_session(self.path, self.threads)
                inputs, outputs = session.get_inputs(), session.get_outputs()
                by_name = [{tensor.name: tensor for tensor in tensors} for tensors in (inputs, outputs)]
                self.descriptor.check_tensors(self.path, *by_name)
                self._session = session
            return self._session

    def run(self, outputs: Sequence[str], inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Return the named outputs for some inputs.

        Raises:
            ModelError: The file is damaged, holds another kind of network, or fails on these inputs.
            MemoryError: There is not enough for these inputs.
        """
        session = self.open()
        try:
            return run_session(session, outputs, inputs)
        except NetworkError as error:
            raise ModelError(f"{self.path}: the network fails ({error})") from error


class NetworkError(Exception):
    """A network does not fit its input, returns something other than float32 arrays, or takes too long."""


def run_session(
    session: onnxruntime.InferenceSession, outputs: Sequence[str] | None, inputs: Mapping[str, NDArray[Any]]
) -> list[NDArray[np.float32]]:
    """Run a network, for 20 s of processor time and 40 us for each number that goes in, at the most.

    Args:
        session: The network, opened.
        outputs: Names of what is wanted, arrays of float32; None is all, of any kind.
        inputs: By name.

    Raises:
        NetworkError: The network fails.
        MemoryError: There is not enough for these inputs.
    """
    options = runtime().RunOptions()
    options.log_severity_level = _SILENT
    seconds = _SECONDS + _SECONDS_PER_VALUE * sum(value.size for value in inputs.values())
    try:
        with time_limit(seconds, partial(setattr, options, "terminate", True)) as limit:
            results: list[NDArray[np.float32]] = session.run(
                None if outputs is None else list(outputs), dict(inputs), options
            )
    except Exception as error:  # ONNX Runtime raises a dozen types without a common base
        if limit.is_over:
            raise NetworkError(f"more than {seconds:.0f} s of processor time; is there a loop without end?") from error
        if is_shortage(error):
            raise MemoryError(first_line(error)) from error
        raise NetworkError(first_line(error)) from error
    for value in results if outputs is not None else ():
        if not isinstance(value, np.ndarray) or value.dtype != np.float32:
            raise NetworkError("it returns something else than arrays of float32")
    return results


def runtime() -> Any:
    """Return the module onnxruntime; what it prints while it is loaded is suppressed.

    Raises:
        MemoryError: There is not enough to load it now.
    """
    is_there = "onnxruntime" in sys.modules
    try:
        with nullcontext() if is_there else caught_stderr(_is_chatter):
            import onnxruntime
    except ImportError as error:
        if is_shortage(error):
            raise MemoryError(first_line(error)) from error
        raise
    return onnxruntime


def _is_chatter(line: bytes) -> bool:
    return b"onnxruntime" in line or b"cpuinfo" in line


def open_session(path: Path, threads: int | None) -> onnxruntime.InferenceSession:
    """Open a network for the CPU.

    Args:
        path: The ONNX file.
        threads: Threads of ONNX Runtime; None leaves the choice to it.

    Raises:
        ModelError: The file is missing or damaged.
        MemoryError: There is not enough to open it now.
    """
    onnxruntime = runtime()
    check_graph(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT  # errors are raised; the log would repeat them on the user's screen
    # Not session.set_denormal_as_zero: it changes the caller's own arithmetic permanently; exported weights hold
    # no denormals.
    # Spinning threads would occupy the cores that the curves need next.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # which prints
        )
        for entry in (*session.get_inputs(), *session.get_outputs()):
            _ = entry.name, entry.type, entry.shape  # names may be no text
    except Exception as error:  # ONNX Runtime raises a dozen types without a common base
        if is_shortage(error):
            raise MemoryError(first_line(error)) from error
        raise ModelError(f"{path}: damaged, or not an ONNX model ({first_line(error)})") from error
    return session


def is_shortage(error: Exception) -> bool:
    """Return whether an error is a shortage of memory, rather than a fault of the network or of its input.

    A network that asks for more than 16 GB at once is faulty itself, since its input is small.

    >>> is_shortage(RuntimeError("Load model failed: std::bad_alloc")), is_shortage(RuntimeError("Conv: W is missing"))
    (True, False)
    """
    asked = _ASKED.search(str(error))
    return any(sign in str(error) for sign in _SHORTAGES) and not (asked and int(asked[1]) > _MOST_BYTES)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, without control characters.

    >>> first_line(ValueError("this, " + chr(10) + "and that"))
    'this,'
    """
    line = str(error).strip().partition("\n")[0].strip()[:_LONGEST_LINE]
    return "".join(sign if sign.isprintable() else "?" for sign in line)
