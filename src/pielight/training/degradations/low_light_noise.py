"""The physics that the denoiser learns from: what a dark exposure does to a clean photograph, brightened again."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.ops.light_curve import light_curve
from pielight.ops.noise import Noise
from pielight.ops.noise_level import CELL, level, smoothed
from pielight.ops.tone import apply_tone
from pielight.options import EnhanceOptions
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import chance, jpeg, log_uniform, quantize, uniform
from pielight.training.schema import LowLightNoiseConfig

_ITERATIONS = 8


class DenoisingBatch(NamedTuple):
    """A batch of training: noisy pictures, their noise and the clean ones."""

    noisy: Tensor
    """Darkened and brightened again ``(N, 3, H, W)`` in [0, 1]."""
    level: Tensor
    """Of its noise ``(N, 3, H/4, W/4)``."""
    clean: Tensor
    """The same without noise ``(N, 3, H, W)``."""


def denoising_batch(photographs: Tensor, config: LowLightNoiseConfig, generator: Generator) -> DenoisingBatch:
    """Darken clean photographs, with noise and without, and brighten both by one curve.

    ``noisy = f(Q8(sRGB(2^EV lin(x) + n)))`` and ``clean = f(sRGB(2^EV lin(x)))``: n is shot and read noise in linear
    light, blurred and mixed over the channels but of the same variance, Q8 quantization with or without JPEG, and f
    the light-enhancement curve that brings the mean brightness near the photograph's, bounded and sparing
    highlights as every entry point applies it (:func:`pielight.ops.tone.apply_tone`).

    Args:
        photographs: ``(N, 3, H, W)`` in [0, 1]; H and W multiples of 4.
    """
    n = len(photographs)
    shape = (n, 1, 1, 1)
    dark = srgb_to_linear(photographs) * torch.exp2(uniform(shape, *config.stops, generator))
    gains = torch.exp2(uniform((n, 3, 1, 1), -config.white_balance, config.white_balance, generator))
    shot = log_uniform(shape, *config.shot_noise, generator) * gains
    read = log_uniform(shape, *config.read_noise, generator) * gains**2
    noise = unit_noise(photographs.shape, config, generator) * (shot * dark + read).sqrt()
    clean = linear_to_srgb(dark.clamp(0, 1))
    noisy = linear_to_srgb((dark + noise).clamp(0, 1))
    deep = chance(shape, config.high_bit_depth, generator)
    noisy = torch.where(deep, noisy, _stored(noisy, config, generator))
    wanted = photographs.mean((1, 2, 3)) * uniform((n,), *config.brightness, generator)
    curve = partial(_brightened, alphas=_alphas(clean, wanted, generator), highlights=_draw(0.0, 1.0, generator))
    means = np.stack([smoothed(cells) for cells in _last(F.avg_pool2d(noisy, CELL))])
    known = Noise(_last(shot), _last(read), _last((~deep).float() / 255))
    levels = _first(level(means, known, lambda values: _last(curve(_first(values)))))
    error = torch.exp(config.level_error * torch.randn((n, 3, 1, 1), generator=generator))
    return DenoisingBatch(curve(noisy), levels * error, curve(clean))


def unit_noise(shape: tuple[int, ...], config: LowLightNoiseConfig, generator: Generator) -> Tensor:
    """Draw normal noise of variance 1, in some patches blurred and mixed over the channels.

    Args:
        shape: ``(N, 3, H, W)``.

    >>> draw = unit_noise((4, 3, 64, 64), LowLightNoiseConfig(correlated=1.0), torch.Generator().manual_seed(0))
    >>> bool((draw.std((2, 3)) - 1).abs().max() < 0.15)
    True
    """
    white = torch.randn(shape, generator=generator)
    patches = []
    for patch in white:
        if float(torch.rand((), generator=generator)) < config.correlated:
            sigma = _draw(*config.blur, generator)
            blurred = blur(patch[:, None], sigma)[:, 0]
            point = torch.zeros(1, 1, 9, 9)
            point[..., 4, 4] = 1
            patch = blurred / blur(point, sigma).square().sum().sqrt()
        patches.append(patch)
    share = uniform((shape[0], 1, 1, 1), 0.0, config.crosstalk, generator)
    drawn = torch.stack(patches)
    mixed = drawn + share * (drawn.roll(1, 1) + drawn.roll(2, 1))
    return mixed / (1 + 2 * share * share).sqrt()


def _stored(pictures: Tensor, config: LowLightNoiseConfig, generator: Generator) -> Tensor:
    """Cut pictures to 8 bits, some of them by JPEG."""
    coarse = quantize(pictures)
    for index in range(len(coarse)):
        if float(torch.rand((), generator=generator)) < config.jpeg:
            quality = round(_draw(*config.quality, generator))
            coarse[index] = jpeg(coarse[index], quality, "4:2:0" if quality < 90 else "4:4:4")
    return coarse


def _alphas(pictures: Tensor, wanted: Tensor, generator: Generator) -> NDArray[np.float32]:
    """Return curve parameters ``(8, N, 3, 1, 1)`` that bring pictures to a mean brightness, channels a little apart."""
    low, high = torch.full_like(wanted, -1.0), torch.full_like(wanted, 1.0)
    for _ in range(12):  # bisection: brightness falls with the parameter
        middle = (low + high) / 2
        tried = light_curve(pictures[..., ::4, ::4], [middle.view(-1, 1, 1, 1)] * _ITERATIONS)
        bright = tried.mean((1, 2, 3)) > wanted
        low, high = torch.where(bright, middle, low), torch.where(bright, high, middle)
    apart = uniform((len(pictures), 3, 1, 1), -0.06, 0.06, generator)
    alphas = (middle.view(-1, 1, 1, 1) + apart).clamp(-1, 1).numpy()
    return np.broadcast_to(alphas, (_ITERATIONS, *alphas.shape))


def _brightened(pictures: Tensor, alphas: NDArray[np.float32], highlights: float) -> Tensor:
    """Apply curves as every entry point does."""
    return torch.from_numpy(
        apply_tone(pictures.numpy(), partial(light_curve, alphas=alphas), EnhanceOptions(1.0, highlights))
    )


def _draw(low: float, high: float, generator: Generator) -> float:
    return float(uniform((1,), low, high, generator))


def _last(values: Tensor) -> NDArray[np.float32]:
    """Put channels last."""
    return values.movedim(1, -1).numpy()


def _first(values: NDArray[np.float32]) -> Tensor:
    """Put channels first."""
    return torch.from_numpy(np.ascontiguousarray(values)).movedim(-1, 1).contiguous()
