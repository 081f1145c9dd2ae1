"""Settings of the degradations: intervals of random draws, each for a picture unless it says otherwise."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from pielight.training.schema.fields import (
    ENDS_IN_ORDER,
    Count,
    Integer,
    Interval,
    NonNegative,
    NonNegativeInterval,
    NonPositiveInterval,
    Number,
    PositiveInterval,
    Share,
    ShareInterval,
    section,
)  # fmt: skip

_Quality = Annotated[Integer, Field(ge=1, le=95)]
_FineQuality = Annotated[Number, Field(ge=1, le=100)]
_AtLeastOne = Annotated[Number, Field(ge=1)]
_Cover = Annotated[Number, Field(gt=0, lt=1)]


@section
class RawDarkeningConfig:
    """How published photographs are darkened as raw pictures, and how many samples are made of each."""

    versions: Count = 6
    """Darkened samples of each photograph."""
    stops: NonPositiveInterval = (-7.0, -0.8)
    """Exposure of the whole picture in EV; a seventh of the pictures lies between its upper end and 0."""
    regional: Share = 0.25
    """Share of the darkened samples whose parts get different exposures."""
    shot_noise: PositiveInterval = (1e-6, 1e-3)
    """Variance of the shot noise per unit of linear light, before white balance (log-uniform)."""
    compressed: Share = 0.45
    """Share of the samples that pass through JPEG, of the qualities 60 to 95."""


@section
class HazeConfig:
    """How clear pictures become hazy (uniform draws)."""

    untouched: Share = 0.15
    """Share of pictures that stay clear, so that clear pictures are left alone."""
    density: PositiveInterval = (0.8, 2.8)
    """Scattering coefficient beta; depth goes from 0 to 1."""
    nearest: ShareInterval = (0.1, 0.6)
    """Depth of the nearest point, that of the farthest being 1."""
    airlight: ShareInterval = (0.85, 1.0)
    """Brightness of the airlight in sRGB."""
    color: Share = 0.04
    """Largest difference of a channel's airlight."""
    uneven: NonNegative = 0.3
    """Relative change of the density from place to place at most, give or take a half, as in drifting fog."""
    edges: Share = 0.4
    """Largest offset in depth of a region from its surroundings."""
    clearest: Share = 0.05
    """Share of the pixels with a black channel that all pictures are given first."""


@section
class RainConfig:
    """How dry pictures become rainy (some draws are for each layer of streaks, where it says so)."""

    untouched: Share = 0.25
    """Share of pictures that stay dry, so that dry pictures are left alone."""
    layers: Count = 4
    """Layers of streaks at most, each at a different distance."""
    farthest: _AtLeastOne = 5.0
    """Distance of the farthest layer, that of the nearest being 1 (log-uniform, for each layer)."""
    length: PositiveInterval = (20.0, 200.0)
    """Of the nearest streaks in pixels: how far a drop falls while the shutter is open (log-uniform)."""
    width: PositiveInterval = (0.8, 4.0)
    """Standard deviation of the nearest streaks' profile in pixels (log-uniform)."""
    defocus: NonNegativeInterval = (0.0, 4.0)
    """Blur of streaks at the nearest distance in pixels, which makes them wide and faint (for each layer)."""
    angle: Interval = (-40.0, 40.0)
    """Of all streaks against the vertical in degrees; layers differ by up to 4 degrees."""
    cover: Annotated[tuple[_Cover, _Cover], *ENDS_IN_ORDER] = (0.02, 0.8)
    """Share of the picture that the streaks of a layer lie over (log-uniform, for each layer)."""
    brightness: NonNegativeInterval = (0.1, 0.8)
    """Of the brightest streaks in sRGB."""
    gusts: Share = 0.6
    """Largest share by which rain is thinner in some places than in others."""
    veil: ShareInterval = (0.0, 0.03)
    """Light that drops too far away to be seen one by one add everywhere."""
    drops: Share = 0.1
    """Share of pictures with drops on the lens, out of focus."""


@section
class LowLightNoiseConfig:
    """How clean photographs become noisy ones (draws are for each patch)."""

    stops: Interval = (-6.5, 0.5)
    """Exposure in EV."""
    shot_noise: PositiveInterval = (5e-7, 1e-3)
    """Variance of the shot noise per unit of light on the sensor (log-uniform)."""
    read_noise: PositiveInterval = (3e-10, 1e-6)
    """Variance of the read noise on the sensor (log-uniform)."""
    row_noise: NonNegative = 0.3
    """Largest noise of whole rows, as a share of the read noise's standard deviation."""
    black_level: NonNegative = 5e-5
    """Largest standard deviation of the error of a channel's black level, before the white balance."""
    white_balance: NonNegative = 1.0
    """Gain in EV of red and of blue against green, on the mean; single ones are from half to one and a half of it."""
    correlated: Share = 0.4
    """Share of patches whose noise is blurred, as camera processing and smaller sizes do."""
    blur: PositiveInterval = (0.3, 0.8)
    """Standard deviation of that blur in pixels."""
    demosaicked: Share = 0.3
    """Share of patches whose noise is interpolated from a Bayer pattern."""
    blotches: NonNegative = 0.5
    """Largest amount of noise blurred by 2 to 6 pixels, against that of the fine noise."""
    crosstalk: Share = 0.35
    """Largest share of each other channel that the color matrix subtracts."""
    high_bit_depth: Share = 0.15
    """Share of patches that are not cut to 8 bits."""
    jpeg: Share = 0.4
    """Share of patches that go through JPEG."""
    quality: Annotated[tuple[_FineQuality, _FineQuality], *ENDS_IN_ORDER] = (60.0, 98.0)
    """JPEG's quality."""
    brightness: PositiveInterval = (0.6, 1.15)
    """Mean brightness after the curve, as a share of the photograph's."""
    level_error: NonNegative = 0.2
    """Standard deviation of the logarithm of the error of the noise level: an estimate is never exact."""
