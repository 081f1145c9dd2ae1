"""Picture to picture in one graph of fixed size: thumbnail, statistics, network, map and curve, for phones."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import smooth_step
from pielight.errors import OptionError
from pielight.inference.exposure_map import SURE, UNSURE
from pielight.ops.exposure import BRIGHTNESS, LEAST_EV, MOST_EV
from pielight.ops.interpolation_torch import spline_weights
from pielight.training.export.graph_statistics import GraphStatistics
from pielight.training.export.map_graph import MapGraph
from pielight.training.export.mobile_color import decode, encode, expose
from pielight.training.networks.exposure_net import CELL, SIDE, ExposureNet

LEAST_SIDE, MOST_SIDE = 4 * SIDE, 4096
_HALVINGS = 11  # of the canonical exposure: 20 EV / 2^11, before a step of Newton's
_STEP = 0.01  # EV, of its difference quotient
_STEEP = 1e4  # makes a sign of a difference


class FullGraph(nn.Module):
    """Brightens pictures ``(1, 3, H, W)`` in [0, 1] of one size, as :func:`pielight.enhance` without denoising.

    The thumbnail is an average pool, the canonical exposure is found by halving and a step of Newton's, and the map is
    laid over the picture by products of matrices. There is no sorting, no branch, no power and no computed size.

    Args:
        network: What predicts the map.
        height: H, a multiple of 64 from 256 to 4096.
        width: W, likewise.

    Raises:
        OptionError: A side is another one.

    >>> FullGraph(ExposureNet(), 256, 320)(torch.rand(1, 3, 256, 320)).shape
    torch.Size([1, 3, 256, 320])
    """

    def __init__(self, network: ExposureNet, height: int, width: int) -> None:
        super().__init__()
        sides = width, height
        near = [min(max(LEAST_SIDE, round(side / SIDE) * SIDE), MOST_SIDE) for side in sides]
        if (near[0], near[1]) != sides:
            raise OptionError(
                f"size {width}x{height}: sides must be multiples of {SIDE} from {LEAST_SIDE} to {MOST_SIDE}; "
                f"take {near[0]}x{near[1]}"
            )
        self.map = MapGraph(network)
        self.statistics = GraphStatistics(height, width)
        self.cells = height // SIDE, width // SIDE
        for name, side in (("rows", height), ("columns", width)):
            self.register_buffer(name, spline_weights(side, SIDE // CELL, torch.zeros(())))

    def forward(self, picture: Tensor) -> Tensor:
        """Return the brightened picture."""
        thumbnail = F.avg_pool2d(picture, self.cells, self.cells)
        light = decode(thumbnail)
        canonical = canonical_exposure(light)
        statistics = torch.cat([self.statistics(picture), canonical.reshape(1, 1)], 1)
        exposure, underexposed = self.map(encode(expose(light, canonical)), statistics)
        share = smooth_step(underexposed, UNSURE, SURE).reshape(1, 1, 1, 1)
        nodes = share * (canonical + exposure).clamp(min=0)
        ev = torch.matmul(torch.matmul(self.get_buffer("rows"), nodes), self.get_buffer("columns").transpose(0, 1))
        return encode(expose(decode(picture), ev)).clamp(0, 1)


def canonical_exposure(light: Tensor) -> Tensor:
    """Return :func:`pielight.ops.exposure.canonical_exposure` of one thumbnail in linear light, ``(1, 1, 1, 1)``.

    >>> round(canonical_exposure(decode(torch.full((1, 3, 4, 4), 0.2))).item(), 1)
    2.3
    """
    half = (MOST_EV - LEAST_EV) / 2
    ev = light[:, :1, :1, :1] * 0 + (MOST_EV - half)
    for _ in range(_HALVINGS):
        half /= 2
        ev = ev + half * ((BRIGHTNESS - _mean(light, ev)) * _STEEP).clamp(-1, 1)
    here = _mean(light, ev)
    slope = ((_mean(light, ev + _STEP) - here) * (1 / _STEP)).clamp(min=1e-3)
    newton = ((BRIGHTNESS - here) / slope).clamp(-2 * half, 2 * half)
    return (ev + newton).clamp(LEAST_EV, MOST_EV)


def _mean(light: Tensor, ev: Tensor) -> Tensor:
    exposed = encode(expose(light, ev))
    return exposed.mean((1, 2, 3), keepdim=True)
