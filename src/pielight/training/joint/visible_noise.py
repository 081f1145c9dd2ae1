"""Denoising in joint training: the level of the noise that curves amplify, differentiable and expressible in ONNX."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import linear_to_srgb, luma, smooth_step, srgb_to_linear
from pielight.ops.noise_level import CELL
from pielight.training.networks.denoise_net import DenoiseNet, cells_of, pictures_of
from pielight.training.networks.render import render

_BLOCK = 8  # pixels along each side of a block whose noise is measured
_ALIGNED = 2 * CELL
_MASK = ((1.0, -2.0, 1.0), (-2.0, 4.0, -2.0), (1.0, -2.0, 1.0))
_ABSENT, _PRESENT = 0.25, 0.6  # of the expected noise: below the first there is none, above the second all counts


class VisibleNoise(nn.Module):
    """Says what of an enhanced picture is noise.

    Noise is expected to have the variance ``a x + b`` in linear light x, a and b being learned. How much of it a
    picture really has, k, is measured by :meth:`amplitude`. What the curves f make of it,
    ``k (f(m + s) - f(m - s)) / 2`` at the local mean m, is the level that
    :class:`~pielight.training.networks.denoise_net.DenoiseNet` is told.

    Differs from the engine (`pielight.inference.denoise`): the engine fits the noise of each picture by medians over
    flat blocks, which neither gradients pass nor ONNX holds.

    >>> noise = VisibleNoise()
    >>> flat = torch.full((1, 3, 20, 30), 0.1)
    >>> bool((noise(flat, flat, torch.zeros(1, 3, 2, 2)) == 0).all())
    True
    """

    def __init__(self, shot: float = 1e-3, read: float = 1e-6) -> None:
        super().__init__()
        self.network = DenoiseNet()
        self.shot = nn.Parameter(torch.tensor(math.log(shot)))
        self.read = nn.Parameter(torch.tensor(math.log(read)))

    def forward(self, before: Tensor, after: Tensor, alphas: Tensor) -> Tensor:
        """Return the noise ``(N, 3, H, W)`` in pictures after curves, given those before and the parameters."""
        height, width = before.shape[-2:]
        padding = (0, -width % _ALIGNED, 0, -height % _ALIGNED)
        means = F.avg_pool2d(F.pad(before, padding, mode="replicate"), CELL)
        means = F.avg_pool2d(F.pad(means, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        low, high = self.bounds(means)
        level = (render(high, alphas) - render(low, alphas)).clamp_min(0) / 2 * self.amplitude(before)
        noise: Tensor = pictures_of(self.network(cells_of(F.pad(after, padding, mode="replicate")), level))
        return noise[..., :height, :width]

    def bounds(self, means: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sRGB values one standard deviation of the expected noise below and above some means."""
        light = srgb_to_linear(means)
        sigma = (torch.exp(self.shot) * light + torch.exp(self.read)).sqrt()
        return linear_to_srgb((light - sigma).clamp(0, 1)), linear_to_srgb((light + sigma).clamp(0, 1))

    def amplitude(self, pictures: Tensor) -> Tensor:
        """Return how much of the expected noise pictures really have, ``(N, 1, 1, 1)``: 0 for none, 1 for all of it.

        In each block of 8 x 8 pixels the mean of the picture behind Immerkaer's mask, which sees noise and neither flat
        nor sloping surfaces (CVIU 1996), is divided by what it would be of the expected noise. Texture adds to it; the
        harmonic mean over the blocks therefore listens to the smallest. Below a quarter nothing counts.
        """
        gray = luma(pictures)
        mask = gray.new_tensor(_MASK).view(1, 1, 3, 3)
        measured = F.conv2d(F.pad(gray, (1, 1, 1, 1), mode="replicate"), mask).abs()
        low, high = self.bounds(pictures)
        # Of independent noise in three channels, luminance has sqrt(.299^2 + .587^2 + .114^2) of the deviation.
        expected = luma(high - low) / 2 * 0.669 * 6 * math.sqrt(2 / math.pi)
        measured, expected = (
            F.avg_pool2d(item, _BLOCK, ceil_mode=True, count_include_pad=False) for item in (measured, expected)
        )
        share = 1 / (expected / (measured + 1e-4)).clamp_max(50).mean((1, 2, 3), keepdim=True)
        share = share.clamp_max(1.5)
        return share * smooth_step(share, _ABSENT, _PRESENT)


def noise_loss(denoised: Tensor, noiseless: Tensor) -> Tensor:
    """Return how far denoised pictures are from what they would be without noise.

    ``mean |e| + (mean |dx e| + mean |dy e|) / 2``, e the difference of a pixel, dx e its step to the neighbor, which
    grain and the borders of cells make large: the terms that the denoiser learns from at first
    (:class:`pielight.training.objectives.denoise.Denoise`). Without them a task
    that does not mind lets it draw patterns.

    Args:
        denoised: ``(N, 3, H, W)``.
        noiseless: The same curves laid over the same pictures without noise.

    >>> noise_loss(torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)).item()
    1.0
    """
    error = denoised - noiseless
    return error.abs().mean() + (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2
