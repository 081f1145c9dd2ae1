"""Applying a lattice of curves on a device, by torch, and finding the device.

The network of such curves runs on the CPU; the full-resolution picture is processed on the device.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pielight.core.extras import require
from pielight.core.pixels import Pixels, check_pixels, full_scale
from pielight.errors import DeviceError
from pielight.ops.apply import ACROSS_BITS, DOWN_BITS, TABLE_BITS, ToneCurves, node_tables
from pielight.ops.interpolation import TAPS, Axis
from pielight.ops.lut import locate
from pielight.options import DEFAULTS, EnhanceOptions

if TYPE_CHECKING:
    import torch

_CUDA = re.compile(r"cuda(:\d+)?")
_STRIP_VALUES = 1 << 24  # bounds the memory in use on the device


def check_device(device: str) -> torch.device:
    """Return the CUDA device of a name such as ``cuda`` or ``cuda:1``.

    Raises:
        MissingExtraError: torch is not installed.
        DeviceError: There is no such device here.
    """
    if not _CUDA.fullmatch(str(device)):
        raise DeviceError(f"device {str(device)!r} is not supported; use 'cuda' or 'cpu'")
    require("gpu")
    import torch

    try:
        chosen = torch.device(str(device))
        torch.zeros(1, device=chosen).cpu()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0][:120]
        raise DeviceError(f"device {device!r} cannot be used ({reason}); use device='cpu'") from error
    return chosen


def apply(
    pixels: Pixels,
    lattice: ToneCurves,
    device: torch.device,
    options: EnhanceOptions = DEFAULTS,
    out: Pixels | None = None,
) -> Pixels:
    """Do what :func:`pielight.ops.apply.apply` does, on a device; 8-bit pictures to the bit.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or float32 / float64 in [0, 1].
        lattice: The curves.
        device: From :func:`check_device`.
        options: Strength and protection of highlights.
        out: Where to put the result; may be ``pixels`` itself.

    Raises:
        OptionError: The array is not a picture.
        DeviceError: The device's memory does not suffice.

    >>> import torch
    >>> from pielight import CurveLattice, EnhanceOptions
    >>> dark = np.full((4, 6, 3), 51, np.uint8)
    >>> flat = CurveLattice(np.full((1, 3, 2, 2), -1.0))
    >>> apply(dark, flat, torch.device("cpu"), EnhanceOptions(highlights=0))[0, 0].tolist()
    [92, 92, 92]
    """
    import torch

    check_pixels(pixels)
    out = np.empty(pixels.shape, pixels.dtype) if out is None else out
    if options.strength == 0:
        out[...] = pixels
        return out
    try:
        with torch.inference_mode():
            _apply(pixels, lattice, device, options, out)
    except torch.OutOfMemoryError as error:
        raise DeviceError(f"device {str(device)!r}: not enough memory; use device='cpu'") from error
    return out


def _apply(pixels: Pixels, lattice: ToneCurves, device: torch.device, options: EnhanceOptions, out: Pixels) -> None:
    import torch

    height, width, channels = pixels.shape
    whole = pixels.dtype == np.uint8
    tables = node_tables(lattice, options, not whole, channels)
    down, across, _, entries = tables.shape
    rows, columns = Axis.of(height, down), Axis.of(width, across)
    kind = torch.int64 if whole else torch.float32

    def there(array: Any) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    flat = there(tables.astype(np.int64 if whole else np.float32)).reshape(down, across * channels * entries)
    column_weight = there(columns.integers(ACROSS_BITS).astype(np.int64) if whole else columns.weight).to(kind)
    row_weight = there(rows.integers(DOWN_BITS).astype(np.int64) if whole else rows.weight).to(kind)
    taps = np.arange(TAPS) - 1
    row_nodes = there(np.clip(rows.node[:, np.newaxis] + taps, 0, down - 1).astype(np.int64))
    column_nodes = np.clip(columns.node[:, np.newaxis] + taps, 0, across - 1)
    base = there(((column_nodes[:, :, np.newaxis] * channels + np.arange(channels)) * entries).astype(np.int64))

    strip = max(1, _STRIP_VALUES // (width * channels * TAPS))
    for top in range(0, height, strip):
        part = slice(top, top + strip)
        values = pixels[part]
        level: Any
        if whole:
            level, rest = there(values).long(), None
        else:
            at, after = locate(values.astype(np.float32) / np.float32(full_scale(pixels.dtype)))
            level, rest = there(at).long(), there(after)

        def looked_up(level: torch.Tensor, part: slice = part) -> torch.Tensor:
            """Blend nine nodes' tables at each pixel's level, (h, W, channels)."""
            index = base + level[:, :, None, :]  # (h, W, taps, channels)
            total = torch.zeros(level.shape, dtype=kind, device=device)
            for across_tap in range(TAPS):
                column = torch.full(level.shape, int(whole), dtype=kind, device=device)
                for down_tap in range(TAPS):
                    offset = row_nodes[part, down_tap, None, None] * flat.shape[1]
                    taps = flat.reshape(-1)[index[:, :, across_tap] + offset]
                    weighed = taps * row_weight[part, down_tap, None, None]
                    column += weighed >> DOWN_BITS if whole else weighed
                total += column * column_weight[:, across_tap, None]
            return total

        if rest is None:
            shift = ACROSS_BITS + TABLE_BITS
            out[part] = ((looked_up(level) + (1 << (shift - 1))) >> shift).to(torch.uint8).cpu().numpy()
        else:
            low, high = looked_up(level), looked_up(level + 1)
            result = (low + rest * (high - low)).clamp(0, 1).cpu().numpy()
            out[part] = np.floor(result * np.float32(65535) + np.float32(0.5)) if out.dtype == np.uint16 else result
