"""The enhancer as one differentiable module, alone or in front of a downstream model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pielight.core.color_torch import smooth_step
from pielight.errors import ModelError
from pielight.inference.exposure_map import SURE, UNSURE
from pielight.models import find
from pielight.ops.exposure_statistics_torch import exposure_statistics
from pielight.ops.exposure_torch import apply_exposure, canonical_exposure
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.networks.denoise_net import VisibleNoise
from pielight.training.networks.exposure_net import SIDE, render
from pielight.training.networks.weights import fill, read_exposure_net, read_weights
from pielight.training.schema import ExposureConfig


class EnhancerModule(nn.Module):
    """Pictures of any size in, enhanced pictures out, with gradients all the way.

    ``(N, 3, H, W)`` in [0, 1] to the same: :func:`~pielight.ops.thumbnail_torch.thumbnail` and its
    :func:`~pielight.ops.exposure_torch.canonical_exposure`, the network, its map of exposures laid over the picture
    (:func:`~pielight.ops.exposure_torch.apply_exposure`), and the noise that this shows taken out. As in inference, the
    probability that a picture is underexposed says how much of the map it gets.

    Args:
        network: As :class:`pielight.training.networks.exposure_net.ExposureNet`.
        denoiser: Takes the noise out of what the map made of the picture; None leaves it in.

    >>> from pielight.training.networks.exposure_net import ExposureNet
    >>> EnhancerModule(ExposureNet(0.25).eval())(torch.rand(2, 3, 30, 50)).shape
    torch.Size([2, 3, 30, 50])
    """

    def __init__(self, network: nn.Module, denoiser: VisibleNoise | None = None) -> None:
        super().__init__()
        self.network, self.denoiser = network, denoiser

    def forward(self, pictures: Tensor) -> Tensor:
        """Enhance pictures ``(N, 3, H, W)`` in [0, 1]."""
        ev = self.exposure(pictures)
        with _full_precision(pictures):
            bright = apply_exposure(pictures, ev)
        if self.denoiser is not None:
            noise: Tensor = self.denoiser(pictures, bright, ev)
            bright = (bright - noise).clamp(0, 1)
        return bright

    def exposure(self, pictures: Tensor) -> Tensor:
        """Return the maps of pictures, ``(N, 1, h, w)`` in EV."""
        with _full_precision(pictures):
            small = thumbnail(pictures, SIDE)
            canonical = canonical_exposure(small)
            statistics = torch.cat([exposure_statistics(pictures), canonical.flatten(1)], 1)
            seen = render(small, canonical)
        exposure, probability = self.network(seen, statistics)
        ev: Tensor = canonical + exposure.to(canonical)
        return smooth_step(probability.to(canonical)[..., None, None], UNSURE, SURE) * ev


def _full_precision(pictures: Tensor) -> torch.autocast:
    """Return a context in which products of matrices are not rounded to 8 bits, as half precision does."""
    return torch.autocast(pictures.device.type, enabled=False)


def load_enhancer(weights: str, denoise: bool = False) -> tuple[EnhancerModule, ExposureConfig]:
    """Load an enhancer to go on learning.

    Args:
        weights: Name of a shipped model, or a ``.safetensors`` file that `pielight train` or `pielight joint` wrote.
        denoise: Whether it takes out noise, starting from the shipped denoiser.

    Returns:
        The enhancer, and what its network was trained with.

    Raises:
        ModelError: if the file is missing, damaged, or holds another network, such as one of light-enhancement curves.
    """
    path = Path(weights) if Path(weights).suffix else find(weights).path.with_suffix(".safetensors")
    network, config = read_exposure_net(path)
    denoiser = None
    if denoise:
        denoiser = VisibleNoise()
        source = find("denoise").path.with_suffix(".safetensors")
        fill(denoiser.network, read_weights(source), source)
    return EnhancerModule(network, denoiser), config


class JointModel(nn.Module):
    """A downstream model behind an enhancer.

    Args:
        enhancer: Maps pictures ``(N, 3, H, W)`` in [0, 1] to the same; None leaves them as they are.
        downstream: Maps them to its outputs.

    >>> bright, outputs = JointModel(None, nn.AvgPool2d(2))(torch.zeros(1, 3, 4, 6))
    >>> outputs.shape
    torch.Size([1, 3, 2, 3])
    """

    def __init__(self, enhancer: nn.Module | None, downstream: nn.Module) -> None:
        super().__init__()
        self.enhancer, self.downstream = enhancer, downstream

    def forward(self, pictures: Tensor) -> tuple[Tensor, Any]:
        """Return the enhanced pictures and the downstream model's outputs for them."""
        bright = pictures if self.enhancer is None else self.enhancer(pictures)
        return bright, self.downstream(bright)

    def learns(self, who: str, settled: bool = False) -> None:
        """Let ``enhancer``, ``downstream`` or ``both`` learn; what does not is frozen, its statistics included.

        Args:
            settled: Whether statistics of batch normalization stay as they are where both learn. Those of a few dark
                and clean pictures at a time take a trained model from what it knew of clean ones.
        """
        for name, part in self.named_children():
            chosen = who in (name, "both")
            part.requires_grad_(chosen)
            part.train(chosen)
        if who == "both" and settled:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                    module.eval()


def named_tensors(outputs: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor of a model's outputs with a name: of a tensor, a list or tuple, or a dict.

    Raises:
        ModelError: if something else is in them.

    >>> [name for name, _ in named_tensors({"a": torch.zeros(1), "b": (torch.zeros(1), torch.zeros(1))})]
    ['a', 'b_0', 'b_1']
    """
    if isinstance(outputs, Tensor):
        yield "output", outputs
        return
    if not isinstance(outputs, dict | list | tuple):
        raise ModelError(f"downstream: returned {type(outputs).__name__}; expected tensors, in a list or dict or alone")
    for key, value in outputs.items() if isinstance(outputs, dict) else enumerate(outputs):
        for name, tensor in named_tensors(value):
            yield (str(key) if isinstance(value, Tensor) else f"{key}_{name}"), tensor


class Flat(nn.Module):
    """A module whose outputs are one tuple of tensors, as an export wants it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return every tensor of the outputs."""
        return tuple(tensor for _, tensor in named_tensors(self.module(pictures)))
