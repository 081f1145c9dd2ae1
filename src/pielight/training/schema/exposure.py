"""Settings of the recipe ``exposure``: the default model, a network that returns a map of exposures."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pielight.training.schema.degradations import RawDarkeningConfig
from pielight.training.schema.fields import (
    Count,
    Integer,
    NonNegative,
    Number,
    Positive,
    Text,
    Texts,
    section,
)
from pielight.training.schema.run import OptimizerConfig, RunConfig
from pielight.training.schema.train import DataConfig

STORED_SIZE = 384
"""Length in pixels that the shorter side of pictures is reduced to before they are darkened."""


@section
class DomainConfig:
    """Folders of pictures of one origin, unpaired: how bright its dark ones should become, its good ones say."""

    dark: Texts
    """Dark pictures."""
    well: Texts = ()
    """Well-exposed ones, of any scenes."""
    fused: Texts = ()
    """Exposure fusions, which are well exposed everywhere; only parts of them are darkened."""
    weight: Positive = 1.0
    """How often their darkened samples are drawn, against those of other photographs."""

    @model_validator(mode="after")
    def _check(self) -> DomainConfig:
        if not (self.well or self.fused):
            raise ValueError("domains: each needs well-exposed pictures, well or fused")
        return self


@section
class ExposureDataConfig:
    """Where pictures come from."""

    published: Texts = ()
    """Folders of photographs as they were published, of everything: they stay as they are, and darkened they come
    back."""
    domains: tuple[DomainConfig, ...] = ()
    """Dark pictures, and well-exposed ones, which count as published, too."""
    min_size: Count = 100
    """A picture whose shorter side is below this is left out."""
    cache: Text | None = None
    """Folder that keeps the samples for other runs; null keeps them until the run is done."""

    @property
    def dark(self) -> tuple[str, ...]:
        """Every folder of dark pictures."""
        return tuple(folder for domain in self.domains for folder in domain.dark)

    @property
    def well(self) -> tuple[str, ...]:
        """Every folder of published and of well-exposed photographs."""
        more = (folder for domain in self.domains for folder in (*domain.well, *domain.fused))
        return (*self.published, *more)

    @property
    def limits(self) -> DataConfig:
        """Which pictures are used: of any brightness, since night, snow and blown skies are to be learned, too."""
        return DataConfig(
            dark=self.dark, well=self.well, stored_size=STORED_SIZE, min_size=self.min_size,
            dark_mean=(0.0, 0.5), well_mean=(0.0, 1.0), well_clipped=1.0,
        )  # fmt: skip


@section
class ExposureLosses:
    """Weights of the terms of :mod:`pielight.training.objectives.exposure`; 0 takes one out."""

    inversion: NonNegative = 1.0
    """Photographs darkened by physics come back."""
    published: NonNegative = 0.3
    """Published photographs come back from their canonical exposure."""
    underexposed: NonNegative = 0.5
    """Cross entropy of the probability that a photograph is underexposed."""
    brightness: NonNegative = 100.0
    """Real dark pictures are as bright as well-exposed ones of their domain on the mean."""
    spread: NonNegative = 60.0
    """Variance of that brightness."""
    shrinkage: NonNegative = 2.0
    """Pictures, and the parts of real dark ones, are exposed alike."""
    contrastive: NonNegative = 0.02
    """PIE: nearer to well-exposed photographs than to their Bag of Curves."""
    regional_consistency: NonNegative = 0.02
    """PIE: one exposure for a region."""
    feature_preservation: NonNegative = 0.02
    """PIE: what is seen stays."""


@section
class ExposureConfig(RunConfig):
    """A whole run that trains a network of exposure maps."""

    recipe: Literal["exposure"] = "exposure"
    """Tells this configuration from those of other recipes."""
    name: Text = "pie"
    steps: Count = 3000
    out: Text = "runs/pie"
    width: Annotated[Number, Field(ge=0.1, le=8)] = 1.0
    """Factor for the channels of every layer."""
    batch: Annotated[Integer, Field(ge=4)] = 96
    """Samples of a step: a third real dark pictures, of all domains in equal parts, a fifth published photographs, and
    darkened ones."""
    bank: Count = 128
    """Well-exposed photographs in the bank of positives, each with an under- and an over-exposed negative."""
    vgg_weights: Text | None = None
    """VGG16 weights, read if ``losses.contrastive`` or ``losses.feature_preservation`` is not 0: a file, ``download``
    (torchvision's) or, for trying out, ``random``."""
    data: ExposureDataConfig = field(default_factory=ExposureDataConfig)
    darkening: RawDarkeningConfig = field(default_factory=RawDarkeningConfig)
    losses: ExposureLosses = field(default_factory=ExposureLosses)
    optimizer: OptimizerConfig = field(
        default_factory=lambda: OptimizerConfig(lr=2e-3, weight_decay=0.0, warmup_steps=250, ema_decay=0.998)
    )

    @property
    def reads_features(self) -> bool:
        """Whether a term needs VGG16."""
        return self.losses.contrastive > 0 or self.losses.feature_preservation > 0

    @model_validator(mode="after")
    def _check(self) -> ExposureConfig:
        if not self.losses.inversion and not self.losses.published and not self.losses.brightness:
            raise ValueError("losses: without inversion, published and brightness nothing says how bright pictures are")
        return self
