"""The networks that say what of an enhanced picture is noise, by a level that is given or measured."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color import LUMA_WEIGHTS
from pielight.core.color_torch import linear_to_srgb, luma, smooth_step, srgb_to_linear
from pielight.ops.exposure_torch import apply_exposure
from pielight.ops.noise_level import CELL

_PIXELS = CELL * CELL
_WIDTH, _DEEP, _DEPTH = 32, 48, 4
_LEVEL_SCALE = 4.0  # brings levels, a few percent of white, nearer to the size of pictures
_DOUBT = 0.1  # how far a guess may be wrong where the network says 1


class DenoiseNet(nn.Module):
    """A small network on cells of 4 x 4 pixels that takes the level of their noise and ends in a Wiener filter.

    Of the pixels y of an enhanced picture in [0, 1], and the level s, the standard deviation of the noise in each
    cell, it guesses for every pixel the clean value c, and its variance v around that, and returns the noise
    ``s^2 / (s^2 + v) (y - c)``: nothing where s is 0. Sizes: y ``(N, 48, h, w)``, cells of 16 pixels of 3 channels
    (:func:`cells_of`), s ``(N, 3, h, w)``, h and w even; the noise as y.

    Cells are FFDNet's pixel-unshuffle (Zhang et al., TIP 2018). Four residual convolutions work at half of their
    resolution, a skip connection joins. It sees `pielight.inference.denoise.REACH` pixels to each side.

    >>> DenoiseNet()(torch.rand(1, 48, 4, 6), torch.zeros(1, 3, 4, 6)).abs().max().item()
    0.0
    """

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.Conv2d(3 * _PIXELS, _WIDTH, 1)
        self.told = nn.Conv2d(3, _WIDTH, 1)
        self.down = nn.Conv2d(_WIDTH, _DEEP, 2, stride=2)
        self.deep = nn.ModuleList(nn.Conv2d(_DEEP, _DEEP, 3, padding=1) for _ in range(_DEPTH))
        self.up = nn.Conv2d(_DEEP, 4 * _WIDTH, 1)
        self.mix = nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1)
        self.clean = nn.Conv2d(_WIDTH, 3 * _PIXELS, 3, padding=1)  # cells overlap, so that their borders do not show
        self.doubt = nn.Conv2d(_WIDTH, _PIXELS, 1)

    def forward(self, y: Tensor, level: Tensor) -> Tensor:
        """Return the noise ``(N, 48, h, w)`` in cells ``(N, 48, h, w)`` of a level ``(N, 3, h, w)``."""
        cells = self.cells(y) + self.told(_LEVEL_SCALE * level)
        x = F.relu(self.down(F.relu(cells)))
        for convolution in self.deep:
            x = x + F.relu(convolution(x))
        x = F.relu(self.mix(F.pixel_shuffle(self.up(x), 2) + cells))
        known = (level * level)[:, None]
        variance = (_DOUBT * self.doubt(x)).square().unsqueeze(2) + 1e-8
        off = (y - self.clean(x)).unflatten(1, (_PIXELS, 3))
        noise: Tensor = (known / (known + variance) * off).flatten(1, 2)
        return noise


class AsApplied(nn.Module):
    """The network as it is exported, its noise weighed as it is to be subtracted, with color that is to fade.

    Beside cells and level of :class:`DenoiseNet` it takes the share ``(N, 1, h, w)`` of the noise that is unwanted, the
    share ``(N, 1, h, w)`` of its color that is kept of the result, and a matrix ``(3, 3)`` that weighs brightness and
    color of the noise.
    """

    of_chroma: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("of_chroma", torch.eye(3) - torch.tensor(LUMA_WEIGHTS), persistent=False)

    def forward(self, cells: Tensor, level: Tensor, share: Tensor, chroma: Tensor, mix: Tensor) -> Tensor:
        """Return what is to be subtracted ``(N, 48, h, w)``: ``n + (1 - c) C (y - n)``, C the color without luma."""
        shape = cells.shape[0], _PIXELS, 3, -1
        noise = torch.matmul(mix, (self.network(cells, level) * share).reshape(shape))
        faded = torch.matmul(self.of_chroma, cells.reshape(shape) - noise).view_as(cells) * (1 - chroma)
        result: Tensor = noise.view_as(cells) + faded
        return result


def cells_of(pictures: Tensor) -> Tensor:
    """Put the pixels of each cell side by side: ``(N, 3, H, W)`` to ``(N, 48, H/4, W/4)``, channels fastest.

    >>> cells_of(torch.arange(48.0).view(1, 3, 4, 4)).flatten()[:5]
    tensor([ 0., 16., 32.,  1., 17.])
    """
    x: Tensor = pictures.unflatten(3, (-1, CELL)).unflatten(2, (-1, CELL))  # (N, 3, h, 4, w, 4)
    return x.permute(0, 3, 5, 1, 2, 4).flatten(1, 3)


def pictures_of(cells: Tensor) -> Tensor:
    """Undo :func:`cells_of`.

    >>> pictures = torch.rand(2, 3, 8, 12)
    >>> bool((pictures_of(cells_of(pictures)) == pictures).all())
    True
    """
    x: Tensor = cells.unflatten(1, (CELL, CELL, 3))  # (N, 4, 4, 3, h, w)
    return x.permute(0, 3, 4, 1, 5, 2).flatten(4, 5).flatten(2, 3)


_BLOCK = 8  # pixels along each side of a block whose noise is measured
_ALIGNED = 2 * CELL
_MASK = ((1.0, -2.0, 1.0), (-2.0, 4.0, -2.0), (1.0, -2.0, 1.0))
_ABSENT, _PRESENT = 0.25, 0.6  # of the expected noise: below the first there is none, above the second all counts


class VisibleNoise(nn.Module):
    """Says what of an enhanced picture is noise.

    Noise is expected to have the variance ``a x + b`` in linear light x, a and b being learned. How much of it a
    picture really has, k, is measured by :meth:`amplitude`. What the map's curves f make of it,
    ``k (f(m + s) - f(m - s)) / 2`` at the local mean m, is the level that
    :class:`~pielight.training.networks.denoise_net.DenoiseNet` takes.

    Differs from inference (`pielight.inference.denoise`): inference fits the noise of each picture by medians over
    flat blocks, which neither gradients pass nor ONNX holds.

    >>> noise = VisibleNoise()
    >>> flat = torch.full((1, 3, 20, 30), 0.1)
    >>> bool((noise(flat, flat, torch.zeros(1, 1, 2, 2)) == 0).all())
    True
    """

    def __init__(self, shot: float = 1e-3, read: float = 1e-6) -> None:
        super().__init__()
        self.network = DenoiseNet()
        self.shot = nn.Parameter(torch.tensor(math.log(shot)))
        self.read = nn.Parameter(torch.tensor(math.log(read)))

    def forward(self, before: Tensor, after: Tensor, ev: Tensor) -> Tensor:
        """Return the noise ``(N, 3, H, W)`` in exposed pictures, given those before and the maps ``(N, 1, h, w)``."""
        height, width = before.shape[-2:]
        padding = (0, -width % _ALIGNED, 0, -height % _ALIGNED)
        means = F.avg_pool2d(F.pad(before, padding, mode="replicate"), CELL)
        means = F.avg_pool2d(F.pad(means, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
        low, high = self.bounds(means)
        level = (apply_exposure(high, ev) - apply_exposure(low, ev)).clamp_min(0) / 2 * self.amplitude(before)
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
