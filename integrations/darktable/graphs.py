"""The two graphs for darktable, as ONNX files of one input and one output: (1, 3, H, W) sRGB in [0, 1] to the same."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))  # where noise_graph.py is
from noise_graph import estimate, sigma

from pielight.models import find
from pielight.training.export.onnx import as_onnx
from pielight.training.networks.denoise_net import DenoiseNet, cells_of, pictures_of
from pielight.training.networks.joint_model import load_enhancer
from pielight.training.networks.weights import fill, read_weights

TILE = 768  # pixels along each side of darktable's tiles, of which 64 overlap on each side; a multiple of 8
LEVEL = 0.8  # of the noise that is estimated: grain is left rather than texture taken


class Denoiser(nn.Module):
    """The shipped denoiser for plain denoising: of each tile it estimates shot and read noise, and takes that out.

    Args:
        level: Factor for the noise that is estimated.
    """

    def __init__(self, level: float = LEVEL) -> None:
        super().__init__()
        self.network, self.level = DenoiseNet(), level
        weights = find("denoise").path.with_suffix(".safetensors")
        fill(self.network, read_weights(weights), weights)

    def forward(self, picture: Tensor) -> Tensor:
        """Return the picture ``(1, 3, H, W)`` without its noise; sides are multiples of 8."""
        shot, read = estimate(picture)
        means = F.avg_pool2d(F.pad(F.avg_pool2d(picture, 4), (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        spread = self.level * sigma(means, shot, read)
        level = ((means + spread).clamp_max(1) - (means - spread).clamp_min(0)) / 2
        noise = pictures_of(self.network(cells_of(picture), level))
        return (picture - noise).clamp(0, 1)


def denoise_graph() -> bytes:
    """Return the denoiser for tiles of 768 x 768."""
    example = {"input": torch.rand(1, 3, TILE, TILE, generator=torch.Generator().manual_seed(0))}
    return as_onnx(Denoiser().eval(), example, ["output"], {})


def brighten_graph() -> bytes:
    """Return ``free`` for whole pictures of any size, without denoising: thumbnail, network, map and exposure."""
    enhancer, _ = load_enhancer("free")
    axes = {2: "height", 3: "width"}
    example = {"input": torch.rand(1, 3, 48, 64, generator=torch.Generator().manual_seed(0))}
    return as_onnx(enhancer.eval(), example, ["output"], {"input": axes, "output": axes})
