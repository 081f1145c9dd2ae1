"""The noise of a picture, estimated within a graph of fixed size: what `pielight.ops.noise.estimate` finds, in tensors.

Histograms and choices become sorting and masks, so that ONNX holds it. Differs from that function: tiles without any
response, such as the smeared margins that a host pads with, do not count, and nothing is known of JPEG.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.core.color_torch import srgb_to_linear
from pielight.ops.noise import blur_correction

_TILE, _TILES = 16, 16  # pixels along each side of a tile, and tiles along each side of the picture
_BINS, _FLAT, _QUIET, _QUIET_BIAS, _TEXTURE, _TO_SIGMA = 8, 0.3, 0.3, 1.12, 0.5, 1 / 0.6745
_DARKEST, _BRIGHTEST = 0.5 / 255, 0.95
_NOTHING, _FAR, _STEP = 1e-12, 1e9, 1e-3
_RATIOS = np.geomspace(1.0, 48.0, 40)


def estimate(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Return shot and read noise of the channels of a picture, each ``(3, 1, 1)``, in linear light.

    Args:
        picture: ``(1, 3, H, W)`` sRGB in [0, 1], of a size that is fixed when it is exported, at least 16 x 16.
    """
    tiles = _tiles(picture)
    means, halves = tiles.mean((2, 3)), F.avg_pool2d(tiles, 2)
    blocks = F.avg_pool2d(halves, 2)
    seen = _immerkaer(tiles).flatten(2)
    fine, halved, coarse = (each.square().mean((2, 3)) for each in map(_immerkaer, (tiles, halves, blocks)))
    median = seen.abs().sort(2).values[..., int(seen.shape[2]) // 2]
    noise = ((median * _TO_SIGMA).square() - _TEXTURE * (coarse - fine / 16).clamp_min(0)).clamp_min(0)
    relief = (blocks - blocks.mean((2, 3), keepdim=True)).square().mean((2, 3)).sqrt()
    members = _bins(means, (means >= _DARKEST) & (means <= _BRIGHTEST) & (fine > _NOTHING))
    flat = members & (relief[:, None] <= _quantile(relief, members, _FLAT))
    believed = _quantile(noise, flat, _QUIET)[..., 0] * _QUIET_BIAS
    ratio = 4 * _quantile(halved, flat, 0.5)[..., 0] / _quantile(fine, flat, 0.5)[..., 0].clamp_min(_NOTHING)
    count = flat.to(means).sum(2)
    places = (means[:, None] * flat.to(means)).sum(2) / count.clamp_min(1)
    shot, read = _fit(places.clamp(_DARKEST, 1), believed * _blur_correction(ratio), (count > 0).to(means))
    return shot[:, None, None], read[:, None, None]


def sigma(values: Tensor, shot: Tensor, read: Tensor) -> Tensor:
    """Return the standard deviation of the noise at sRGB values: `pielight.ops.noise.Noise.sigma`."""
    of_shot, of_read = _basis(values)
    return (shot * of_shot + read * of_read).sqrt()


def _tiles(picture: Tensor) -> Tensor:
    """Return tiles spread over a picture, ``(3, n, 16, 16)``."""
    sides = (int(side) for side in picture.shape[-2:])
    down, across = (np.linspace(0, side - _TILE, min(_TILES, side // _TILE)).astype(int).tolist() for side in sides)
    rows = torch.cat([picture[0, :, top : top + _TILE] for top in down], 1)
    parts = [rows[:, :, left : left + _TILE].unflatten(1, (len(down), _TILE)) for left in across]
    return torch.cat(parts, 1)


def _immerkaer(tiles: Tensor) -> Tensor:
    rows = tiles[:, :, :-2] - 2 * tiles[:, :, 1:-1] + tiles[:, :, 2:]
    return (rows[..., :-2] - 2 * rows[..., 1:-1] + rows[..., 2:]) / 6


def _bins(means: Tensor, valid: Tensor) -> Tensor:
    """Return which tiles are in each of 8 bins of brightness with about as many valid ones, ``(3, 8, n)``."""
    keys = torch.where(valid, means, means + _FAR)
    before = (keys[:, None, :] < keys[:, :, None]).to(means).sum(2)  # the rank of each
    share = before / valid.to(means).sum(1, keepdim=True).clamp_min(1)
    which = (share * _BINS).floor()
    bins = torch.arange(_BINS).to(means).view(1, -1, 1)
    return (which[:, None] == bins) & valid[:, None]


def _quantile(values: Tensor, members: Tensor, share: float) -> Tensor:
    """Return a quantile of the members of each bin, ``(3, 8, 1)``; of none, a huge value."""
    ordered = torch.where(members, values[:, None], values.new_tensor(_FAR)).sort(2).values
    place = share * (members.to(values).sum(2, keepdim=True) - 1).clamp_min(0)
    low = place.floor()
    index = torch.arange(values.shape[1]).to(values).view(1, 1, -1)  # products in place of gathering
    at_low, at_high = ((index == each).to(values) for each in (low, place.ceil()))
    finite = torch.where(ordered < _FAR, ordered, torch.zeros_like(ordered))
    below, above = ((finite * at).sum(2, keepdim=True) for at in (at_low, at_high))
    return below + (place - low) * (above - below)


def _blur_correction(ratio: Tensor) -> Tensor:
    """Return :func:`pielight.ops.noise.blur_correction`, as a sum of ramps between knots."""
    knots = torch.from_numpy(_RATIOS).to(ratio)
    values = torch.tensor([blur_correction(float(each)) for each in _RATIOS]).to(ratio)
    ramps = (ratio[..., None] - knots[:-1]).clamp_min(0).minimum(knots[1:] - knots[:-1])
    return values[0] + (ramps * (values[1:] - values[:-1]) / (knots[1:] - knots[:-1])).sum(-1)


def _basis(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return what unit shot and unit read noise in linear light are at sRGB values: variances."""
    light = srgb_to_linear(values)
    slope = torch.where(
        values <= 0.04045,
        torch.full_like(values, 1 / 12.92),
        2.4 / 1.055 * ((values.clamp_min(0.04) + 0.055) / 1.055) ** 1.4,
    )
    read = slope**-2
    return light * read, read


def _fit(places: Tensor, variances: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Fit shot and read noise to variances by non-negative least squares, relative errors alike."""
    weight = weight / variances.clamp_min((0.2 / 255) ** 2)
    a, b = (each * weight for each in _basis(places))
    wanted = variances * weight
    aa, bb, ab, aw, bw = ((one * other).sum(1) for one, other in ((a, a), (b, b), (a, b), (a, wanted), (b, wanted)))
    det = (aa * bb - ab * ab).clamp_min(_NOTHING)
    both = (bb * aw - ab * bw) / det, (aa * bw - ab * aw) / det
    alone = (aw / aa.clamp_min(_NOTHING)).clamp_min(0), (bw / bb.clamp_min(_NOTHING)).clamp_min(0)
    errors = [(each[:, None] * one - wanted).square().sum(1) for each, one in zip(alone, (a, b), strict=True)]
    is_both = (both[0] >= 0) & (both[1] >= 0) & (aa * bb - ab * ab > _STEP * aa * bb)
    is_shot = errors[0] <= errors[1]
    zero = torch.zeros_like(aa)
    shot = torch.where(is_both, both[0], torch.where(is_shot, alone[0], zero))
    read = torch.where(is_both, both[1], torch.where(is_shot, zero, alone[1]))
    return shot, read
