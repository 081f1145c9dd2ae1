"""ExecuTorch, PyTorch's own runtime for phones, with XNNPACK for CPUs."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pielight.core.extras import require
from pielight.training.export.graph import Arrays, Graph, Precision, Run


def write(graph: Graph, path: Path, precision: Precision, samples: list[Arrays]) -> None:
    """Write a ``.pte`` file."""
    del precision, samples
    require("export-executorch")
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(graph.module, graph.example())
        lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
        path.write_bytes(lowered.to_executorch().buffer)


def open_file(path: Path, graph: Graph, threads: int = 1) -> Run:
    """Open a file in ExecuTorch."""
    del graph, threads
    require("export-executorch")
    from executorch.runtime import Runtime

    method = Runtime.get().load_program(str(path)).load_method("forward")

    def run(values: Arrays) -> list[NDArray[np.float32]]:
        return [found.numpy().copy() for found in method.execute([torch.from_numpy(value) for value in values])]

    return run
