"""Darkening: a well-exposed picture as a camera with too little light would have taken it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, luma, srgb_to_linear
from pielight.training.data.regions import region_means
from pielight.training.degradations.exposure import blur, camera_response, expose
from pielight.training.degradations.noise import chance, quantize, sensor_noise, uniform
from pielight.training.schema import DarkeningConfig


def exposure_map(
    pictures: Tensor, labels: Tensor, config: DarkeningConfig, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Draw an exposure in EV for every pixel: one for the picture, or one for its dark and its bright part.

    A regional sample splits a picture by the rank of its regions' brightness (backlight: what is dark gets even
    less light), by random regions, or by a smooth random field (falling light), each as likely as the other two
    together for the first; the edge is softened by a random width. In a night scene only lamps and what they light
    are bright.

    Returns:
        EV ``(N, 1, h, w)``, <= 0, and the share of it that is to stay ``(N, 1, 1, 1)``, 0 but for night scenes.
    """
    n, height, width = labels.shape
    gray = F.interpolate(luma(pictures), (height, width), mode="area")
    night = chance((n, 1, 1, 1), config.night, generator)
    part = torch.cat([dark_part(gray[i : i + 1], labels[i : i + 1], bool(night[i]), generator) for i in range(n)])
    sigma = float(uniform((1,), 0.3, max(0.31, height / 16), generator))
    part = torch.where(night, part, blur(part, sigma))
    everywhere = uniform((n, 1, 1, 1), *config.stops, generator)
    base = torch.where(night, 0.0, uniform((n, 1, 1, 1), *config.regional_base, generator))
    deeper = torch.where(
        night,
        uniform((n, 1, 1, 1), *config.night_stops, generator),
        uniform((n, 1, 1, 1), *config.regional_stops, generator),
    )
    regional = chance((n, 1, 1, 1), config.regional, generator)
    touched = ~chance((n, 1, 1, 1), config.untouched, generator)
    stops = torch.where(regional, base + deeper * part, everywhere) * touched
    return stops.expand(n, 1, height, width), config.night_kept * (night & regional & touched)


def darken(pictures: Tensor, labels: Tensor, config: DarkeningConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    """Darken well-exposed pictures as a camera with too little light would have taken them.

    ``y = Q8(C(sRGB(g * 2^EV * lin(C^-1(x)) + o + noise)))`` with the exposure of :func:`exposure_map`, the camera's
    response C, white-balance gains g, black-level errors o, shot and read noise in linear light and 8-bit
    quantization Q8.

    Args:
        labels: Regions ``(N, h, w)``, of the same or a smaller size.

    Returns:
        The darkened pictures ``(N, 3, H, W)`` in [0, 1], quantized to 8 bits, and what should come back of them
        ``(N, 3, h, w)``: the pictures, night scenes with ``config.night_kept`` of their EV.

    >>> gray, one = torch.full((1, 3, 32, 32), 0.5), torch.zeros(1, 32, 32, dtype=torch.int32)
    >>> config = DarkeningConfig(untouched=0, regional=0, stops=(-2, -2))
    >>> dark, target = darken(gray, one, config, Generator().manual_seed(0))
    >>> bool(dark.mean() < 0.3), bool(target.mean() == 0.5)
    (True, True)
    """
    n = len(pictures)
    stops, kept = exposure_map(pictures, labels, config, generator)
    full = F.interpolate(stops, pictures.shape[-2:], mode="bilinear", align_corners=False)
    cast = 1 + uniform((n, 3, 1, 1), -config.white_balance, config.white_balance, generator)
    contrast = uniform((n, 1, 1, 1), *config.camera_response, generator)
    seen = srgb_to_linear(camera_response(pictures, 1 / contrast))
    offset = uniform((n, 3, 1, 1), -config.black_level, config.black_level, generator)
    dark = sensor_noise(
        (seen * torch.exp2(full) * cast + offset).clamp_min(0), config.shot_noise, config.read_noise, generator
    )
    touched = (stops != 0).flatten(1).any(1).view(n, 1, 1, 1)
    dark = torch.where(touched, quantize(camera_response(linear_to_srgb(dark.clamp(0, 1)), contrast)), pictures)
    small = F.interpolate(pictures, labels.shape[-2:], mode="area")
    return dark, torch.where(kept > 0, expose(small, kept * stops), small)


def dark_part(gray: Tensor, labels: Tensor, night: bool, generator: Generator) -> Tensor:
    """Draw which part of one picture is dark, as a mask ``(1, 1, h, w)`` in [0, 1].

    ``sigmoid(4 (c - rank) / s)``, rank that of the pixel in a field: the gray level at night; else the means of regions
    (half of the time), a random value per region or smooth noise; c and s, the share and the softness, are drawn.

    >>> dark_part(torch.rand(1, 1, 8, 8), torch.zeros(1, 8, 8).int(), True, Generator().manual_seed(0)).shape
    torch.Size([1, 1, 8, 8])
    """
    kind = float(uniform((1,), 0.0, 1.0, generator))
    height, width = gray.shape[-2:]
    means = region_means(gray, labels)
    if night:
        field = gray
    elif kind < 0.5:
        field = means
    elif kind < 0.75:
        keys, index = means.flatten().unique(return_inverse=True)  # regions that share a mean share a draw
        field = uniform((len(keys),), 0.0, 1.0, generator)[index].view_as(means)
    else:
        coarse = uniform((1, 1, 4, 4), 0.0, 1.0, generator)
        field = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)
    rank = field.flatten().argsort().argsort().view_as(field).to(gray.dtype) / field.numel()
    middle = uniform((1,), 0.92, 0.998, generator) if night else uniform((1,), 0.2, 0.98, generator)
    softness = uniform((1,), 0.02, 0.1 if night else 0.5, generator)
    return torch.sigmoid((middle - rank) / (softness / 4))
