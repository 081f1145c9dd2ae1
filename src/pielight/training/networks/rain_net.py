"""The network of deraining: it looks at every pixel, since no curve tells a streak from what is behind it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (28, 40, 48)  # channels at a half, a quarter and an eighth of the sides
DILATIONS = (1, 2, 3, 3, 2, 1)  # of the blocks at an eighth
SLOPE = 0.1  # of leaky rectifiers below 0
CELL = 2  # pixels along each side that are stacked into channels


class Block(nn.Module):
    """A residual block: ``x + W_1 lrelu(W_3 x)``, with kernels of 1 x 1 and 3 x 3."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.wide = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
        self.narrow = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the same shape."""
        seen: Tensor = x + self.narrow(F.leaky_relu(self.wide(x), SLOPE))
        return seen


class RainNet(nn.Module):
    """Says what of a picture is rain, from pictures of any size whose sides are multiples of 8.

    ``(N, 3, H, W)`` in [0, 1] to the light that rain added ``(N, 3, H, W)``. A U-Net (Ronneberger et al., MICCAI 2015)
    of residual blocks: cells of 2 x 2 pixels are stacked (pixel unshuffle), streaks are told from edges at a half and
    a quarter of the sides, and how much it rains at an eighth, where it sees farther than a streak is long.

    >>> import torch
    >>> RainNet()(torch.rand(1, 3, 32, 48)).shape
    torch.Size([1, 3, 32, 48])
    """

    def __init__(self) -> None:
        super().__init__()
        half, quarter, eighth = WIDTHS
        self.enter = nn.Conv2d(3 * CELL * CELL, half, 3, padding=1)
        self.fine = Block(half)
        self.shrink = nn.Conv2d(half, quarter, 3, stride=2, padding=1)
        self.middle = Block(quarter)
        self.shrink_more = nn.Conv2d(quarter, eighth, 3, stride=2, padding=1)
        self.far = nn.Sequential(*(Block(eighth, dilation) for dilation in DILATIONS))
        self.grow = nn.Conv2d(eighth, quarter, 1)
        self.middle_again = Block(quarter)
        self.grow_more = nn.Conv2d(quarter, half, 1)
        self.fine_again = nn.Sequential(Block(half), Block(half))
        self.leave = nn.Conv2d(half, 3 * CELL * CELL, 3, padding=1)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):  # PyTorch's own start lets what is seen fade from layer to layer
                nn.init.kaiming_normal_(part.weight, a=SLOPE)
                nn.init.zeros_(part.get_parameter("bias"))
        for part in self.modules():
            if isinstance(part, Block):
                part.narrow.weight.data *= 0.3  # so that sums of blocks do not grow
        self.leave.weight.data *= 0.05  # start next to the identity

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the light that rain added to pictures ``(N, 3, H, W)``."""
        half = self.fine(F.leaky_relu(self.enter(F.pixel_unshuffle(pictures, CELL) - 0.5), SLOPE))
        quarter = self.middle(F.leaky_relu(self.shrink(half), SLOPE))
        far = self.far(F.leaky_relu(self.shrink_more(quarter), SLOPE))
        quarter = self.middle_again(quarter + _twice(self.grow(far)))
        half = self.fine_again(half + _twice(self.grow_more(quarter)))
        rain: Tensor = F.pixel_shuffle(self.leave(F.leaky_relu(half, SLOPE)), CELL)
        return rain


def dry(pictures: Tensor, rain: Tensor) -> Tensor:
    """Take rain away: ``J = I - R``, in [0, 1]."""
    return (pictures - rain).clamp(0, 1)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
