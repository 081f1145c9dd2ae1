"""The enhancer as one differentiable module, alone or in front of a downstream model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from pielight.errors import ConfigError, ModelError
from pielight.models import find
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.export.model_files import stored_settings
from pielight.training.networks.denoise_net import VisibleNoise
from pielight.training.networks.lattice_net import LatticeNet, render
from pielight.training.schema import LatticeConfig
from pielight.training.schema.config_file import validate


class EnhancerModule(nn.Module):
    """Pictures of any size in, enhanced pictures out, with gradients all the way.

    ``(N, 3, H, W)`` in [0, 1] to the same: :func:`thumbnail`, the lattice network, its curves laid over the picture
    (:func:`pielight.training.networks.lattice_net.render`), and the noise that they show taken out.

    Args:
        network: Maps ``(N, 3, size, size)`` to curve parameters ``(N, 3 * iterations, h, w)``.
        size: Side of the thumbnail.
        denoiser: Takes the noise out of what the curves made of the picture; None leaves it in.

    >>> import torch
    >>> EnhancerModule(LatticeNet(), 64)(torch.rand(2, 3, 30, 50)).shape
    torch.Size([2, 3, 30, 50])
    """

    def __init__(self, network: nn.Module, size: int, denoiser: VisibleNoise | None = None) -> None:
        super().__init__()
        self.network, self.size, self.denoiser = network, size, denoiser

    def forward(self, pictures: Tensor) -> Tensor:
        """Enhance pictures ``(N, 3, H, W)`` in [0, 1]."""
        alphas = self.curves(pictures)
        bright = render(pictures, alphas)
        if self.denoiser is not None:
            noise: Tensor = self.denoiser(pictures, bright, alphas)
            bright = (bright - noise).clamp(0, 1)
        return bright

    def curves(self, pictures: Tensor) -> Tensor:
        """Return the curve parameters ``(N, 3 * iterations, h, w)`` of pictures."""
        alphas: Tensor = self.network(thumbnail(pictures, self.size))
        return alphas


def load_enhancer(weights: str, denoise: bool = False) -> tuple[EnhancerModule, LatticeConfig]:
    """Load an enhancer to go on learning.

    Args:
        weights: Name of a shipped model, or a ``.safetensors`` file that `pielight train` or `pielight joint` wrote.
        denoise: Whether it takes out noise, starting from the shipped denoiser.

    Returns:
        The enhancer, and the size of its network.

    Raises:
        ModelError: if the file is missing, damaged, or holds another network.
    """
    path = Path(weights) if Path(weights).suffix else find(weights).path.with_suffix(".safetensors")
    state, settings = read_weights(path), {}
    try:
        with suppress(KeyError):  # the default sizes, if it holds no settings
            settings = stored_settings(path)
        lattice = validate(LatticeConfig, settings.get("lattice", {}), warn=False)
        size = int(settings.get("data", {}).get("size", 256))
    except (ConfigError, AttributeError, TypeError, ValueError):
        raise ModelError(f"{path}: does not tell the size of its network; take a file that pielight wrote") from None
    network = LatticeNet(lattice)
    fill(network, state, path)
    denoiser = None
    if denoise:
        denoiser = VisibleNoise()
        source = find("denoise").path.with_suffix(".safetensors")
        fill(denoiser.network, read_weights(source), source)
    return EnhancerModule(network, size, denoiser), lattice


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file, which holds no code.

    Raises:
        ModelError: if it is missing, damaged, or of another kind.
    """
    if path.suffix != ".safetensors":
        raise ModelError(f"{path}: weights should be a .safetensors file, which holds no code")
    if not path.is_file():
        raise ModelError(f"{path}: no such file of weights")
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: damaged weights ({str(error)[:80]})") from None


def fill(network: nn.Module, state: dict[str, Tensor], path: Path) -> None:
    """Load weights into a network.

    Raises:
        ModelError: if they are another network's.
    """
    expected = network.state_dict()
    for key in (*expected, *state):
        if key not in state or key not in expected:
            raise ModelError(f"{path}: weights of another network; {'lacks' if key in expected else 'has'} {key}")
        if state[key].shape != expected[key].shape:
            shape = tuple(expected[key].shape)
            raise ModelError(f"{path}: {key} has the shape {tuple(state[key].shape)}; expected {shape}")
    network.load_state_dict(state)


class JointModel(nn.Module):
    """A downstream model behind an enhancer.

    Args:
        enhancer: Maps pictures ``(N, 3, H, W)`` in [0, 1] to the same; None leaves them as they are.
        downstream: Maps them to its outputs.

    >>> import torch
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

    >>> import torch
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
