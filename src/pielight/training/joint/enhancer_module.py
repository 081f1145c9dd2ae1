"""The enhancer as one differentiable module: thumbnail, lattice, curves and, if wanted, denoising."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from pielight.errors import ConfigError, ModelError
from pielight.models import find
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.config_file import validate
from pielight.training.joint.visible_noise import VisibleNoise
from pielight.training.networks.lattice_net import LatticeNet
from pielight.training.networks.render import render
from pielight.training.schema import LatticeConfig
from pielight.training.yaml_reader import parse_yaml


class EnhancerModule(nn.Module):
    """Pictures of any size in, enhanced pictures out, with gradients all the way.

    ``(N, 3, H, W)`` in [0, 1] to the same: :func:`thumbnail`, the lattice network, its curves laid over the picture
    (:func:`pielight.training.networks.render.render`), and the noise that they show taken out.

    Args:
        network: Maps ``(N, 3, size, size)`` to curve parameters ``(N, 3 * iterations, h, w)``.
        size: Side of the thumbnail.
        denoiser: Takes the noise out of what the curves made of the picture; None leaves it in.

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
    state = read_weights(path)
    try:
        with safe_open(path, "pt") as file:
            told = parse_yaml((file.metadata() or {}).get("config", "")) or {}
        lattice = validate(LatticeConfig, told.get("lattice", {}), warn=False)
        size = int(told.get("data", {}).get("size", 256))
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
