"""The network of deraining: it looks at every pixel, since no curve tells a streak from what is behind it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 36
DILATIONS = (1, 2, 4, 8, 4, 2, 1)
CELL = 2  # pixels along each side that are stacked into channels


class RainNet(nn.Module):
    """Says what of a picture is rain, from pictures of any size whose sides are even.

    ``(N, 3, H, W)`` in [0, 1] to the light that rain added ``(N, 3, H, W)``. Cells of 2 x 2 pixels are stacked (pixel
    unshuffle); seven residual blocks of two 3 x 3 convolutions, the first of each dilated (1, 2, 4, 8, 4, 2, 1), see
    58 pixels far, longer than a streak.

    >>> import torch
    >>> RainNet()(torch.rand(1, 3, 32, 48)).shape
    torch.Size([1, 3, 32, 48])
    """

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3 * CELL * CELL, WIDTH, 3, padding=1)
        self.wide = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=d, dilation=d) for d in DILATIONS)
        self.narrow = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 1) for _ in DILATIONS)
        self.leave = nn.Conv2d(WIDTH, 3 * CELL * CELL, 3, padding=1)
        nn.init.normal_(self.leave.weight, 0.0, 0.01)  # start next to the identity
        nn.init.zeros_(self.leave.get_parameter("bias"))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the light that rain added to pictures ``(N, 3, H, W)``."""
        x = F.leaky_relu(self.enter(F.pixel_unshuffle(pictures, CELL) - 0.5), 0.1)
        for wide, narrow in zip(self.wide, self.narrow, strict=True):
            x = x + narrow(F.leaky_relu(wide(x), 0.1))
        rain: Tensor = F.pixel_shuffle(self.leave(F.leaky_relu(x, 0.1)), CELL)
        return rain


def dry(pictures: Tensor, rain: Tensor) -> Tensor:
    """Take rain away: ``J = I - R``, in [0, 1]."""
    return (pictures - rain).clamp(0, 1)
