"""The network of dehazing: a small picture in, how much light passes the haze, and the color of the haze, out."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEVELS = 4  # brightnesses at which a node has a transmission
LEAST = 0.08  # transmission: beyond a gain of 12 noise and blocks are all that comes out
KEPT = 0.95  # of the haze that is taken away: a trace of it shows what is far (He, Sun and Tang)
_FEW = 0.02  # share of a brightness below which the mean of all counts more
_NEAR = 9  # pixels along each side of the patch whose least brightness is seen
CELL = 8  # pixels of the thumbnail from one node to the next
_DOWN = (16, 24, 48, 64, 80)  # channels of the encoder, each level at half the sides of the one before
_UP = (56, 40)  # channels at a sixteenth and at an eighth, where the nodes are
_MIXED = 40
_SLOPE = 0.1  # of leaky rectifiers below 0


class Trunk(nn.Module):
    """The network up to its heads: an encoder, a view of the whole picture, and steps up to the nodes.

    ``(N, 6, S, S)`` to maps ``(N, 40, S / 8, S / 8)`` and what is known of the whole picture ``(N, 80)``; S is a
    multiple of 32. An encoder of stride-2 convolutions down to S/32, the global mean and maximum added there, and
    steps up with skip connections.
    """

    def __init__(self) -> None:
        super().__init__()
        last = _DOWN[-1]
        self.down = nn.ModuleList(_convolution(i, o, 2) for i, o in pairwise((6, *_DOWN)))
        self.whole = nn.Sequential(nn.Linear(2 * last, last), nn.LeakyReLU(_SLOPE), nn.Linear(last, last))
        self.up16 = _convolution(last + _DOWN[3], _UP[0])
        self.up8 = _convolution(_UP[0] + _DOWN[2], _UP[1])
        self.mix = _convolution(_UP[1], _MIXED)

    def maps(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maps and what is known of the whole of what is seen, ``(N, 6, S, S)``."""
        levels = []
        for convolution in self.down:
            x = F.leaky_relu(convolution(x), _SLOPE)
            levels.append(x)
        whole = self.whole(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))  # the maximum sees a single lamp
        x = x + whole[:, :, None, None]
        for step, skip in ((self.up16, levels[3]), (self.up8, levels[2])):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = F.leaky_relu(step(torch.cat([x, skip], 1)), _SLOPE)
        return F.leaky_relu(self.mix(x), _SLOPE), whole


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Conv2d:
    # Edges are replicated, since zeros tell the network where corners are.
    return nn.Conv2d(channels, width, 3, stride, padding=1, padding_mode="replicate")


class HazeNet(Trunk):
    """Sees the picture at one small size, returns a lattice of transmissions and the airlight.

    ``(N, 3, S, S)`` in [0, 1] to ``(N, 4 + 3, S / 8, S / 8)``: at each node the transmission of what is black,
    dark, light and white there, in [0.08, 1], and the airlight's R, G and B in [0, 1], the same at all nodes. A node
    that has a transmission for each brightness tells a near dark thing from the far sky beside it, as a bilateral
    grid does.

    ``t = 1 - w d / A`` with d the dark channel (He, Sun and Tang, CVPR 2009): the least channel nearby, which clear air
    leaves dark nearly everywhere. The share w in (0, 1), which they set to 0.95, is what the network says, since of
    white walls the dark channel is wrong. Each of the four brightnesses has the dark channel of its own pixels, see
    :func:`by_brightness`. The least of each channel nearby goes into the network, too, and the airlight
    is not below the lightest m of it, ``A = m + (1 - m) a``: haze is brighter than all that it hides but white things.

    >>> HazeNet()(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 7, 8, 8])
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(_MIXED, LEVELS, 1)
        self.air = nn.Linear(_DOWN[-1], 3)
        for layer, start in ((self.head, 0.0), (self.air, 0.0)):  # half of the dark channel, and half way to white
            nn.init.normal_(layer.get_parameter("weight"), 0.0, 0.01)
            nn.init.constant_(layer.get_parameter("bias"), start)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return transmissions and airlight ``(N, 7, S / 8, S / 8)`` of pictures ``(N, 3, S, S)``."""
        least = least_nearby(pictures)
        maps, whole = self.maps(torch.cat([pictures, least], 1) - 0.5)
        lightest = least.amax((2, 3), keepdim=True)
        air = lightest + (1 - lightest) * torch.sigmoid(self.air(F.leaky_relu(whole, _SLOPE)))[:, :, None, None]
        dark = by_brightness((least / air.clamp_min(0.3)).amin(1, keepdim=True), pictures, CELL)
        passed = LEAST + (1 - LEAST) * (1 - torch.sigmoid(self.head(maps)) * dark)
        return torch.cat([passed, air.expand(-1, -1, *passed.shape[-2:])], 1)


def shares(pictures: Tensor) -> list[Tensor]:
    """Return how much each of the four brightnesses has of every value: ``max(0, 1 - |3 x - k|)``.

    >>> [share.item() for share in shares(torch.tensor(0.5))]
    [0.0, 0.5, 0.5, 0.0]
    """
    place = pictures * (LEVELS - 1)
    return [(1 - (place - level).abs()).clamp_min(0) for level in range(LEVELS)]


def by_brightness(values: Tensor, pictures: Tensor, cell: int) -> Tensor:
    """Return the mean of values around each node, of the pixels of each brightness alone.

    ``(sum_p g_p s_k(p) v_p + e sum_p g_p v_p) / (sum_p g_p s_k(p) + e)``: s as in :func:`shares`, g a smooth window of
    nine cells, e = 0.02, so that a brightness that is not there has the mean of all. The splat of a bilateral grid
    (Chen, Paris and Durand, SIGGRAPH 2007): what is near and dark does not mix with the far wall behind it.

    Args:
        values: ``(N, 1, H, W)``.
        pictures: ``(N, 3, H, W)`` in [0, 1].
        cell: Pixels from one node to the next.

    Returns:
        ``(N, 4, H / cell, W / cell)``.

    >>> pictures = (torch.arange(64) // 32).float().expand(1, 3, 64, 64)
    >>> by_brightness(pictures[:, :1], pictures, 8)[0, :, 4, 4].round(decimals=1)
    tensor([0.0000, 0.6000, 0.6000, 1.0000])
    """
    near = torch.cat([share.mean(1, keepdim=True) for share in shares(pictures)], 1)
    mean, weighted, weight = (_around(F.avg_pool2d(x, cell)) for x in (values, values * near, near))
    return (weighted + _FEW * mean) / (weight + _FEW)


def _around(nodes: Tensor) -> Tensor:
    """Blur by two boxes of 5 x 5 nodes, edges replicated."""
    for _ in range(2):
        nodes = F.avg_pool2d(F.pad(nodes, (2, 2, 2, 2), mode="replicate"), 5, 1)
    return nodes


def least_nearby(pictures: Tensor) -> Tensor:
    """Return the least of the 9 x 9 values around each, edges replicated (erosion), ``(N, C, H, W)`` to the same.

    Minima of minima: each step doubles the length that they cover, which takes a tenth of the time of ``max_pool2d``.

    >>> least_nearby(torch.arange(20.0).view(1, 1, 1, 20))[0, 0, 0, ::5]
    tensor([ 0.,  1.,  6., 11.])
    """
    for axis, pad in ((2, (0, 0, _NEAR // 2, _NEAR // 2)), (3, (_NEAR // 2, _NEAR // 2, 0, 0))):
        least, covered, side = F.pad(pictures, pad, mode="replicate"), 1, pictures.shape[axis]
        while covered < _NEAR:
            step = min(covered, _NEAR - covered)
            length = side + _NEAR - covered - step
            least = torch.minimum(least.narrow(axis, 0, length), least.narrow(axis, step, length))
            covered += step
        pictures = least
    return pictures


class Exported(nn.Module):
    """The network with two outputs, as inference reads them: ``transmission`` (N, 4, h, w) and ``airlight`` (N, 3).

    ``t' = 1 - 0.95 (1 - t)``: training takes all haze away, and what is deployed leaves a trace of it.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return transmissions and the airlight."""
        outputs = self.network(pictures)
        return 1 - KEPT * (1 - outputs[:, :LEVELS]), outputs[:, LEVELS:, 0, 0]


def passed_light(pictures: Tensor, outputs: Tensor) -> Tensor:
    """Return the transmission of every channel of every pixel ``(N, 3, H, W)``: of its place and brightness.

    ``t(x) = sum_k s_k(x) t_k``, s as in :func:`shares`, with t_k interpolated bilinearly between the nodes, x the
    channel's value.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        outputs: As :class:`HazeNet` returns them.
    """
    levels = F.interpolate(outputs[:, :LEVELS], pictures.shape[-2:], mode="bilinear", align_corners=False)
    return torch.stack([share * levels[:, k : k + 1] for k, share in enumerate(shares(pictures))]).sum(0)


def cleared(pictures: Tensor, outputs: Tensor) -> Tensor:
    """Take haze away: ``J = (I - A) / t + A``, atmospheric scattering solved for the clear picture.

    Args:
        pictures: I, ``(N, 3, H, W)`` in [0, 1].
        outputs: t and A, as :class:`HazeNet` returns them.

    Returns:
        J, ``(N, 3, H, W)`` in [0, 1].

    >>> outputs = torch.cat([torch.full((1, 4, 2, 2), 0.5), torch.full((1, 3, 2, 2), 0.8)], 1)
    >>> cleared(torch.full((1, 3, 4, 4), 0.6), outputs).unique()
    tensor([0.4000])
    """
    air = outputs[:, LEVELS:, :1, :1]
    return ((pictures - air) / passed_light(pictures, outputs) + air).clamp(0, 1)
