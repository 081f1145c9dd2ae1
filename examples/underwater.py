"""A task of one's own: the blue-green cast under water. Train it with

pielight train examples/underwater.yaml --well PHOTOS
pielight --model runs/underwater/underwater.onnx DIVE.jpg
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

import pielight.training as pt

ABSORBED = torch.tensor([0.6, 0.12, 0.06]).view(1, 3, 1, 1)  # of red, green and blue light, a meter of clear sea
VEIL = torch.tensor([0.02, 0.25, 0.3]).view(1, 3, 1, 1)  # the water's own light


def dive(pictures: Tensor, meters: tuple[float, float], generator: Generator) -> Tensor:
    """Sink pictures: ``I_c = J_c exp(-a_c d) + V_c (1 - exp(-a_c d / 3))`` at a depth of d meters."""
    depth = pt.uniform((len(pictures), 1, 1, 1), *meters, generator)
    sunk = pictures * torch.exp(-ABSORBED * depth) + VEIL * (1 - torch.exp(-ABSORBED * depth / 3))
    return pt.quantize(sunk.clamp(0, 1))


def degrade(pictures: Tensor, labels: Tensor, _config: pt.TrainConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    """Return sunk pictures, and the pictures as what should come back."""
    return dive(pictures, (0.0, 5.0), generator), F.interpolate(pictures, labels.shape[-2:], mode="area")


def network() -> nn.Module:
    """Return a network of four curves for each channel at every eighth pixel, (N, 3, S, S) to (N, 12, S/8, S/8)."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 16), (16, 32), (32, 32)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers, nn.Conv2d(32, 12, 1), nn.Tanh())


UNDERWATER = pt.RestorationTask(
    name="underwater",
    degrade=degrade,
    negatives=(
        lambda pictures, _labels, _config, generator: dive(pictures, (1.0, 2.0), generator),
        lambda pictures, _labels, _config, generator: dive(pictures, (4.0, 6.0), generator),
    ),
    build=lambda _config: network(),
    render=pt.render,
    encode=lambda network, config: pt.lattice_onnx(network, config.data.size),
    terms={
        "inversion": pt.inversion_term, "contrastive": pt.contrastive_term,
        "feature_preservation": pt.feature_preservation_term, "regional_consistency": pt.regional_consistency_term,
        "curve_smoothness": pt.curve_smoothness_term,
    },
    defaults={"name": "underwater", "out": "runs/underwater", "losses": {"curve_smoothness": 1.0}},
)  # fmt: skip
