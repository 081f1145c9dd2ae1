"""The network of Zero-DCE, SCL-LLE and PIE, its curves over pictures, and public checkpoints, read safely."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pielight.errors import DataError, ModelError
from pielight.ops.light_curve import light_curve

ITERATIONS = 8
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


def render(pictures: Tensor, alphas: Tensor) -> Tensor:
    """Enhance pictures with the curve maps that a network returned.

    The maps are interpolated bilinearly to the size of the pictures, then the light-enhancement
    curve (:func:`pielight.ops.light_curve.light_curve`) is iterated at every pixel.

    Differs from :mod:`pielight.ops.apply`: that one blends the results of the curves of the nine
    nearest nodes, by weights of a quadratic B-spline, instead of their parameters, because each is a look-up in a
    table; they differ most where parameters jump, as around lamps (8/255 on a synthetic one).

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        alphas: ``(N, 3 * iterations, h, w)`` in [-1, 1], iteration by iteration, R, G, B in each.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> bright = render(torch.full((1, 3, 4, 4), 0.25), torch.full((1, 3, 2, 2), -1.0))
    >>> bright.unique()
    tensor([0.4375])
    """
    if alphas.shape[-2:] != pictures.shape[-2:]:
        alphas = F.interpolate(alphas, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
    curves: tuple[Tensor, ...] = alphas.split(3, dim=1)
    return light_curve(pictures, curves)


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


Pixels = NDArray[np.uint8]


def published(path: str | Path) -> Callable[[Pixels], Pixels]:
    """Return what enhances ``(H, W, 3)`` uint8 pictures by a checkpoint, at full resolution as published.

    Raises:
        ModelError: if the file is missing, damaged, or holds another network. What is returned raises DataError for a
            picture on which it fails.
    """
    network = read_dcenet(path)
    _flush(network)

    def enhance(pixels: Pixels) -> Pixels:
        with torch.inference_mode():
            picture = torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]
            result = render(picture, network(picture))[0].permute(1, 2, 0).clamp(0, 1)
        if result.isnan().any():
            raise DataError(f"{path}: returns values that are no numbers")
        bright: Pixels = np.rint(result.numpy() * 255).astype(np.uint8)
        return bright

    return enhance


def _flush(network: DCENet) -> None:
    """Set weights to zero that are too small to matter: products with them are denormal, which slows a CPU 30 times."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter[parameter.abs() < 1e-20] = 0
