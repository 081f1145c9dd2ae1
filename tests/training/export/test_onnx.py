"""Networks as ONNX files: names, free axes, and the same numbers."""

from __future__ import annotations

import onnxruntime
import pytest
import torch

from pielight.training.export.onnx import as_onnx, lattice_onnx
from pielight.training.networks.lattice_net import LatticeNet


def test_a_lattice_network_maps_thumbnail_to_alphas() -> None:
    network = LatticeNet().eval()
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
