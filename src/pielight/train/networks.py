"""The networks that look at a picture and return its curve maps."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.errors import ConfigError, ModelError
from pielight.train.physics.exposure import smooth_step

ITERATIONS = 8
_HELD = 0.7  # share of the enhancement that a night scene does without
_DCE_KEYS = [f"e_conv{i}.{part}" for i in range(1, 8) for part in ("weight", "bias")]


class DCENet(nn.Module):
    """The paper's full-resolution network: 7 convolutions with symmetric skip connections.

    ``(N, 3, H, W)`` in [0, 1] to ``(N, 24, H, W)`` in [-1, 1]; 79,416 parameters (Zero-DCE, CVPR 2020, fig. 2;
    PIE, IJCV 2024, keeps it). The parameter names are those of the public checkpoints.

    >>> sum(p.numel() for p in DCENet().parameters())
    79416
    """

    def __init__(self) -> None:
        super().__init__()
        self.e_conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.e_conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.e_conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.e_conv4 = nn.Conv2d(32, 32, 3, padding=1)
        self.e_conv5 = nn.Conv2d(64, 32, 3, padding=1)
        self.e_conv6 = nn.Conv2d(64, 32, 3, padding=1)
        self.e_conv7 = nn.Conv2d(64, 3 * ITERATIONS, 3, padding=1)
        for parameter in self.parameters():  # weights as published, N(0, 0.02)
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0.0, 0.02)
            else:
                nn.init.zeros_(parameter)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the curve maps ``(N, 24, H, W)`` of pictures ``(N, 3, H, W)``."""
        x1 = F.relu(self.e_conv1(pictures))
        x2 = F.relu(self.e_conv2(x1))
        x3 = F.relu(self.e_conv3(x2))
        x4 = F.relu(self.e_conv4(x3))
        x5 = F.relu(self.e_conv5(torch.cat([x3, x4], 1)))
        x6 = F.relu(self.e_conv6(torch.cat([x2, x5], 1)))
        return torch.tanh(self.e_conv7(torch.cat([x1, x6], 1)))


class LatticeNet(nn.Module):
    """Our default: sees the picture at one small size, returns a small lattice of curve parameters.

    ``(N, 3, S, S)`` in [0, 1] to ``(N, 24, S/8, S/8)`` in [-1, 1]. An encoder of stride-2 convolutions down to
    S/32, the global mean and maximum added there, and two steps up with skip connections. The square root of the
    picture goes in beside it, since in very dark ones all the detail is next to zero. What comes out is damped where
    :func:`night_guard` says so.

    >>> import torch
    >>> LatticeNet()(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 24, 8, 8])
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 24, 48, 64, 80)
        self.down = nn.ModuleList(
            nn.Conv2d(i, o, 3, stride=2, padding=1) for i, o in zip((6, *widths), widths, strict=False)
        )
        self.whole = nn.Sequential(nn.Linear(160, 80), nn.LeakyReLU(0.1), nn.Linear(80, 80))
        self.up16 = nn.Conv2d(80 + 64, 56, 3, padding=1)
        self.up8 = nn.Conv2d(56 + 48, 40, 3, padding=1)
        self.mix = nn.Conv2d(40, 40, 3, padding=1)
        self.head = nn.Conv2d(40, 3 * ITERATIONS, 1)
        nn.init.normal_(self.head.weight, 0.0, 0.01)  # start next to the identity
        nn.init.zeros_(self.head.get_parameter("bias"))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the lattice ``(N, 24, S/8, S/8)`` of pictures ``(N, 3, S, S)``."""
        x = torch.cat([pictures, torch.sqrt(pictures + 1e-4)], 1) - 0.5
        levels = []
        for convolution in self.down:
            x = F.leaky_relu(convolution(x), 0.1)
            levels.append(x)
        whole = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)  # the maximum sees a single lamp
        x = x + self.whole(whole)[:, :, None, None]
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = F.leaky_relu(self.up16(torch.cat([x, levels[3]], 1)), 0.1)
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = F.leaky_relu(self.up8(torch.cat([x, levels[2]], 1)), 0.1)
        x = F.leaky_relu(self.mix(x), 0.1)
        return torch.tanh(self.head(x)) * night_guard(pictures)


def night_guard(pictures: Tensor) -> Tensor:
    """Return how far a picture may be enhanced if it is a night scene with lamps, since night should look like night.

    ``1 - 0.7 S(w; 0.7, 0.95) (1 - S(b; 0.08, 0.25))``: b the mean brightness of the brightest tenth of the 8 x 8
    blocks, w the brightest channel of any 2 x 2 pixels, S the smooth step from 0 to 1 between two values. A lamp at
    white in a picture that is black but for it says that it is night. One share for the whole picture, because shares
    that differ from place to place leave dark seams around lamps.

    Beyond the paper: there only the over-exposed negatives hold lamps and skies.

    Args:
        pictures: ``(N, 3, S, S)`` in [0, 1].

    Returns:
        ``(N, 1, 1, 1)`` in [0, 1], the share of the curve parameters that stays.

    >>> night_guard(torch.full((1, 3, 16, 16), 0.5)).flatten()
    tensor([1.])
    """
    blocks = F.avg_pool2d(pictures.mean(1, keepdim=True), 8).flatten(1)
    brightest = blocks.topk(max(1, blocks.shape[1] // 10), dim=1).values.mean(1)
    white = F.avg_pool2d(pictures, 2).amax((1, 2, 3))  # no single hot pixel
    night = smooth_step(white, 0.7, 0.95) * (1 - smooth_step(brightest, 0.08, 0.25))
    return (1 - _HELD * night).view(-1, 1, 1, 1)


def build(name: str) -> nn.Module:
    """Return a fresh network: ``"lattice"`` or ``"dcenet"``.

    Raises:
        ConfigError: for another name.

    >>> type(build("lattice")).__name__
    'LatticeNet'
    """
    networks = {"lattice": LatticeNet, "dcenet": DCENet}
    if name not in networks:
        raise ConfigError(f"network: {name!r} is unknown; choose lattice or dcenet")
    return networks[name]()


def read_dcenet(path: str | Path) -> DCENet:
    """Read a public PIE, SCL-LLE or Zero-DCE checkpoint by its key names, without running any code in it.

    Raises:
        ModelError: if the file is missing, damaged, wants code to be run, or holds another network.
    """
    path = Path(path)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such checkpoint") from None
    except Exception as error:  # noqa: BLE001 - torch raises half a dozen types for a damaged or unsafe file
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{path}: not a safe PyTorch checkpoint ({reason[:120]})") from None
    for wrapper in ("state_dict", "model", "net"):  # common ways to wrap the weights
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if isinstance(state, dict):
        state = {str(key).removeprefix("module."): value for key, value in state.items()}
    if not isinstance(state, dict) or set(state) != set(_DCE_KEYS):
        raise ModelError(f"{path}: not a DCE-Net checkpoint; its keys should be e_conv1.weight to e_conv7.bias")
    network = DCENet()
    for key, value in network.state_dict().items():
        if not isinstance(state[key], Tensor) or state[key].shape != value.shape:
            raise ModelError(f"{path}: {key} should have the shape {tuple(value.shape)}")
    network.load_state_dict({key: value.float() for key, value in state.items()})
    return network.eval()
