"""Graphs to be written for other runtimes: a module of fixed shapes, and the names of what goes in and comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.inference.descriptor import kinds_for
from pielight.models import find
from pielight.options import BRIGHTEN
from pielight.training.export import map_graph
from pielight.training.export.full_graph import FullGraph
from pielight.training.export.map_graph import MapGraph
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.networks.weights import read_exposure_net

What = Literal["map", "full"]
Precision = Literal["fp32", "fp16", "int8"]
Arrays = Sequence[NDArray[np.float32]]
Run = Callable[[Arrays], list[NDArray[np.float32]]]
"""Runs a file on the inputs of one picture, and returns its outputs, both in the order of the graph."""


@dataclass(frozen=True, eq=False)
class Graph:
    """What is exported.

    Attributes:
        what: ``map``, from a thumbnail and statistics to exposures, or ``full``, from picture to picture.
        module: In evaluation mode.
        inputs: Shapes by name, in order.
        outputs: Names, in order.
    """

    what: What
    module: nn.Module
    inputs: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]

    def example(self) -> tuple[Tensor, ...]:
        """Return inputs to trace the module with: dark ones, since statistics are shares."""
        return tuple(
            torch.rand(shape, generator=torch.Generator().manual_seed(0)) / 2 for shape in self.inputs.values()
        )


def make_graph(network: ExposureNet, what: What, width: int, height: int) -> Graph:
    """Return a graph of a network.

    Args:
        network: What predicts the map.
        what: See :class:`Graph`.
        width: Of the pictures of ``full``.
        height: Likewise.

    Raises:
        OptionError: Pictures of that size are not possible.

    >>> make_graph(ExposureNet(), "map", 0, 0).inputs
    {'thumbnail': (1, 3, 64, 64), 'statistics': (1, 18)}
    """
    if what == "map":
        shapes = dict(zip(map_graph.INPUTS, map_graph.SHAPES, strict=True))
        return Graph("map", MapGraph(network).eval(), shapes, map_graph.OUTPUTS)
    return Graph("full", FullGraph(network, height, width).eval(), {"picture": (1, 3, height, width)}, ("enhanced",))


def read_network(name_or_path: str) -> tuple[ExposureNet, Path]:
    """Read a network of exposure maps, shipped or a user's own, and return it with its ONNX file.

    Args:
        name_or_path: A shipped one by name, or the ``.onnx`` or ``.safetensors`` file that ``pielight train`` or
            ``finetune`` wrote; both lie side by side.

    Raises:
        ModelError: There is none, or it is another kind of model.

    >>> read_network("free")[1].name
    'free.onnx'
    """
    brightening = sorted(name for kind in kinds_for(BRIGHTEN) for name in kind.shipped)
    if not Path(name_or_path).suffix and name_or_path not in brightening:
        known = ", ".join(brightening)
        raise ModelError(f"{name_or_path}: no model that brightens; choose one of {known}, or give a file of your own")
    path = Path(name_or_path)
    path = path.with_suffix(".onnx") if path.suffix == ".safetensors" else find(name_or_path, names=brightening).path
    weights = path.with_suffix(".safetensors")
    if not weights.is_file():
        raise ModelError(f"{name_or_path}: {weights.name} is missing beside it, from which a graph is built")
    if not path.is_file():
        raise ModelError(f"{name_or_path}: {path.name} is missing beside it, with which results are compared")
    return read_exposure_net(weights)[0], path
