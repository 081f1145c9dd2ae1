"""What tells an underexposed picture from a dark one, for tensors: with gradients of quantiles, exported to ONNX."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.core.color import LUMA_WEIGHTS

_SIDE = 256  # of the sample of pixels
_TILE, _TILES = 16, 16  # pixels along each side of a tile, and tiles along each side of the picture
_OF_BRIGHTEST, _OF_LUMA = (0.5, 0.9, 0.99, 0.999, 1), (0.001, 0.01, 0.1)
_TO_SIGMA = (torch.pi / 2) ** 0.5 / 6


def exposure_statistics(pictures: Tensor) -> Tensor:
    """Return the numbers of :func:`pielight.ops.exposure_statistics.exposure_statistics` of each picture.

    Gradients pass the quantiles; shares, levels and noise pass none.

    Differs from that one: 256 x 256 pixels are looked at, the nearest ones, and noise in tiles that lie side by side,
    since a graph has sorting but no histograms. On photographs quantiles differ by about a level of 255.

    Args:
        pictures: ``(N, 3, H, W)`` sRGB in [0, 1].

    Returns:
        ``(N, 17)``.

    >>> exposure_statistics(torch.full((1, 3, 40, 60), 0.2))[0, [0, 4, 8, 10, 12]].round(decimals=2).tolist()
    [0.20000000298023224, 0.20000000298023224, 0.0, 0.0, 0.0]
    """
    planes = F.interpolate(pictures, (_SIDE, _SIDE), mode="nearest").flatten(2)
    luma = (planes * planes.new_tensor(LUMA_WEIGHTS).view(1, 3, 1)).sum(1)
    quantiles = [_quantiles(planes.amax(1), _OF_BRIGHTEST), _quantiles(luma, _OF_LUMA)]
    with torch.no_grad():
        levels = (planes * 255 + 0.5).floor()
        counts = torch.stack(
            [
                (levels.amax(1) >= 250).to(planes).mean(1), (levels.amin(1) <= 1).to(planes).mean(1),
                *_comb(levels[:, 1]), *_noise(pictures[:, 1]),
                *((levels == level).to(planes).mean((1, 2)) for level in (0, 1, 2)),
            ], 1,
        )  # fmt: skip
    return torch.cat([*quantiles, counts], 1)


def _quantiles(values: Tensor, shares: Sequence[float]) -> Tensor:
    """Return the least of the values ``(N, P)`` that so large shares of them do not exceed, ``(N, len(shares))``."""
    count = _SIDE * _SIDE
    places = [max(0, -int(-share * count // 1) - 1) for share in shares]
    ordered = values.sort(1).values
    return torch.stack([ordered[:, place] for place in places], 1)


def _comb(green: Tensor) -> tuple[Tensor, Tensor]:
    """Return the share of empty levels between the quantiles of 1 and 99 percent, and this range of 256."""
    ordered = green.sort(1).values
    low, high = _quantiles(green, (0.01, 0.99)).split(1, 1)
    after = ordered[:, 1:]
    found = 1 + ((after > ordered[:, :-1]) & (after > low) & (after <= high)).to(green).sum(1)
    levels = (high - low + 1)[:, 0]
    return 1 - found / levels, levels / 256


def _noise(green: Tensor) -> tuple[Tensor, Tensor]:
    """Return the quartile and the median of the noise of tiles, in levels of 8 bits; 0 of a tiny picture."""
    if min(green.shape[-2:]) < _TILE + 2:
        nothing = torch.zeros_like(green[:, 0, 0])
        return nothing, nothing
    vertical = green[:, :-2] - 2 * green[:, 1:-1] + green[:, 2:]
    response = (vertical[..., :-2] - 2 * vertical[..., 1:-1] + vertical[..., 2:]).abs()
    tiles = F.interpolate(F.avg_pool2d(response[:, None], _TILE), (_TILES, _TILES), mode="nearest").flatten(1)
    ordered = 255 * _TO_SIGMA * tiles.sort(1).values
    last = _TILES * _TILES - 1
    quarter, half = (last * share for share in (0.25, 0.5))
    return _between(ordered, quarter), _between(ordered, half)


def _between(ordered: Tensor, place: float) -> Tensor:
    below = int(place)
    part = place - below
    return (1 - part) * ordered[:, below] + part * ordered[:, below + 1]
