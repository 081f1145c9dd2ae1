"""TorchScript, for LibTorch in C++ and for PyTorch Mobile, which is no longer developed."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from pielight.training.export.graph import Arrays, Graph, Precision, Run


def write(graph: Graph, path: Path, precision: Precision, samples: list[Arrays]) -> None:
    """Write a graph as a TorchScript file; ``fp16`` keeps weights in half precision and computes in single."""
    del samples
    module = graph.module if precision == "fp32" else _halved(graph.module)
    with torch.no_grad():
        torch.jit.trace(module, graph.example(), check_trace=False).save(str(path))


def open_file(path: Path, graph: Graph, threads: int = 1) -> Run:
    """Open a file in torch."""
    del graph, threads
    module = torch.jit.load(str(path)).eval()

    def run(values: Arrays) -> list[object]:
        with torch.inference_mode():
            found = module(*map(torch.from_numpy, values))
        return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]

    return run  # type: ignore[return-value]


class _AsSingle(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight.float()


def _halved(module: nn.Module) -> nn.Module:
    module = deepcopy(module)
    for layer in list(module.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.weight.data = layer.weight.data.half()
            parametrize.register_parametrization(layer, "weight", _AsSingle(), unsafe=True)
    return module.eval()
