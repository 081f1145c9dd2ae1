"""Runtimes that models are exported to, and the export of one file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pielight.core.atomic_file import check_writable, is_same_file
from pielight.core.messages import shown
from pielight.core.native_output import caught_stderr
from pielight.errors import ModelError, OptionError, PictureError, PielightError
from pielight.training.export.graph import Arrays, Graph, Precision, Run
from pielight.training.export.parity import inputs_of, pictures
from pielight.training.export.targets import coreml, executorch, litert, ncnn, onnx, torchscript

_SAMPLES = 8  # pictures that show how large activations get


@dataclass(frozen=True)
class Runtime:
    """A runtime that models are exported to.

    Attributes:
        suffix: Of its files.
        write: Writes a file, given pictures' inputs if 8 bits are asked for.
        open_file: Opens one; None where the runtime does not run here.
        lacks: Why a precision is left out, by precision.
    """

    suffix: str
    write: Callable[[Graph, Path, Precision, list[Arrays]], None]
    open_file: Callable[[Path, Graph, int], Run] | None
    lacks: dict[str, str]


RUNTIMES = {
    "onnx": Runtime(".onnx", onnx.write, onnx.open_file, {}),
    "litert": Runtime(".tflite", litert.write, litert.open_file, {}),
    "ncnn": Runtime(
        ".param", ncnn.write, ncnn.open_file, {"int8": "no wheel has its tools for 8 bits, ncnn2table and ncnn2int8"}
    ),
    "torchscript": Runtime(
        ".pt", torchscript.write, torchscript.open_file, {"int8": "torch has deprecated quantization of such modules"}
    ),
    "executorch": Runtime(
        ".pte",
        executorch.write,
        executorch.open_file,
        {"fp16": "XNNPACK computes in it on ARM alone", "int8": "its quantizer leaves most layers in single precision"},
    ),
    "coreml": Runtime(".mlpackage", coreml.write, None, {}),
}


def export(graph: Graph, to: str, precision: Precision, path: Path, network: Path, folder: Path | None = None) -> None:
    """Write a graph for a runtime; the file appears when it is whole.

    Args:
        graph: What to write.
        to: One of :data:`RUNTIMES`.
        precision: Of the weights; ``int8`` also of activations, where a runtime has that.
        path: The file, or the folder for Core ML.
        network: The network's ONNX file.
        folder: Pictures to quantize with, see :func:`pielight.training.export.parity.pictures`.

    Raises:
        OptionError: The runtime has no such precision, or the path is that of the network.
        ModelError: The converter fails.
        MissingExtraError: A package is missing.
    """
    runtime = RUNTIMES[to]
    if reason := runtime.lacks.get(precision):
        raise OptionError(f"{to}, {precision}: left out, since {reason}; choose {', '.join(precisions(to))}")
    if is_same_file(path, network):
        raise OptionError(f"{shown(path)}: the model that is read; name another file")
    samples: list[Arrays] = []
    if precision == "int8":
        size = (graph.inputs["picture"][3], graph.inputs["picture"][2]) if graph.what == "full" else None
        samples = [inputs_of(graph, network, pixels) for _, pixels in pictures(folder, size)][::-1][:_SAMPLES]
    if not path.is_dir() or runtime.suffix != ".mlpackage":
        check_writable(path)
    with _folder_beside(path) as place:
        try:
            with _silenced():
                runtime.write(graph, place / path.name, precision, samples)
        except PielightError:
            raise
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise ModelError(f"{shown(path)}: the converter of {to} fails ({reason})") from error
        for made in place.iterdir():
            goal = path.parent / made.name
            try:
                if goal.is_dir():
                    shutil.rmtree(goal)
                made.replace(goal)
            except OSError as error:
                raise PictureError(f"{shown(goal)}: cannot be written ({error.strerror})") from error


def precisions(to: str) -> list[str]:
    """Return the precisions that a runtime has.

    >>> precisions("ncnn")
    ['fp32', 'fp16']
    """
    return [precision for precision in ("fp32", "fp16", "int8") if precision not in RUNTIMES[to].lacks]


def size_of(path: Path) -> int:
    """Return the bytes of an exported model, with NCNN's second file, or of all files in Core ML's folder."""
    files = (
        path.rglob("*") if path.is_dir() else [path, *([path.with_suffix(".bin")] if path.suffix == ".param" else [])]
    )
    return sum(file.stat().st_size for file in files if file.is_file())


@contextmanager
def _folder_beside(path: Path) -> Iterator[Path]:
    """Make a folder to write a file in before it gets its name."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-")
    except OSError as error:
        raise PictureError(f"{shown(path)}: cannot be written ({error.strerror})") from error
    with folder as place:
        yield Path(place)


@contextmanager
def _silenced() -> Iterator[None]:
    """Take what converters print, page by page, off the screen; errors are raised."""
    sys.stdout.flush()
    screen = os.dup(1)
    with caught_stderr(lambda _: True), Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(screen, 1)
            os.close(screen)
