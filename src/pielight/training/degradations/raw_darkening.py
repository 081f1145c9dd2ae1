"""Darkening of raw pictures: a photograph as the same camera would have published it with too little light."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.ops.exposure import exposure_curve
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import draw, jpeg, log_uniform, quantize
from pielight.training.schema.degradations import RawDarkeningConfig

_PLAIN, _STEEPEST = 0.6, 2.0  # share of cameras without a tone curve, and the most EV of one
_RED, _BLUE = (1.4, 2.6), (1.4, 2.4)  # gains of white balance, green's being 1
_READ = (0.3, 10.0)  # variance of the read noise over the square of the shot noise's
_DEMOSAICED, _SIGMA = 0.6, (0.4, 0.9)  # share of pictures whose noise is blurred, and how far in pixels
_BLACK_LEVEL = (1e-6, 2e-4)  # deviation of its error, a part of full light (log-uniform)
_CAST = 0.05  # deviation of the logarithm of each channel's gain: white balance is never quite right
_QUALITY = (60, 95)  # of JPEG


def darken_raw(picture: Tensor, ev: Tensor | float, config: RawDarkeningConfig, generator: Generator) -> Tensor:
    """Darken a photograph in the space of raw pictures, with the noise that comes of it.

    ``y = JPEG(Q8(sRGB(E_c(min(1, g w max(0, r + n + o))))))``, ``r = 2^EV E_-c(lin(x)) / w``: the camera's tone curve,
    an exposure curve of c EV, is undone, and so is its white balance w; n is shot and read noise of each channel,
    blurred by demosaicing in some pictures, o an error of the black level, g a cast; what falls below 0 or beyond 1 is
    clipped in each channel. Noise and clipping lie before white balance, so that shadows turn green, olive or purple as
    a camera's do, and learning by inversion takes it out.

    Args:
        picture: ``(3, H, W)`` in [0, 1].
        ev: EV, a number or ``(1, H, W)``; 0 adds noise alone.

    Returns:
        ``(3, H, W)`` in [0, 1], in 8 bits.

    >>> gray = torch.full((3, 32, 32), 0.5)
    >>> bool(darken_raw(gray, -3.0, RawDarkeningConfig(), Generator().manual_seed(0)).mean() < 0.3)
    True
    """
    tone = 0.0 if draw(0, 1, generator) < _PLAIN else draw(0, _STEEPEST, generator)
    red, blue = draw(*_RED, generator), draw(*_BLUE, generator)
    balance = torch.tensor([red, 1.0, blue]).view(3, 1, 1)
    raw = exposure_curve(srgb_to_linear(picture), -tone) / balance * 2.0 ** torch.as_tensor(ev)
    shot = float(log_uniform((1,), *config.shot_noise, generator))
    read = shot * shot * draw(*_READ, generator)
    noise = torch.randn(picture.shape, generator=generator)
    if draw(0, 1, generator) < _DEMOSAICED:
        noise = blur(noise[:, None], draw(*_SIGMA, generator))[:, 0]
        noise = noise / noise.std().clamp_min(1e-6)
    deviation = float(log_uniform((1,), *_BLACK_LEVEL, generator))
    black = deviation * float(torch.randn((), generator=generator))
    seen = (raw + noise * (shot * raw + read).sqrt() + black).clamp_min(0)
    cast = torch.exp(_CAST * torch.randn((3, 1, 1), generator=generator))
    light = (seen * balance).clamp(0, 1) * cast
    dark = quantize(linear_to_srgb(exposure_curve(light.clamp(0, 1), tone)).clamp(0, 1))
    quality = int(torch.randint(_QUALITY[0], _QUALITY[1] + 1, (), generator=generator))
    return jpeg(dark, quality) if draw(0, 1, generator) < config.compressed else dark
