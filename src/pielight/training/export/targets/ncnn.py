"""NCNN, for phones and small boards: two text and binary files that pnnx converts from TorchScript."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pielight.core.extras import require
from pielight.errors import ModelError
from pielight.training.export.graph import Arrays, Graph, Precision, Run
from pielight.training.export.targets import torchscript

_UNKNOWN = ("pnnx.", "aten::", "torch.", "F.", "Tensor.", "nn.")  # of layers that NCNN does not have


def write(graph: Graph, path: Path, precision: Precision, samples: list[Arrays]) -> None:
    """Write ``NAME.param``, layers as text, and ``NAME.bin``, weights, beside it.

    Raises:
        ModelError: pnnx fails, or leaves an operation that NCNN does not have.
    """
    require("export-ncnn")
    import pnnx

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torchscript.write(graph, folder / "graph.pt", "fp32", samples)
        shapes = ",".join(f"[{','.join(map(str, shape))}]" for shape in graph.inputs.values())
        done = subprocess.run(
            [pnnx.EXEC_PATH, "graph.pt", f"inputshape={shapes}", f"fp16={int(precision == 'fp16')}"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        param = folder / "graph.ncnn.param"
        if done.returncode or not param.is_file():
            last = " ".join(done.stderr.strip().splitlines()[-1:]) or f"exit status {done.returncode}"
            raise ModelError(f"{path}: pnnx fails ({last[:200]})")
        kinds = {line.split(maxsplit=1)[0] for line in param.read_text().splitlines() if line.strip()}
        if unknown := sorted(kind for kind in kinds if kind.startswith(_UNKNOWN)):
            raise ModelError(f"{path}: NCNN has no {', '.join(unknown)}")
        shutil.move(param, path)
        shutil.move(folder / "graph.ncnn.bin", path.with_suffix(".bin"))


def open_file(path: Path, graph: Graph, threads: int = 1) -> Run:
    """Open the two files in NCNN, which names what goes in and comes out by numbers: in0, out0.

    Raises:
        ModelError: They are damaged.
    """
    require("export-ncnn")
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_fp16_packed = False
    if net.load_param(str(path)) or net.load_model(str(path.with_suffix(".bin"))):
        raise ModelError(f"{path}: damaged, or not an NCNN model")

    def run(values: Arrays) -> list[NDArray[np.float32]]:
        extractor = net.create_extractor()
        inputs = [np.ascontiguousarray(value[0]) for value in values]
        for place, value in enumerate(inputs):
            extractor.input(f"in{place}", ncnn.Mat(value).clone())  # its own memory, aligned
        found = [np.array(extractor.extract(f"out{place}")[1])[np.newaxis] for place in range(len(graph.outputs))]
        return [value[np.newaxis] if graph.what == "map" and value.ndim == 3 else value for value in found]

    return run
