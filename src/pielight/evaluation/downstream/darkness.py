"""Darkness at a stated exposure: a well-lit picture as a camera with too little light would have taken it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.errors import ConfigError
from pielight.evaluation.metric_spec import Floats, Pixels

MOST_EV = 16.0


@dataclass(frozen=True)
class Darkness:
    """How pictures are shrunk and darkened, the same for all of them.

    Attributes:
        ev: How many times the light is halved; 0 leaves a picture as it is, without noise.
        shot: Variance of the shot noise per unit of linear light, after darkening.
        read: Variance of the read noise.
        shrink: Scale of both sides, before darkening.
        seed: Of the noise.

    Raises:
        ConfigError: A value is out of range.

    >>> Darkness(ev=-1)
    Traceback (most recent call last):
        ...
    pielight.errors.ConfigError: darkness: -1 EV; expected how many times the light is halved, 0 to 16
    """

    ev: float = 0.0
    shot: float = 1e-3
    read: float = 1e-6
    shrink: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.ev <= MOST_EV:
            raise ConfigError(
                f"darkness: {self.ev:g} EV; expected how many times the light is halved, 0 to {MOST_EV:g}"
            )
        if not (0 <= self.shot <= 1 and 0 <= self.read <= 1):
            raise ConfigError(f"noise: {self.shot:g},{self.read:g}; expected SHOT,READ, two variances from 0 to 1")
        if not 0 < self.shrink <= 1:
            raise ConfigError(f"shrink: {self.shrink:g}; expected a scale above 0, up to 1")

    def clean(self, pixels: Pixels) -> Pixels:
        """Return the picture ``(H, W, 3)`` shrunk, but not darkened."""
        return shrunk(pixels, self.shrink)

    def degrade(self, pixels: Pixels, name: str) -> Pixels:
        """Return the picture ``(H, W, 3)`` shrunk and darkened; its name and ``seed`` alone seed the noise."""
        return darken(self.clean(pixels), self.ev, self.shot, self.read, generator(name, self.seed))


def darken(pixels: Pixels, ev: float, shot: float, read: float, rng: np.random.Generator) -> Pixels:
    """Darken a picture by physics.

    ``y = Q8(sRGB(min(1, max(0, l + n))))``, ``l = 2^-EV lin(x)``, ``n ~ N(0, shot * l + read)``: linear light (IEC
    61966-2-1), the Poisson-Gaussian noise of Foi et al. (2008), 8 bits.
    :mod:`pielight.training.degradations.raw_darkening` draws noise, white balance and a camera's tone curve at random,
    for training; this is the one equation at one exposure, for measuring.

    Args:
        pixels: ``(H, W, 3)`` uint8 in sRGB.
        ev: How many times the light is halved; 0 returns the picture as it is.
        shot: Variance per unit of linear light.
        read: Variance in the dark.
        rng: The source of the noise.

    >>> white = np.full((2, 2, 3), 255, np.uint8)
    >>> darken(white, 2, 0, 0, np.random.default_rng(0))[0, 0].tolist()  # a quarter of the light
    [137, 137, 137]
    """
    if ev == 0:
        return pixels
    light = srgb_to_linear(pixels / 255.0) * 2.0**-ev
    noise = rng.standard_normal(light.shape) * np.sqrt(shot * light + read)
    darker: Pixels = np.rint(255 * linear_to_srgb((light + noise).clip(0, 1))).astype(np.uint8)
    return darker


def generator(name: str, seed: int) -> np.random.Generator:
    """Return the random number generator of one picture, by its name and a seed.

    >>> a, b = (generator(name, 0).standard_normal() for name in ("a", "b"))
    >>> a != b and a == generator("a", 0).standard_normal()
    True
    """
    digest = hashlib.sha256(f"{seed} {name}".encode("utf-8", "surrogatepass")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def shrunk(pixels: Pixels, scale: float) -> Pixels:
    """Shrink a picture: each new pixel is the mean of the area that it covers, parts of pixels included.

    Args:
        pixels: ``(H, W, C)`` uint8; values are averaged as they are, as ``cv2.INTER_AREA`` does.
        scale: Of both sides, which are rounded to whole pixels, at least 1.

    >>> shrunk(np.array([[[0], [100], [200]]], np.uint8), 2 / 3).ravel().tolist()
    [33, 167]
    """
    if scale == 1:
        return pixels
    rows, columns = (_areas(side, max(1, math.floor(side * scale + 0.5))) for side in pixels.shape[:2])
    mean = np.einsum("ij,jkc,lk->ilc", rows, pixels, columns, optimize=True)
    small: Pixels = np.rint(mean).clip(0, 255).astype(np.uint8)
    return small


def _areas(side: int, new: int) -> Floats:
    """Return ``(new, side)``: the share of each old pixel in each new one."""
    edges = np.linspace(0, side, new + 1)
    left, right = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    old = np.arange(side)
    shares: Floats = (np.minimum(right, old + 1) - np.maximum(left, old)).clip(0) * (new / side)
    return shares
