"""Applying a map of exposures on a device, by torch: the same bits as :mod:`pielight.ops.exposure_map`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import LINEAR_LIMIT, SRGB_LIMIT, SRGB_SLOPE
from pielight.core.pixels import Pixels, check_pixels
from pielight.errors import DeviceError
from pielight.ops.exposure_map import (
    DECODE_KNOTS,
    ENCODE_BITS,
    ENCODE_FIRST,
    MOST_EV,
    NODE_BITS,
    POWERS,
    STEP_BITS,
    WEIGHT_BITS,
    check_map,
    placed,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_STRIP_VALUES = 1 << 24  # bounds the memory in use on the device
_DEEP = 65535.0
_LEAST = int(ENCODE_FIRST.view(np.int32))


def apply_exposure(pixels: Pixels, ev: NDArray[np.float32], device: torch.device, out: Pixels | None = None) -> Pixels:
    """Do what :func:`pielight.ops.exposure_map.apply_exposure` does, on a device, to the bit.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1), sRGB: uint8, uint16, or float32 / float64 in [0, 1].
        ev: Exposures in stops, (h, w).
        device: From :func:`pielight.ops.apply_device.check_device`.
        out: Where to put the result; may be ``pixels`` itself.

    Raises:
        OptionError: The array is not a picture, or the map is none.
        DeviceError: The device's memory does not suffice.

    >>> import torch
    >>> dark = np.full((4, 6, 3), 51, np.uint8)
    >>> int(apply_exposure(dark, np.full((1, 1), 2, np.float32), torch.device("cpu"))[0, 0, 0])
    97
    """
    import torch

    check_pixels(pixels)
    ev = check_map(ev)
    out = np.empty(pixels.shape, pixels.dtype) if out is None else out
    values = pixels.astype(np.int32) if pixels.dtype == np.uint16 else np.ascontiguousarray(pixels)
    try:
        with torch.inference_mode():
            out[...] = expose(torch.from_numpy(values).to(device), ev).cpu().numpy()
    except torch.OutOfMemoryError as error:
        raise DeviceError(f"device {str(device)!r}: not enough memory; use device='cpu'") from error
    return out


def expose(pixels: Tensor, ev: NDArray[np.float32]) -> Tensor:
    """Return a picture on a device, exposed by a map.

    Args:
        pixels: (H, W, 1 or 3), sRGB: uint8, int32 for 16 bits, or float32 / float64 in [0, 1].
        ev: Exposures in stops, (h, w).

    >>> import torch
    >>> int(expose(torch.full((4, 6, 3), 51, dtype=torch.uint8), np.full((1, 1), 2, np.float32))[0, 0, 0])
    97
    """
    import torch

    device, shape = pixels.device, tuple(pixels.shape)

    def there(array: Any) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    whole = pixels.dtype == torch.uint8
    kind = np.dtype(np.uint8 if whole else np.float32)
    nodes, row_node, down, column_node, across, decode, encode = map(there, placed(ev, shape, kind))
    taps = torch.arange(-1, 2, device=device)
    rows = (row_node[:, None] + taps).clamp(0, len(nodes) - 1).long()
    columns = (column_node + taps[:, None]).clamp(0, nodes.shape[1] - 1).long()
    strip = max(1, _STRIP_VALUES // (shape[1] * shape[2]))
    out = torch.empty_like(pixels)
    for top in range(0, shape[0], strip):
        part = slice(top, top + strip)
        of_rows = nodes[rows[part]], down[part, :, None]  # (n, taps, w) and their weights
        if whole:
            steps = _steps(*of_rows, columns, across)
            out[part] = encode[(decode[pixels[part].long()] + steps[..., None]).long()]
        else:
            evs = _blended(*of_rows, columns, across)
            out[part] = _exposed(pixels[part], evs[..., None], decode, encode)
    return out


def _steps(nodes: Tensor, down: Tensor, columns: Tensor, across: Tensor) -> Tensor:
    """Return the exposure of each pixel in steps of the table, (n, W)."""
    row = ((nodes * down).sum(1) + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS
    shift = WEIGHT_BITS + NODE_BITS - STEP_BITS
    return ((row[:, columns] * across).sum(1) + (1 << (shift - 1))) >> shift


def _blended(nodes: Tensor, down: Tensor, columns: Tensor, across: Tensor) -> Tensor:
    """Return the exposure of each pixel in EV, (n, W)."""
    a, b, c = nodes.unbind(1)
    row = b + down[:, 0] * (a - b) + down[:, 2] * (c - b)
    left, middle, right = row[:, columns].unbind(1)
    return middle + across[0] * (left - middle) + across[2] * (right - middle)


def _exposed(pixels: Tensor, ev: Tensor, decode: Tensor, encode: Tensor) -> Tensor:
    """Expose rows (n, W, C) of a deep picture by exposures (n, W, 1); the NumPy engine has the same steps."""
    import torch

    deep = not pixels.is_floating_point()
    x = pixels.float()
    if deep:
        x = x * float(np.float32(1 / _DEEP))
    place = x * DECODE_KNOTS
    at = place.int().clamp(max=DECODE_KNOTS - 1)
    below, above = decode[at.long()], decode[at.long() + 1]
    power = below + (place - at.float()) * (above - below)
    linear = torch.where(x <= float(np.float32(SRGB_LIMIT)), x / float(np.float32(SRGB_SLOPE)), power)
    linear = 1 / (1 + (1 - linear) / (_exp2(ev) * linear))
    limit = float(np.float32(LINEAR_LIMIT))
    bits = linear.clamp_min(limit).view(torch.int32) - _LEAST
    at, rest = (bits >> ENCODE_BITS).long(), bits & ((1 << ENCODE_BITS) - 1)
    power = encode[at] + rest.float() * 2.0**-ENCODE_BITS * (encode[at + 1] - encode[at])
    result = torch.where(linear <= limit, linear * float(np.float32(SRGB_SLOPE)), power)
    result = (result * _DEEP + 0.5).floor() if deep else result
    return torch.where(ev == 0, pixels, result.to(pixels.dtype))


def _exp2(ev: Tensor) -> Tensor:
    import torch

    whole = (ev + (MOST_EV + 0.5)).int() - MOST_EV
    rest = ev - whole.float()
    power = torch.full_like(ev, POWERS[0])
    for factor in POWERS[1:]:
        power = power * rest + factor
    return power * ((whole + 127) << 23).int().view(torch.float32)
