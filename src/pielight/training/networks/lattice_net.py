"""A network of curves: a small picture in, a small lattice of curves out, which are applied to the picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.ops.light_curve import light_curve
from pielight.training.schema import LatticeConfig


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


class Trunk(nn.Module):
    """What the networks of lattices share: an encoder, a view of the whole picture, and steps up to the lattice.

    ``(N, 6, S, S)`` to maps ``(N, C, S / cell, S / cell)`` and what is known of the whole picture ``(N, D)``; S is a
    multiple of 32. An encoder of stride-2 convolutions down to S/32, the global mean and maximum added there, and
    steps up with skip connections.
    """

    def __init__(self, config: LatticeConfig) -> None:
        super().__init__()
        widths = _scaled(config.width, 16, 24, 48, 64, 80)
        self.down = nn.ModuleList(_convolution(i, o, 2) for i, o in zip((6, *widths), widths, strict=False))
        last = widths[-1]
        self.whole = nn.Sequential(nn.Linear(2 * last, last), nn.LeakyReLU(0.1), nn.Linear(last, last))
        self.steps = [cell for cell in (16, 8, 4) if cell >= config.cell]
        for cell, skip, width in zip(self.steps, widths[3:0:-1], _scaled(config.width, 56, 40, 32), strict=False):
            self.add_module(f"up{cell}", _convolution(last + skip, width))
            last = width
        (self.mixed,) = _scaled(config.width, 40)
        self.mix = _convolution(last, self.mixed)

    def maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maps and what is known of the whole of what is seen, ``(N, 6, S, S)``."""
        levels = []
        for convolution in self.down:
            x = F.leaky_relu(convolution(x), 0.1)
            levels.append(x)
        whole = self.whole(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))  # the maximum sees a single lamp
        x = x + whole[:, :, None, None]
        for cell, skip in zip(self.steps, levels[3:0:-1], strict=False):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = F.leaky_relu(self.get_submodule(f"up{cell}")(torch.cat([x, skip], 1)), 0.1)
        return F.leaky_relu(self.mix(x), 0.1), whole


class LatticeNet(Trunk):
    """Sees the picture at one small size, returns a small lattice of curve parameters.

    ``(N, 3, S, S)`` in [0, 1] to ``(N, 3 * iterations, S / cell, S / cell)`` in [-1, 1], by default
    ``(N, 12, S/8, S/8)``; S is a multiple of 32. The square root of the picture goes in beside it, since in very dark
    ones all the detail is next to zero.

    >>> import torch
    >>> LatticeNet()(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 12, 8, 8])
    >>> LatticeNet(LatticeConfig(iterations=8, cell=16))(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 24, 4, 4])
    """

    def __init__(self, config: LatticeConfig | None = None) -> None:
        config = config or LatticeConfig()
        super().__init__(config)
        self.shared = config.channels == 1
        self.head = nn.Conv2d(self.mixed, config.channels * config.iterations, 1)
        nn.init.normal_(self.head.weight, 0.0, 0.01)  # start next to the identity
        nn.init.zeros_(self.head.get_parameter("bias"))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the lattice ``(N, 3 * iterations, S / cell, S / cell)`` of pictures ``(N, 3, S, S)``."""
        seen = torch.cat([pictures, torch.sqrt(pictures + 1e-4)], 1) - 0.5
        alphas = torch.tanh(self.head(self.maps(seen)[0]))
        return alphas.repeat_interleave(3, 1) if self.shared else alphas


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    # Edges are replicated, since zeros tell the network where corners are, and it lifts them less.
    return nn.Conv2d(channels, width, 3, stride, padding=1, padding_mode="replicate")


def _scaled(factor: float, *widths: int) -> list[int]:
    return [max(1, round(factor * width)) for width in widths]
