"""The finishing pass on the device of a tensor: the same arithmetic as :mod:`pielight.ops.finish`."""

from __future__ import annotations

import torch
from torch import Tensor

from pielight.ops.black_point import toe_of
from pielight.ops.finish import Finish, levels_table, root_knots, srgb_knots

_TINY = torch.finfo(torch.float32).tiny


def finished(source: Tensor, result: Tensor, finish: Finish) -> Tensor:
    """Return what :func:`pielight.ops.finish.apply_finish` makes of a result.

    Args:
        source: The picture before, ``(C, H, W)``: uint8, int32 for 16 bits, or floats in [0, 1].
        result: What the enhancement made of it, of the same shape and type.

    >>> gray = torch.full((3, 1, 1), 128, dtype=torch.uint8)
    >>> finished(gray, gray, Finish(warmth=0.5)).flatten().tolist()
    [138, 126, 109]
    """
    matrix = torch.from_numpy(finish.matrix()).to(result.device)
    light = _light(result)
    if finish.black > 0:
        before, after = _light(source).amax(0, keepdim=True), light.amax(0, keepdim=True)
        square, toe = (after * after).clamp_min(_TINY), float(toe_of(finish.black))
        kept = before + (after - before) * (square / (square + toe * toe))
        light = light * torch.where(after > before, kept / after.clamp_min(_TINY), 1.0)
    if len(matrix) and len(result) == 3:
        light = torch.stack([(row[:, None, None] * light).sum(0) for row in matrix]).clamp(0, 1)
    values = _between(torch.from_numpy(root_knots()).to(light.device), light.sqrt()).clamp(0, 1)
    if result.is_floating_point():
        return values.to(result.dtype)
    return (values * (255 if result.dtype == torch.uint8 else 65535) + 0.5).floor().to(result.dtype)


def _light(pixels: Tensor) -> Tensor:
    if pixels.dtype == torch.uint8:
        return torch.from_numpy(levels_table()).to(pixels.device)[pixels.long()]
    values = pixels.float() / (1.0 if pixels.is_floating_point() else 65535.0)
    return _between(torch.from_numpy(srgb_knots()).to(pixels.device), values)


def _between(table: Tensor, values: Tensor) -> Tensor:
    """Interpolate linearly in a table over [0, 1]."""
    place = values * (len(table) - 1)
    at = place.int().clamp(max=len(table) - 2).long()
    low = table[at]
    return low + (place - at.float()) * (table[at + 1] - low)
