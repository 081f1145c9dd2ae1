"""The physics that the denoiser learns from: what a camera makes of little light, brightened by an exposure curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.ops.jpeg_quantization import quality_scale, quantization_sigma
from pielight.ops.noise import Noise
from pielight.ops.noise_level import CELL, level, smoothed
from pielight.training.degradations.exposure import blur
from pielight.training.degradations.noise import chance, jpeg, log_uniform, quantize, uniform
from pielight.training.schema import LowLightNoiseConfig

_MOST_STOPS = 10.0  # that a patch is brightened by
_KERNELS = (  # of bilinear demosaicking: red and blue, and green
    ((0.25, 0.5, 0.25), (0.5, 1.0, 0.5), (0.25, 0.5, 0.25)),
    ((0.0, 0.25, 0.0), (0.25, 1.0, 0.25), (0.0, 0.25, 0.0)),
)


class DenoisingBatch(NamedTuple):
    """A batch of training: noisy pictures, their noise and the clean ones."""

    noisy: Tensor
    """Darkened and brightened again ``(N, 3, H, W)`` in [0, 1]."""
    level: Tensor
    """Of its noise ``(N, 3, H/4, W/4)``."""
    clean: Tensor
    """The same without noise ``(N, 3, H, W)``."""


class Camera(NamedTuple):
    """From the sensor's values to linear sRGB: ``M (g * raw)``."""

    gains: Tensor
    """White balance g ``(N, 3, 1, 1)``, 1 for green."""
    matrix: Tensor
    """Color matrix M ``(N, 3, 3)``, whose rows add up to 1."""

    def render(self, raw: Tensor) -> Tensor:
        """Return linear sRGB, not clipped."""
        return torch.einsum("nij,njhw->nihw", self.matrix, self.gains * raw)

    def unrender(self, linear: Tensor) -> Tensor:
        """Return what the sensor has seen; colors out of its reach are clipped."""
        raw = torch.einsum("nij,njhw->nihw", torch.linalg.inv(self.matrix), linear) / self.gains
        return raw.clamp_min(0)

    def variance(self, raw: Tensor, power: int) -> Tensor:
        """Return the variance ``(N, 3, 1, 1)`` in linear sRGB of noise whose variance grows with ``g^power``."""
        spread = self.matrix.square() @ self.gains.pow(power).flatten(1)[..., None]
        return raw * spread[..., None]


def denoising_batch(photographs: Tensor, config: LowLightNoiseConfig, generator: Generator) -> DenoisingBatch:
    """Darken clean photographs, with noise and without, and brighten both by one exposure curve.

    ``noisy = E_k(Q(sRGB(M (g * max(0, r + n + o)))))`` and ``clean = E_k(sRGB(M (g * r)))``: r is what the sensor sees
    of the photograph at some EV, n shot and read noise and a little of rows, o the error of each channel's black level,
    g the white balance, M the color matrix, Q rounding to 8 bits with or without JPEG, and E_k the exposure
    ``l' = k l / (1 + (k - 1) l)`` in linear light l that brings the mean brightness near the photograph's. Noise and
    black level come before the white balance, so that shadows get its colors, as in cameras.

    Args:
        photographs: ``(N, 3, H, W)`` in [0, 1]; H and W multiples of 4.
    """
    n, device = len(photographs), photographs.device
    shape = (n, 1, 1, 1)
    camera = draw_camera(n, config, generator)
    dark = srgb_to_linear(photographs) * torch.exp2(uniform(shape, *config.stops, generator))
    raw = camera.unrender(dark)
    shot = log_uniform(shape, *config.shot_noise, generator)
    read = log_uniform(shape, *config.read_noise, generator)
    noise = unit_noise(photographs.shape, config, generator) * (shot * raw + read).sqrt()
    rows = config.row_noise * torch.rand(shape, generator=generator)
    noise += rows * read.sqrt() * torch.randn((*noise.shape[:3], 1), generator=generator)
    off = torch.randn((n, 3, 1, 1), generator=generator) * torch.rand(shape, generator=generator) * config.black_level
    clean = linear_to_srgb(dark.clamp(0, 1))
    noisy = linear_to_srgb(camera.render((raw + noise + off).clamp(0, 1)).clamp(0, 1))
    deep = chance(shape, config.high_bit_depth, generator)
    stored, steps = _stored(noisy, config, generator)
    noisy = torch.where(deep, noisy, stored)
    wanted = photographs.mean((1, 2, 3)) * uniform((n,), *config.brightness, generator)
    gain = torch.exp2(_stops(clean, wanted)).view(shape)
    means = np.stack([smoothed(cells) for cells in _last(F.avg_pool2d(noisy, CELL))])
    known = Noise(
        _last(camera.variance(shot, 1)), _last(camera.variance(read, 2)), _last(torch.where(deep, 0.0, steps))
    )
    levels = _first(level(means, known, lambda values: _last(exposed(_first(values), gain))))
    error = torch.exp(config.level_error * torch.randn((n, 3, 1, 1), generator=generator))
    drawn = exposed(noisy, gain), levels * error, exposed(clean, gain)
    return DenoisingBatch(*(item.to(device) for item in drawn))


def draw_camera(count: int, config: LowLightNoiseConfig, generator: Generator) -> Camera:
    """Draw cameras: gains of red and blue from half to one and a half of ``white_balance``, and how far colors mix."""
    stops = config.white_balance * uniform((count, 3, 1, 1), 0.5, 1.5, generator)
    stops[:, 1] = 0
    share = uniform((count, 1, 1), 0.0, config.crosstalk, generator)
    return Camera(torch.exp2(stops), torch.eye(3) * (1 + 3 * share) - share)


def exposed(pictures: Tensor, gain: Tensor) -> Tensor:
    """Expose sRGB pictures anew: ``l' = k l / (1 + (k - 1) l)`` in linear light.

    >>> round(exposed(torch.full((1, 3, 1, 1), 0.5), torch.full((1, 1, 1, 1), 2.0)).max().item(), 3)
    0.628
    """
    light = srgb_to_linear(pictures)
    return linear_to_srgb((gain * light / (1 + (gain - 1) * light)).clamp(0, 1))


def unit_noise(shape: tuple[int, ...], config: LowLightNoiseConfig, generator: Generator) -> Tensor:
    """Draw normal noise of variance 1: white, blurred as cameras process it, or demosaicked, some of it with blotches.

    Blotches are noise blurred by 2 to 6 pixels, which comes on top: an estimate of the noise does not see them.

    Args:
        shape: ``(N, 3, H, W)``.

    >>> draw = unit_noise((4, 3, 64, 64), LowLightNoiseConfig(blotches=0.0), torch.Generator().manual_seed(0))
    >>> bool((draw.std((2, 3)) - 1).abs().max() < 0.15)
    True
    """
    white = torch.randn(shape, generator=generator)
    coarse = torch.randn(shape, generator=generator)
    patches = []
    for fine, blotch in zip(white, coarse, strict=True):
        kind = float(torch.rand((), generator=generator))
        if kind < config.correlated:
            fine = _unit_blur(fine, _draw(*config.blur, generator))
        elif kind < config.correlated + config.demosaicked:
            fine = _demosaicked(fine)
        amount = config.blotches * max(0.0, _draw(-1.0, 1.0, generator))  # half of the patches have none
        patches.append(fine + amount * _unit_blur(blotch, _draw(2.0, 6.0, generator)) if amount else fine)
    return torch.stack(patches)


def _unit_blur(noise: Tensor, sigma: float) -> Tensor:
    """Blur white noise ``(3, H, W)`` and keep its variance."""
    point = torch.zeros(1, 1, *noise.shape[1:])
    point[..., noise.shape[1] // 2, noise.shape[2] // 2] = 1
    return blur(noise[:, None], sigma)[:, 0] / blur(point, sigma).square().sum().sqrt()


def _demosaicked(noise: Tensor) -> Tensor:
    """Keep of white noise ``(3, H, W)`` what falls on a Bayer pattern, and interpolate; its mean variance stays 1."""
    mosaic = torch.zeros_like(noise)
    mosaic[0, ::2, ::2], mosaic[2, 1::2, 1::2] = noise[0, ::2, ::2], noise[2, 1::2, 1::2]
    mosaic[1, ::2, 1::2], mosaic[1, 1::2, ::2] = noise[1, ::2, 1::2], noise[1, 1::2, ::2]
    weight = torch.tensor([_KERNELS[0], _KERNELS[1], _KERNELS[0]])[:, None]
    kept = torch.tensor([0.5625, 0.625, 0.5625]).view(3, 1, 1)  # of the variance, on the mean
    whole = F.pad(mosaic[None], (2, 2, 2, 2), mode="reflect")  # an even number keeps the pattern
    return F.conv2d(whole, weight, groups=3)[0, :, 1:-1, 1:-1] / kept.sqrt()


def _stored(pictures: Tensor, config: LowLightNoiseConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    """Cut pictures to 8 bits, some of them by JPEG; return also the steps ``(N, 3, 1, 1)`` of such rounding."""
    coarse = quantize(pictures)
    steps = torch.full((len(pictures), 3, 1, 1), 1 / 255)
    for index in range(len(coarse)):
        if float(torch.rand((), generator=generator)) < config.jpeg:
            quality = round(_draw(*config.quality, generator))
            coarse[index] = jpeg(coarse[index], quality, "4:2:0" if quality < 90 else "4:4:4")
            sigma = torch.from_numpy(quantization_sigma(quality_scale(quality))).view(3, 1, 1)
            steps[index] = (steps[index].square() + 12 * sigma.square()).sqrt()
    return coarse, steps


def _stops(pictures: Tensor, wanted: Tensor) -> Tensor:
    """Return the exposures ``(N,)`` in EV that bring pictures to a mean brightness, by bisection."""
    low, high = torch.full_like(wanted, -2.0), torch.full_like(wanted, _MOST_STOPS)
    small = pictures[..., ::4, ::4]
    for _ in range(12):
        middle = (low + high) / 2
        bright = exposed(small, torch.exp2(middle).view(-1, 1, 1, 1)).mean((1, 2, 3)) > wanted
        low, high = torch.where(bright, low, middle), torch.where(bright, middle, high)
    return middle


def _draw(low: float, high: float, generator: Generator) -> float:
    return float(uniform((1,), low, high, generator))


def _last(values: Tensor) -> NDArray[np.float32]:
    """Put channels last."""
    return values.movedim(1, -1).numpy()


def _first(values: NDArray[np.float32]) -> Tensor:
    """Put channels first."""
    return torch.from_numpy(np.ascontiguousarray(values)).movedim(-1, 1).contiguous()
