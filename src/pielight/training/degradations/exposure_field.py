"""Exposure fields: by how many stops each part of a photograph is darkened."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import luma
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import draw, uniform
from pielight.training.schema.degradations import RawDarkeningConfig

_SLIGHT, _SLIGHTEST = 0.15, -1.2  # share of pictures that are darkened little, and the most of that in EV
_FALLING = 0.4  # share of regional fields that follow no brightness, as light that falls off does
_ALL_DARK, _BASE = 0.6, (-3.0, 0.0)  # share of regional fields whose bright part is darkened, too, and the EV of that
_DEEPER = (-4.0, -1.0)  # further EV of the dark part
_COARSE = 128  # pixels along the longer side of the field


def even_field(config: RawDarkeningConfig, generator: Generator) -> float:
    """Draw one exposure for a whole picture, in EV below 0.

    >>> -7 <= even_field(RawDarkeningConfig(), Generator().manual_seed(0)) <= 0
    True
    """
    slight = draw(0, 1, generator) < _SLIGHT
    return draw(*((_SLIGHTEST, 0.0) if slight else config.stops), generator)


def regional_field(picture: Tensor, generator: Generator) -> tuple[Tensor, float]:
    """Draw an exposure for every pixel of a picture: a dark and a less dark part with a soft edge between them.

    ``EV = b + d sigmoid((t - f) / s)``: the field f is the picture's own brightness, blurred (backlight: what is dark
    gets even less), or smooth noise (light that falls off), t its quantile at a drawn share, and s a drawn softness.

    Args:
        picture: ``(3, H, W)`` in [0, 1].

    Returns:
        EV ``(1, H, W)``, <= 0, and the EV b of the part that got the most light.

    >>> ev, base = regional_field(torch.rand(3, 16, 24), Generator().manual_seed(0))
    >>> ev.shape, bool(ev.max() <= 0)
    (torch.Size([1, 16, 24]), True)
    """
    height, width = picture.shape[-2:]
    scale = _COARSE / max(height, width)
    small = (max(2, round(height * scale)), max(2, round(width * scale)))
    if draw(0, 1, generator) < _FALLING:
        coarse = uniform((1, 1, 4, 4), 0.0, 1.0, generator)
        field = F.interpolate(coarse, small, mode="bicubic", align_corners=False)
    else:
        field = blur(F.interpolate(luma(picture[None]), small, mode="area"), _COARSE / draw(20, 60, generator))
    middle = field.flatten().quantile(draw(0.3, 0.9, generator))
    softness = field.std().clamp_min(0.02) * draw(0.1, 0.6, generator)
    dark = torch.sigmoid((middle - field) / softness)
    base = draw(*_BASE, generator) if draw(0, 1, generator) < _ALL_DARK else 0.0
    ev = base + draw(*_DEEPER, generator) * dark
    return F.interpolate(ev, (height, width), mode="bilinear", align_corners=False)[0], base
