"""Settings of the degradations: intervals of random draws, each for a picture unless it says otherwise."""

from __future__ import annotations

from dataclasses import field
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
class DarkeningConfig:
    """How well-exposed pictures are darkened for learning by inversion (uniform draws)."""

    untouched: Share = 0.2
    """Share of pictures that stay as they are, so that good pictures are left alone."""
    regional: Share = 0.45
    """Share of the others whose regions get different exposures."""
    stops: NonPositiveInterval = (-6.5, -0.5)
    """Exposure of the whole picture in EV."""
    regional_base: NonPositiveInterval = (-0.25, 0.0)
    """Exposure of the bright part of a regional sample in EV."""
    regional_stops: NonPositiveInterval = (-5.5, -0.7)
    """Further exposure of the dark part of a regional sample in EV."""
    night: Share = 0.05
    """Share of the regional samples that are night scenes: all but the brightest 0.2 to 8 % is dark."""
    night_stops: NonPositiveInterval = (-6.5, -3.5)
    """Further exposure of the dark part of a night scene in EV."""
    night_kept: Share = 0.5
    """Share of the darkness in EV that a night scene keeps, since night should look like night."""
    fill_light: Share = 0.9
    """Fill light in the target of pictures that are backlit once they are darkened; see
    :mod:`pielight.training.degradations.exposure`."""
    lift: Share = 0.2
    """How much brighter than the original the other targets are, as the parameter of one light-enhancement curve: real
    dark pictures come out darker than darkened ones."""
    camera_response: PositiveInterval = (1.0, 1.6)
    """Contrast of the camera's response; see :func:`pielight.training.degradations.exposure.camera_response`."""
    white_balance: Share = 0.12
    """Largest relative error of the white balance per channel."""
    black_level: Share = 8e-4
    """Largest error of the black level per channel in linear light; an 8-bit level next to black is 3e-4."""
    shot_noise: PositiveInterval = (1e-5, 1e-3)
    """Variance of the shot noise per unit of linear light (log-uniform)."""
    read_noise: PositiveInterval = (1e-8, 1e-5)
    """Variance of the read noise (log-uniform)."""


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
class CaptureConfig:
    """How often pictures are noisy or compressed, and how much."""

    noisy: Share = 0.3
    """Share of pictures with shot and read noise."""
    shot_noise: PositiveInterval = (1e-5, 1e-3)
    """Variance of the shot noise per unit of linear light (log-uniform)."""
    read_noise: PositiveInterval = (1e-8, 1e-5)
    """Variance of the read noise (log-uniform)."""
    compressed: Share = 0.3
    """Share of pictures that pass through JPEG."""
    quality: Annotated[tuple[_Quality, _Quality], *ENDS_IN_ORDER] = (60, 95)
    """JPEG's quality (uniform)."""


@section
class AdaptiveConfig:
    """How negatives are made whose exposure is wrong by a drawn distance, whatever the picture."""

    distance: ShareInterval = (0.2, 0.9)
    """Share of the way from a picture's own brightness to black or white, as far as a curve gets there (uniform)."""
    local: Share = 0.4
    """Share of the negatives whose light changes in a part of the picture only."""
    capture: CaptureConfig = field(default_factory=CaptureConfig)
    """Noise and JPEG."""


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
