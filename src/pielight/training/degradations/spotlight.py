"""Night scenes made of photographs: lit parts on black, as stages, streets and monuments are published."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, luma, srgb_to_linear
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import draw, log_uniform, quantize, uniform

_DARKEST, _LIGHTEST = 4.0, 9.0  # EV of what is not lit, below what it was
_SECOND = 0.3  # share of pictures with two spots
_SIZE, _EDGE = (0.1, 0.38), (0.01, 0.3)  # half a spot's height and width as shares of the picture's; its soft edge
_OWN = 0.4  # share of pictures whose own bright parts are what is lit


def spotlight(picture: Tensor, generator: Generator) -> Tensor:
    """Leave light on parts of a photograph only: ``sRGB(lin(x) (m + (1 - m) 2^-d))``.

    m is 1 in one or two ellipses or boxes with a soft edge, or where the picture is brightest; d is drawn between 4 and
    9 EV. That is how a night scene is published, and how it should stay.

    Args:
        picture: ``(3, H, W)`` in [0, 1].

    Returns:
        ``(3, H, W)`` in [0, 1], in 8 bits.

    >>> gray = torch.full((3, 32, 32), 0.5)
    >>> bool(spotlight(gray, Generator().manual_seed(0)).mean() < 0.4)
    True
    """
    height, width = picture.shape[-2:]
    y = (torch.arange(height) + 0.5).view(-1, 1) / height
    x = (torch.arange(width) + 0.5).view(1, -1) / width
    lit = torch.zeros(height, width)
    for _ in range(2 if draw(0, 1, generator) < _SECOND else 1):
        center_y, center_x = uniform((2,), 0.2, 0.8, generator).tolist()
        tall, wide = uniform((2,), *_SIZE, generator).tolist()
        v, u = (y - center_y) / tall, (x - center_x) / wide
        distance = torch.maximum(v.abs(), u.abs()) if draw(0, 1, generator) < 0.5 else torch.hypot(v, u)
        lit = torch.maximum(lit, torch.sigmoid((1 - distance) / log_uniform((1,), *_EDGE, generator)))
    if draw(0, 1, generator) < _OWN:
        gray = blur(luma(picture[None]), 2.0)[0, 0]
        lit = torch.sigmoid((gray - gray.flatten()[::7].quantile(draw(0.7, 0.95, generator))) / 0.03)
    rest = 2.0 ** -draw(_DARKEST, _LIGHTEST, generator)
    return quantize(linear_to_srgb(srgb_to_linear(picture) * (lit + (1 - lit) * rest)))
