"""The default network: a small picture at its canonical exposure in, a small map of exposures out."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import linear_to_srgb, smooth_step, srgb_to_linear
from pielight.ops.exposure import BRIGHTNESS, exposure_curve
from pielight.ops.exposure_statistics import NAMES, QUANTILES, WHITE_POINT
from pielight.training.parts import Dropout

SIDE, CELL = 64, 4
"""Side of the thumbnail, and its pixels from one node of the map to the next."""
_SCENE, _EVIDENCE = QUANTILES + 5, len(NAMES) + 3
_WHITE = QUANTILES + WHITE_POINT - 1  # place of the white point's headroom among the features of the scene
HEADROOM = 0.15  # EV beyond white to which the white point goes
LIGHTS = 1.0  # EV beyond white to which the white point of a night scene goes: 0.6 comes to 0.9
BLACK = slice(len(NAMES) - 3, len(NAMES))  # of the statistics: shares of values at 0, 1 and 2
NEAR = (-3.5, -2.0)  # EV from which on, and from which on all, of the distance to the white point counts
NIGHT_BLACK, NIGHT_WHITE, NIGHT_BURNT = (0.65, 0.78), (0.3, 0.5), (6.0, 7.5)  # between which a night grows sure
_DROPOUT = (0.35, 0.2)  # of what is known of few pictures: the probability and the share of the white point


def render(pictures: Tensor, ev: Tensor) -> Tensor:
    """Expose pictures by maps in EV, interpolated bilinearly to their size: ``sRGB(E_k(lin(x)))``, ``k = 2^EV``.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        ev: ``(N, 1, h, w)``.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> render(torch.full((1, 3, 4, 4), 0.2), torch.full((1, 1, 2, 2), 2.0))[0, 0, 0].round(decimals=3)
    tensor([0.3820, 0.3820, 0.3820, 0.3820])
    """
    if ev.shape[-2:] != pictures.shape[-2:]:
        ev = F.interpolate(ev, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
    return linear_to_srgb(exposure_curve(srgb_to_linear(pictures), ev))


def scene_features(statistics: Tensor) -> Tensor:
    """Return what statistics say of a scene, next to independent of how it was exposed.

    The quantiles after the canonical exposure of c EV, and the headroom of the highlights, ``(c + log2 lin(q)) / 4`` of
    the brightest channel's quantiles from 90 % on; the same of its median over 8.

    Args:
        statistics: ``(N, SEEN)``.

    Returns:
        ``(N, QUANTILES + 5)``.
    """
    canonical, light = statistics[:, -1:], srgb_to_linear(statistics[:, :QUANTILES])
    exposed = linear_to_srgb(exposure_curve(light, canonical))
    above = canonical + light[:, : WHITE_POINT + 2].clamp_min(1e-5).log2()
    return torch.cat([exposed, above[:, 1:] / 4, above[:, :1] / 8], 1)


def evidence(statistics: Tensor) -> Tensor:
    """Return what statistics say of how a picture was exposed: levels, headroom, clipping, combs and noise.

    Args:
        statistics: ``(N, SEEN)``.

    Returns:
        ``(N, len(NAMES) + 3)``: all of them, scaled to about 1, and log2 of the white point and of the brightest value.
    """
    quantiles, clipped, levels, noise, rest, canonical = statistics.split([QUANTILES, 2, 2, 2, len(NAMES) - 14, 1], 1)
    white = srgb_to_linear(quantiles[:, WHITE_POINT : WHITE_POINT + 2]).clamp_min(1e-4).log2()
    return torch.cat([quantiles, canonical / 8, 4 * clipped, levels, (1 + noise).log(), rest, white / 4], 1)


def white_ev(statistics: Tensor) -> Tensor:
    """Return by how many EV the canonical exposure has to change for the white point to come to white.

    ``d S(d; -3.5, -2)``, ``d = 0.15 - c - log2 lin(w)``: w the quantile 0.999 of the brightest channel, c the canonical
    exposure and S the smooth step. A photograph whose brightest part was exposed to white is one that a photographer
    might have taken. Where white lies more than two stops below, a lamp or the sun is in the picture and says nothing
    of the rest.

    Args:
        statistics: ``(N, SEEN)``.

    Returns:
        EV ``(N, 1)``.

    >>> from pielight.ops.exposure_statistics import SEEN
    >>> white = torch.ones(1, SEEN)
    >>> white_ev(white).item()  # at white already, and the canonical exposure adds 1 EV
    -0.8500000238418579
    """
    ev = _headroom(statistics)
    near: Tensor = ev * smooth_step(ev, *NEAR)
    return near


def night(statistics: Tensor) -> Tensor:
    """Return how surely a picture is one of lights on black, which is not to be brought to any mean.

    ``max(S(b; 0.65, 0.78) S(w; 0.3, 0.5), S(-h; 6, 7.5))``: b the share of values up to 2 of 255, w the white point in
    sRGB, h by how many EV the canonical exposure has to change to bring it to white (:func:`white_ev` before the step),
    and S the smooth step. An underexposed picture that is as black as that has no such lights, and a backlit one would
    not burn out by six stops.

    Args:
        statistics: ``(N, SEEN)``.

    Returns:
        ``(N, 1)`` in [0, 1].
    """
    black, white = statistics[:, BLACK].sum(1, keepdim=True), statistics[:, WHITE_POINT : WHITE_POINT + 1]
    lights = smooth_step(black, *NIGHT_BLACK) * smooth_step(white, *NIGHT_WHITE)
    return torch.maximum(lights, smooth_step(-_headroom(statistics), *NIGHT_BURNT))


class Estimate(NamedTuple):
    """What a network says of thumbnails; ``exposure`` is ``local + level + anchor``, but at night."""

    exposure: Tensor
    """EV to add to the canonical one ``(N, 1, 16, 16)``."""
    local: Tensor
    """What differs from part to part, likewise, 0 on the mean."""
    level: Tensor
    """What is the same everywhere ``(N, 1)``."""
    anchor: Tensor
    """The share of :func:`white_ev` ``(N, 1)``."""
    logit: Tensor
    """Of the probability ``(N, 1)``."""


class ExposureNet(nn.Module):
    """Sees a thumbnail at its canonical exposure and the picture's statistics; returns exposures and a probability.

    ``thumbnail`` ``(N, 3, 64, 64)`` in [0, 1] (:func:`pielight.ops.exposure.canonical_exposure` brought it to the mean
    0.42) and ``statistics`` ``(N, SEEN)`` to ``exposure`` ``(N, 1, 16, 16)``, EV to add to the canonical one, and
    ``underexposed`` ``(N, 1)``, the probability that the photograph is. A convolutional encoder down to 8 x 8 and one
    step up to 16 x 16 with a skip connection; what is known of the whole picture shifts the features of that step and
    the exposure, and says how far the exposure goes from the canonical one towards that of :func:`white_ev`. Exposures
    see :func:`scene_features` alone, so that they depend little on how dark the picture was taken; the probability and
    that share see its :func:`evidence`, too.

    Args:
        width: Factor for the channels of every layer.

    >>> from pielight.ops.exposure_statistics import SEEN
    >>> network = ExposureNet().eval()
    >>> exposure, underexposed = network(torch.rand(2, 3, 64, 64), torch.rand(2, SEEN))
    >>> exposure.shape, underexposed.shape
    (torch.Size([2, 1, 16, 16]), torch.Size([2, 1]))
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        half, full, deep, hidden = (max(4, round(width * channels)) for channels in (16, 32, 48, 48))
        self.down = nn.Sequential(_convolution(3, half, 2), _convolution(half, full, 2), _convolution(full, full))
        self.deep = nn.Sequential(_convolution(full, deep, 2), _convolution(deep, deep))
        self.whole = nn.Sequential(
            nn.Linear(2 * deep + _SCENE, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.level, self.shift = nn.Linear(hidden, 1), nn.Linear(hidden, full)
        self.up, self.mix = _convolution(deep, full), _convolution(2 * full, full)
        self.local = nn.Conv2d(full, 1, 3, padding=1, padding_mode="replicate")
        self.judge, self.share = (_perceptron(2 * deep + _SCENE + _EVIDENCE, hidden, drop) for drop in _DROPOUT)
        for layer in (self.level, self.local):  # start half way between the canonical exposure and the white point
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.get_parameter("bias"))

    def estimate(self, thumbnail: Tensor, statistics: Tensor) -> Estimate:
        """Return the exposures and their parts, and the logit of the probability."""
        fine = self.down(2 * (thumbnail - BRIGHTNESS))
        coarse = self.deep(fine)
        seen = torch.cat([coarse.mean((2, 3)), coarse.amax((2, 3))], 1)
        scene = scene_features(statistics)
        whole = self.whole(torch.cat([seen, scene], 1))
        up = F.interpolate(self.up(coarse), scale_factor=2.0, mode="bilinear", align_corners=False)
        mixed = self.mix(torch.cat([fine, up + self.shift(whole)[..., None, None]], 1))
        local, level = self.local(mixed), self.level(whole)
        local = local - local.mean((2, 3), keepdim=True)
        known = torch.cat([evidence(statistics), scene], 1)
        anchor = self.share(torch.cat([seen.detach(), known], 1)).sigmoid() * white_ev(statistics)
        logit = self.judge(torch.cat([seen, known], 1))
        dark = night(statistics)
        whole = torch.lerp(anchor + level, _headroom(statistics) + LIGHTS, dark)[..., None, None]
        return Estimate(local * (1 - dark[..., None, None]) + whole, local, level, anchor, logit)

    def forward(self, thumbnail: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """Return the exposures ``(N, 1, 16, 16)`` in EV and the probability ``(N, 1)``."""
        found = self.estimate(thumbnail, statistics)
        return found.exposure, found.logit.sigmoid()


def _headroom(statistics: Tensor) -> Tensor:
    """Return ``0.15 - c - log2 lin(w)`` in EV ``(N, 1)``: see :func:`white_ev`."""
    return HEADROOM - 4 * scene_features(statistics)[:, _WHITE : _WHITE + 1]


def _perceptron(channels: int, hidden: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(channels, hidden), nn.ReLU(), Dropout(dropout),
        nn.Linear(hidden, hidden // 2), nn.ReLU(), nn.Linear(hidden // 2, 1),
    )  # fmt: skip


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Sequential:
    # Edges are replicated, since zeros tell the network where corners are.
    return nn.Sequential(nn.Conv2d(channels, width, 3, stride, padding=1, padding_mode="replicate"), nn.ReLU())
