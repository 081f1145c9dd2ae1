"""The default network: a small picture in, a small lattice of curves out, which are applied to the picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import smooth_step
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


_UNRELIABLE, _RELIABLE = 16 / 255, 48 / 255


def damp_shadow_chroma(alphas: Tensor, pictures: Tensor) -> Tensor:
    """Let dark nodes share how their channels differ with the whole picture, since chroma is mostly noise there.

    ``a_c + (1 - S(b; 16/255, 48/255)) (mean_xy d_c - d_c)``, ``d_c = a_c - mean_c a_c``: b the mean gray level of the
    part of the picture around the node, S the smooth step from 0 to 1 between two values, and the sum clipped to
    [-1, 1]. Near black a level of 8 bits is a large part of a channel, and differences between channels turn it into
    blotches; a cast of the whole picture can still be corrected.

    Beyond the paper: there every channel has its own curve everywhere, and the mean color is pulled to gray.

    Args:
        alphas: ``(N, 3 * iterations, h, w)`` in [-1, 1], iteration by iteration, R, G, B in each.
        pictures: ``(N, 3, S, S)`` in [0, 1], S a multiple of h and w.

    Returns:
        The shape of ``alphas``, in [-1, 1].

    >>> import torch
    >>> alphas = torch.tensor([[-0.9, -0.5], [-0.6, -0.6], [-0.3, -0.7]]).view(1, 3, 1, 2)
    >>> damp_shadow_chroma(alphas, torch.full((1, 3, 8, 16), 0.05))[0, :, 0]
    tensor([[-0.7000, -0.7000],
            [-0.6000, -0.6000],
            [-0.5000, -0.5000]])
    """
    cell = int(pictures.shape[-1]) // int(alphas.shape[-1])
    brightness = F.avg_pool2d(pictures.mean(1, keepdim=True), cell)
    shared = 1 - smooth_step(brightness, _UNRELIABLE, _RELIABLE)
    channels = alphas.unflatten(1, (-1, 3))
    difference = channels - channels.mean(2, keepdim=True)
    whole = difference.mean((3, 4), keepdim=True)
    changed: Tensor = channels + shared[:, None] * (whole - difference)
    return changed.flatten(1, 2).clamp(-1, 1)  # a mean of channels near the end has no room for a difference


_NIGHT_CUT = 0.7  # share of the enhancement that a night scene does without


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
    """Our default: sees the picture at one small size, returns a small lattice of curve parameters.

    ``(N, 3, S, S)`` in [0, 1] to ``(N, 3 * iterations, S / cell, S / cell)`` in [-1, 1], by default
    ``(N, 12, S/8, S/8)``; S is a multiple of 32. The square root of the picture goes in beside it, since in very dark
    ones all the detail is next to zero. What comes out of the :class:`Trunk` is damped where
    :func:`night_guard` says so, and differs between channels as
    :func:`~pielight.training.networks.lattice_net.damp_shadow_chroma`
    says.

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
        alphas = torch.tanh(self.head(self.maps(seen)[0])) * night_guard(pictures)
        return alphas.repeat_interleave(3, 1) if self.shared else damp_shadow_chroma(alphas, pictures)


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    # Edges are replicated, since zeros tell the network where corners are, and it lifts them less.
    return nn.Conv2d(channels, width, 3, stride, padding=1, padding_mode="replicate")


def _scaled(factor: float, *widths: int) -> list[int]:
    return [max(1, round(factor * width)) for width in widths]


def night_guard(pictures: Tensor) -> Tensor:
    """Return how far a picture may be enhanced if it is a night scene with lamps, since night should look like night.

    ``1 - 0.7 S(w; 0.7, 0.95) (1 - S(b; 0.08, 0.25))``: b the mean brightness of the brightest tenth of the 32 x 32
    blocks, w the brightest channel of any of 128 x 128 blocks (2 x 2 pixels of 256 x 256), S the smooth step from 0 to
    1 between two values. A lamp at white in a picture that is black but for it says that it is night. One share for
    the whole picture, because shares that differ from place to place leave dark seams around lamps.

    Beyond the paper: there only the over-exposed negatives hold lamps and skies.

    Args:
        pictures: ``(N, 3, S, S)`` in [0, 1]; blocks are of one pixel at least.

    Returns:
        ``(N, 1, 1, 1)`` in [0, 1], the share of the curve parameters that stays.

    >>> night_guard(torch.full((1, 3, 64, 64), 0.5)).flatten()
    tensor([1.])
    """
    side = int(pictures.shape[-1])
    blocks = F.avg_pool2d(pictures.mean(1, keepdim=True), max(1, side // 32)).flatten(1)
    brightest = blocks.topk(max(1, blocks.shape[1] // 10), dim=1).values.mean(1)
    white = F.avg_pool2d(pictures, max(1, side // 128)).amax((1, 2, 3))  # no single hot pixel
    night = smooth_step(white, 0.7, 0.95) * (1 - smooth_step(brightest, 0.08, 0.25))
    return (1 - _NIGHT_CUT * night).view(-1, 1, 1, 1)
