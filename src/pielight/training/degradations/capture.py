"""Capture: what else goes wrong when a badly exposed picture is taken and kept - noise, 8 bits, mild JPEG."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.training.degradations.noise import quantize, sensor_noise
from pielight.training.degradations.random import chance
from pielight.training.schema import CaptureConfig


def capture(pictures: Tensor, config: CaptureConfig, generator: Generator) -> Tensor:
    """Keep pictures as a camera would: some with noise in linear light, all in 8 bits, some as JPEG.

    ``y = JPEG(Q8(sRGB(lin(x) + n)))``, ``n ~ N(0, a lin(x) + b)``: against the signal, noise is the stronger the
    darker a picture is, so that it comes with a low exposure by itself.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        config: Shares and intervals.
        generator: The source of all randomness.

    Returns:
        ``(N, 3, H, W)`` in [0, 1], multiples of 1/255.

    >>> flat = torch.full((1, 3, 8, 8), 0.5)
    >>> (capture(flat, CaptureConfig(noisy=0, compressed=0), torch.Generator()) * 255).unique()
    tensor([128.])
    """
    n = len(pictures)
    noisy = chance((n, 1, 1, 1), config.noisy, generator)
    compressed = chance((n,), config.compressed, generator)
    quality = torch.randint(config.quality[0], config.quality[1] + 1, (n,), generator=generator)
    grain = linear_to_srgb(
        sensor_noise(srgb_to_linear(pictures), config.shot_noise, config.read_noise, generator).clamp(0, 1)
    )
    kept = quantize(torch.where(noisy, grain, pictures).clamp(0, 1))
    for i in compressed.nonzero().flatten().tolist():
        kept[i] = jpeg(kept[i], int(quality[i]))
    return kept


def jpeg(picture: Tensor, quality: int, subsampling: str = "4:2:0") -> Tensor:
    """Return a picture as it comes back from JPEG, by default with color at half the resolution (Pillow, in memory).

    Args:
        picture: ``(3, H, W)`` in [0, 1].
        quality: From 1 to 100, on libjpeg's scale.
        subsampling: ``4:4:4`` for color at full resolution.

    Returns:
        ``(3, H, W)`` in [0, 1].

    >>> jpeg(torch.full((3, 16, 16), 0.2), 75).mul(255).unique()
    tensor([51.])
    """
    pixels = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    back = np.array(Image.open(file))
    return torch.from_numpy(back).permute(2, 0, 1).to(picture.dtype) / 255
