"""The network that says what of an enhanced picture is noise."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.ops.noise_level import CELL

_PIXELS = CELL * CELL
_WIDTH, _DEEP, _DEPTH = 32, 48, 4
_LEVEL_SCALE = 4.0  # brings levels, a few percent of white, nearer to the size of pictures
_DOUBT = 0.1  # how far a guess may be wrong where the network says 1


class DenoiseNet(nn.Module):
    """A small network on cells of 4 x 4 pixels that is told the level of their noise and ends in a Wiener filter.

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
    """The network as it is exported, its noise weighed as it is to be subtracted.

    Beside cells and level of :class:`DenoiseNet` it takes the share ``(N, 1, h, w)`` of the noise that is unwanted,
    and a matrix ``(3, 3)`` that weighs its brightness and its color.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, cells: Tensor, level: Tensor, share: Tensor, mix: Tensor) -> Tensor:
        """Return the noise to subtract ``(N, 48, h, w)``."""
        noise: Tensor = self.network(cells, level) * share
        pixels = noise.reshape(noise.shape[0], _PIXELS, 3, -1)
        return torch.matmul(mix, pixels).view_as(noise)


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
