"""The network of exposure maps as a graph that converters for phones take: the same numbers by plainer operations."""

from __future__ import annotations

from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import smooth_step
from pielight.ops.exposure import BRIGHTNESS
from pielight.ops.exposure_statistics import NAMES, QUANTILES, SEEN, WHITE_POINT
from pielight.training.export.mobile_color import decode, encode, expose, log2
from pielight.training.networks.exposure_net import (
    BLACK,
    CELL,
    HEADROOM,
    LIGHTS,
    NEAR,
    NIGHT_BLACK,
    NIGHT_BURNT,
    NIGHT_WHITE,
    SIDE,
    ExposureNet,
)  # fmt: skip

INPUTS, OUTPUTS = ("thumbnail", "statistics"), ("exposure", "underexposed")
SHAPES = ((1, 3, SIDE, SIDE), (1, SEEN))
_NODES, _COARSE = SIDE // CELL, SIDE // CELL // 2
_CLIPPED = QUANTILES + 2  # where the levels of green begin among the statistics
_NOISE = QUANTILES + 4


class MapGraph(nn.Module):
    """:class:`pielight.training.networks.exposure_net.ExposureNet` for one picture, without what converters stumble on.

    Edges are repeated by slices and concatenation, means and maxima are pools of fixed size, and there are no branches,
    powers or sizes that are computed. ``thumbnail`` ``(1, 3, 64, 64)`` at its canonical exposure and ``statistics``
    ``(1, SEEN)`` to ``exposure`` ``(1, 1, 16, 16)`` in EV, to be added to the canonical one, and ``underexposed``
    ``(1, 1)``, a probability.

    Args:
        network: What to copy.

    >>> network = ExposureNet().eval()
    >>> seen = torch.rand(1, 3, 64, 64), torch.rand(1, SEEN)
    >>> bool((MapGraph(network)(*seen)[0] - network(*seen)[0]).abs().max() < 1e-3)
    True
    """

    def __init__(self, network: ExposureNet) -> None:
        super().__init__()
        self.network = _with_plain_edges(deepcopy(network).eval())

    def forward(self, thumbnail: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """Return exposures and the probability."""
        network = self.network
        fine = network.down(2 * (thumbnail - BRIGHTNESS))
        coarse = network.deep(fine)
        seen = torch.cat([F.avg_pool2d(coarse, _COARSE).flatten(1), F.max_pool2d(coarse, _COARSE).flatten(1)], 1)
        canonical, light = statistics[:, SEEN - 1 : SEEN], decode(statistics[:, :QUANTILES])
        above = canonical + log2(light[:, : WHITE_POINT + 2].clamp(min=1e-5))
        scene = torch.cat([encode(expose(light, canonical)), above[:, 1:] / 4, above[:, :1] / 8], 1)
        known = torch.cat([_evidence(statistics, light), scene], 1)

        whole = network.whole(torch.cat([seen, scene], 1))
        shift = network.shift(whole)
        up = F.interpolate(network.up(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        mixed = network.mix(torch.cat([fine, up + shift.reshape(1, -1, 1, 1)], 1))
        local = network.local(mixed)
        local = local - F.avg_pool2d(local, _NODES)

        headroom = HEADROOM - above[:, WHITE_POINT : WHITE_POINT + 1]
        black = statistics[:, BLACK.start : BLACK.start + 1]
        for place in range(BLACK.start + 1, BLACK.stop):
            black = black + statistics[:, place : place + 1]
        white = statistics[:, WHITE_POINT : WHITE_POINT + 1]
        lights = smooth_step(black, *NIGHT_BLACK) * smooth_step(white, *NIGHT_WHITE)
        dark = torch.maximum(lights, smooth_step(-headroom, *NIGHT_BURNT))
        anchor = network.share(torch.cat([seen, known], 1)).sigmoid() * headroom * smooth_step(headroom, *NEAR)
        day = anchor + network.level(whole)
        level = day + dark * (headroom + LIGHTS - day)
        exposure = local * (1 - dark).reshape(1, 1, 1, 1) + level.reshape(1, 1, 1, 1)
        return exposure, network.judge(torch.cat([seen, known], 1)).sigmoid()


def _evidence(statistics: Tensor, light: Tensor) -> Tensor:
    """Return :func:`pielight.training.networks.exposure_net.evidence`, without a split into parts."""
    return torch.cat(
        [
            statistics[:, :QUANTILES], statistics[:, SEEN - 1 : SEEN] / 8, 4 * statistics[:, QUANTILES:_CLIPPED],
            statistics[:, _CLIPPED:_NOISE], (1 + statistics[:, _NOISE : _NOISE + 2]).log(),
            statistics[:, _NOISE + 2 : len(NAMES)],
            log2(light[:, WHITE_POINT : WHITE_POINT + 2].clamp(min=1e-4)) / 4,
        ], 1,
    )  # fmt: skip


class PlainEdges(nn.Module):
    """A convolution of 3 x 3 whose edges are repeated by slices and concatenation.

    Args:
        convolution: With the padding mode "replicate".

    >>> convolution = nn.Conv2d(2, 3, 3, 2, padding=1, padding_mode="replicate")
    >>> picture = torch.rand(1, 2, 8, 8)
    >>> bool((PlainEdges(convolution)(picture) - convolution(picture)).abs().max() < 1e-6)
    True
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        channels = convolution.in_channels, convolution.out_channels
        self.inner = nn.Conv2d(*channels, 3, tuple(convolution.stride))  # type: ignore[arg-type]
        self.inner.load_state_dict(convolution.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        """Repeat the edges, and convolve."""
        x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2)
        result: Tensor = self.inner(torch.cat([x[:, :, :, :1], x, x[:, :, :, -1:]], 3))
        return result


def _with_plain_edges(network: ExposureNet) -> ExposureNet:
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Conv2d) and child.padding_mode == "replicate":
                setattr(module, name, PlainEdges(child))
    return network
