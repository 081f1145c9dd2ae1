"""What tells an underexposed picture from a dark one, counted on a tensor's device as the CPU's engine counts it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pielight.core.color import LUMA_WEIGHTS
from pielight.ops.exposure_statistics import DEEP_LEVELS, OF_BRIGHTEST, OF_LUMA, TILE, TO_SIGMA, sampled, tile_places


def exposure_counts(pictures: Tensor) -> Tensor:
    """Return :func:`pielight.ops.exposure_statistics.exposure_statistics` of each picture, up to rounding.

    No gradient passes. :func:`pielight.ops.exposure_statistics_torch.exposure_statistics` has one, and is exported.

    Args:
        pictures: ``(N, 1 or 3, H, W)``: uint8, or floats in [0, 1].

    Returns:
        ``(N, 17)``, float32.

    >>> exposure_counts(torch.full((1, 3, 40, 60), 51, dtype=torch.uint8))[0, [0, 4, 8, 10, 12]].round(decimals=2)
    tensor([0.2000, 0.2000, 0.0000, 0.0000, 0.0000])
    """
    rows, columns = sampled(*pictures.shape[-2:])
    planes = pictures[..., rows, columns].flatten(2)
    levels = planes.int() if planes.dtype == torch.uint8 else _rounded(planes, 255)
    green = _histogram(levels[:, levels.shape[1] // 2], 256)
    low, high = _places(green, (0.01, 0.99)).split(1, 1)
    index = torch.arange(256, device=green.device)
    empty = ((green == 0) & (index >= low) & (index <= high)).sum(1)
    width = (high - low + 1)[:, 0]
    counts = [
        (levels.amax(1) >= 250).float().mean(1), (levels.amin(1) <= 1).float().mean(1), empty / width, width / 256,
        *torch.quantile(_noise(pictures), torch.tensor([0.25, 0.5], device=green.device), dim=1),
        *((levels == level).float().mean((1, 2)) for level in (0, 1, 2)),
    ]  # fmt: skip
    return torch.cat([_quantiles(planes), torch.stack(counts, 1)], 1)


def _quantiles(planes: Tensor) -> Tensor:
    """Return the quantiles of the brightest channel and of luma of planes ``(N, C, P)``, in [0, 1]."""
    most = 255 if planes.dtype == torch.uint8 else DEEP_LEVELS - 1
    deep = planes.int() if planes.dtype == torch.uint8 else _rounded(planes, most)
    weights = [round(64 * weight) for weight in LUMA_WEIGHTS] if deep.shape[1] == 3 else [64]
    luma = (deep * torch.tensor(weights, device=deep.device, dtype=deep.dtype).view(-1, 1)).sum(1)
    of_brightest = _places(_histogram(deep.amax(1), most + 1), OF_BRIGHTEST) / most
    return torch.cat([of_brightest, _places(_histogram(luma, 64 * most + 1), OF_LUMA) / (64 * most)], 1).float()


def _rounded(planes: Tensor, most: int) -> Tensor:
    return (planes.float() * most + 0.5).int()


def _histogram(values: Tensor, bins: int) -> Tensor:
    """Return how often each number below ``bins`` is in each row of values ``(N, P)``."""
    offsets = torch.arange(len(values), device=values.device)[:, None] * bins
    return torch.bincount((values + offsets).flatten(), minlength=len(values) * bins).view(-1, bins)


def _places(counts: Tensor, shares: Sequence[float]) -> Tensor:
    """Return the least levels that so large shares of what histograms count do not exceed, ``(N, len(shares))``."""
    below = counts.cumsum(1).double()
    wanted = below[:, -1:] * torch.tensor(shares, dtype=torch.float64, device=below.device)
    return torch.searchsorted(below, wanted)


def _noise(pictures: Tensor) -> Tensor:
    """Return the standard deviation of noise of green in each tile, in levels of 8 bits; [0] of a tiny picture."""
    height, width = pictures.shape[-2:]
    if min(height, width) < TILE:
        return torch.zeros((len(pictures), 1), device=pictures.device)
    rows, columns = (torch.from_numpy(tile_places(side)).to(pictures.device) for side in (height, width))
    green = pictures[:, pictures.shape[1] // 2][:, rows][:, :, columns].float()
    tiles = green.view(len(green), -1, TILE, len(columns) // TILE, TILE)
    vertical = tiles[:, :, :-2] - 2 * tiles[:, :, 1:-1] + tiles[:, :, 2:]
    response = (vertical[..., :-2] - 2 * vertical[..., 1:-1] + vertical[..., 2:]).abs()
    scale = TO_SIGMA * (1 if pictures.dtype == torch.uint8 else 255)
    deviation: Tensor = response.mean((2, 4)).flatten(1) * scale
    return deviation
