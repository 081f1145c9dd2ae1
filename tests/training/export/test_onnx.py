"""Networks as ONNX files: names, free axes, and the same numbers."""

from __future__ import annotations

import onnx
import onnxruntime
import pytest
import torch

from pielight.ops.exposure_statistics import SEEN
from pielight.training.export.onnx import as_onnx, exposure_onnx, lattice_onnx
from pielight.training.networks.dce_net import DCENet
from pielight.training.networks.exposure_net import SIDE, ExposureNet


def test_a_network_of_curves_maps_thumbnail_to_alphas() -> None:
    network = DCENet().eval()
    session = onnxruntime.InferenceSession(lattice_onnx(network, 64), providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == ["thumbnail"]
    pictures = torch.rand(2, 3, 64, 64)
    (alphas,) = session.run(["alphas"], {"thumbnail": pictures.numpy()})
    assert alphas == pytest.approx(network(pictures).detach().numpy(), abs=1e-5)


def test_inputs_are_in_order_and_axes_free() -> None:
    class Difference(torch.nn.Module):
        def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return a - b

    model = as_onnx(Difference(), {"a": torch.zeros(1, 2), "b": torch.zeros(1, 2)}, ("c",), {"a": {0: "n"}, "b": {}})
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = {"a": torch.ones(3, 2).numpy(), "b": torch.zeros(1, 2).numpy()}
    assert session.run(["c"], inputs)[0].tolist() == [[1, 1]] * 3


def test_a_network_of_exposures_maps_two_inputs_to_two_outputs() -> None:
    network = ExposureNet().eval()
    for layer in (network.level, network.local):
        torch.nn.init.normal_(layer.weight, 0, 0.1)
    content = exposure_onnx(network)
    assert len(content) <= 600_000
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    given = {"thumbnail": torch.rand(2, 3, SIDE, SIDE), "statistics": torch.rand(2, SEEN)}
    found = session.run(["exposure", "underexposed"], {name: value.numpy() for name, value in given.items()})
    for one, expected in zip(found, network(*given.values()), strict=True):
        assert one == pytest.approx(expected.detach().numpy(), abs=1e-5)


def test_graphs_for_phones_hold_no_nodes_that_compute_sizes() -> None:
    graph = onnx.load_from_string(exposure_onnx(ExposureNet().eval())).graph
    assert not {node.op_type for node in graph.node} & {"TopK", "Mod", "Shape", "ConstantOfShape", "Constant", "Cast"}
    constants = {item.name for item in graph.initializer}
    pads = [node for node in graph.node if node.op_type == "Pad"]
    assert pads
    assert all(node.input[1] in constants for node in pads)


def test_a_result_that_is_constant_stays() -> None:
    class Constant(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x + 1, torch.ones(2) * 3

    model = as_onnx(Constant(), {"x": torch.zeros(1)}, ("y", "three"), {"x": {0: "n"}})
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert session.run(["three"], {"x": torch.zeros(1).numpy()})[0].tolist() == [3, 3]
