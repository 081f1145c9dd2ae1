"""The numbers that a network sees beside the thumbnail, in a graph without sorting: counted, or found by halving."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color import LUMA_WEIGHTS
from pielight.ops.exposure_statistics import OF_BRIGHTEST, OF_LUMA, TILE, TILES, TO_SIGMA, sample_step

_LEVELS, _DIGIT = 256, 16
_BRIGHT, _DARK = 250, 1  # levels from which on, and up to which, pixels count as clipped
_LUMA_SCALE, _LUMA_HALVINGS = 64, 14  # whole-number weights of luma, whose 64 x 255 values are halved so often
_NOISE_HALVINGS, _MOST_NOISE = 19, 128.0  # levels of 8 bits
_STEEP = 1e4  # makes a comparison of a difference


class GraphStatistics(nn.Module):
    """:func:`pielight.ops.exposure_statistics.exposure_statistics` of pictures of 8 bits and of one size, ``(1, 17)``.

    Levels are counted by one-hot vectors of their two digits to base 16, ``A B^T``; what has more of them, luma and
    noise, is halved. Comparisons are clamped differences. The first axis is that of the one picture throughout, since
    NCNN has none.

    Args:
        height: In pixels, 18 or more.
        width: Likewise.

    >>> GraphStatistics(40, 60)(torch.full((1, 3, 40, 60), 0.2))[0, [0, 4, 8, 10, 12]].round(decimals=2)
    tensor([0.2000, 0.2000, 0.0000, 0.0000, 0.0000])
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.step = sample_step(height, width)
        self.count = -(-height // self.step) * -(-width // self.step)
        self.luma_weights = [round(_LUMA_SCALE * weight) for weight in LUMA_WEIGHTS]
        ones = torch.ones(1, _DIGIT, _DIGIT)
        self.register_buffer("up_to", ones.triu())  # makes running sums of each row of a histogram
        self.register_buffer("before", ones.tril(-1))  # and the sum of the rows before it
        self.register_buffer("digits", torch.arange(float(_DIGIT)).reshape(1, _DIGIT, 1))
        self.register_buffer("levels", torch.arange(float(_LEVELS)).reshape(1, 1, _LEVELS))
        self.register_buffer("mask", torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]]).reshape(1, 1, 3, 3))
        tops, lefts = _tiles(height), _tiles(width)
        self.register_buffer("tops", tops.reshape(1, 1, *tops.shape))
        self.register_buffer("lefts", lefts.T.reshape(1, 1, *lefts.T.shape))
        last = len(tops) * len(lefts) - 1
        places = torch.tensor([0.25, 0.5]) * last  # of the sorted noise, between two whole ones
        around = torch.stack([places.floor(), (places.floor() + 1).clamp(max=last)])
        self.register_buffer("places", around.reshape(1, 4, 1))
        self.register_buffer("parts", torch.stack([1 - places % 1, places % 1]).reshape(1, 4))
        wanted = [math.ceil(share * self.count) / self.count for share in OF_LUMA]
        self.register_buffer("wanted", torch.tensor(wanted).reshape(1, -1, 1))

    def forward(self, picture: Tensor) -> Tensor:
        """Return the numbers of a picture ``(1, 3, H, W)`` in [0, 1]."""
        sample = (F.max_pool2d(picture, 1, self.step) * (_LEVELS - 1) + 0.5).floor()  # one of step x step pixels
        red, green, blue = (sample[:, channel : channel + 1].reshape(1, 1, -1) for channel in range(3))
        brightest = torch.maximum(torch.maximum(red, green), blue)
        darkest = torch.minimum(torch.minimum(red, green), blue)
        of_brightest, running = self._histogram(brightest)
        quantiles = [self._place(running, share) * (1 / (_LEVELS - 1)) for share in OF_BRIGHTEST]
        weights = self.luma_weights
        luma = red * weights[0] + green * weights[1] + blue * weights[2]
        bright = of_brightest[:, :, _BRIGHT:].sum(2) * (1 / self.count)
        dark = (_DARK + 1 - darkest).clamp(0, 1).mean(2)
        shares = [
            ((1 - (sample - level).abs()).clamp(min=0).mean((2, 3)) * (1 / 3)).sum(1, keepdim=True)
            for level in (0.0, 1.0, 2.0)
        ]
        comb, noise = self._comb(*self._histogram(green)), self._noise(picture[:, 1:2])
        return torch.cat([*quantiles, self._luma_quantiles(luma), bright, dark, *comb, noise, *shares], 1)

    def _histogram(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the counts of whole numbers up to 255 ``(1, 1, P)``, and their running sum, both ``(1, 1, 256)``."""
        digits = self.get_buffer("digits")
        high = (levels * (1 / _DIGIT)).floor()
        low = levels - high * _DIGIT
        one_hot = [(1 - (digit - digits).abs()).clamp(min=0) for digit in (high, low)]
        counts = torch.matmul(one_hot[0], one_hot[1].transpose(1, 2))
        before = torch.matmul(self.get_buffer("before"), counts.sum(2, keepdim=True))
        running = torch.matmul(counts, self.get_buffer("up_to")) + before
        return counts.reshape(1, 1, _LEVELS), running.reshape(1, 1, _LEVELS)

    def _place(self, running: Tensor, share: float) -> Tensor:
        """Return the least level up to which so large a share lies, given running sums of a histogram, ``(1, 1)``."""
        return (math.ceil(share * self.count) - running).clamp(0, 1).sum(2)

    def _luma_quantiles(self, luma: Tensor) -> Tensor:
        """Return the least of the whole numbers that so large shares of them do not exceed, in [0, 1], ``(1, 3)``."""
        wanted = self.get_buffer("wanted")
        found = wanted * 0 - 1  # the largest that too few do not exceed
        for power in range(_LUMA_HALVINGS - 1, -1, -1):
            held = (found + (2.0**power + 1) - luma).clamp(0, 1).mean(2, keepdim=True)
            found = found + 2.0**power * ((wanted - held) * (4 * self.count) - 1.5).clamp(0, 1)
        return (found + 1).reshape(1, len(OF_LUMA)) * (1 / (_LUMA_SCALE * (_LEVELS - 1)))

    def _comb(self, counts: Tensor, running: Tensor) -> tuple[Tensor, Tensor]:
        """Return the share of empty levels between the quantiles of 1 and 99 percent, and this range of 256."""
        levels = self.get_buffer("levels")
        low, high = (self._place(running, share).reshape(1, 1, 1) for share in (0.01, 0.99))
        inside = (levels - low + 1).clamp(0, 1) * (high - levels + 1).clamp(0, 1)
        length = (high - low + 1).reshape(1, 1)
        return (inside * (1 - counts).clamp(min=0)).sum(2) / length, length * (1 / _LEVELS)

    def _noise(self, green: Tensor) -> Tensor:
        """Return the quartile and the median of the noise of tiles, in levels of 8 bits, ``(1, 2)``."""
        response = F.conv2d(green, self.get_buffer("mask")).abs()
        means = torch.matmul(torch.matmul(self.get_buffer("tops"), response), self.get_buffer("lefts"))
        noise = means.reshape(1, 1, -1) * (TO_SIGMA * (_LEVELS - 1))
        places, half = self.get_buffer("places"), _MOST_NOISE / 2
        values = places * 0 + half
        for _ in range(_NOISE_HALVINGS):  # the values at some places of the sorted ones
            half /= 2
            below = ((values - noise) * _STEEP + 1).clamp(0, 1).sum(2, keepdim=True)
            values = values + half * ((places + 0.5 - below) * 2).clamp(-1, 1)
        parts = values.reshape(1, 4) * self.get_buffer("parts")
        return parts[:, :2] + parts[:, 2:]


def _tiles(side: int) -> Tensor:
    """Return the matrix that averages the response over the inner rows of each tile along a side."""
    count = min(TILES, max(1, side // TILE))
    firsts = torch.from_numpy(np.linspace(0, side - TILE, count).astype(int))[:, None]
    places = torch.arange(side - 2)
    return ((places >= firsts) & (places < firsts + TILE - 2)).float() / (TILE - 2)
