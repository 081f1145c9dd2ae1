"""Settings of ``pielight train`` with ``recipe: denoise``."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pielight.training.schema.degradations import LowLightNoiseConfig
from pielight.training.schema.fields import Count, Integer, NonNegative, Text, section
from pielight.training.schema.run import OptimizerConfig, RunConfig
from pielight.training.schema.train import DataConfig


@section
class DenoiseConfig(RunConfig):
    """A whole run."""

    recipe: Literal["denoise"] = "denoise"
    """Tells this configuration from those of other recipes."""
    name: Text = "denoise"
    steps: Count = 4000
    batch: Count = 16
    """Patches of a step."""
    patch_size: Annotated[Integer, Field(ge=8, multiple_of=8)] = 96
    """Side of a patch in pixels."""
    color_weight: NonNegative = 1.0
    """Weight of the error in color, beside that of all channels."""
    gradient_weight: NonNegative = 1.0
    """Weight of the difference of errors between neighbors."""
    out: Text = "runs/denoise"
    data: DataConfig = field(default_factory=DataConfig)
    """Only ``well`` and what a well-exposed picture is; its shorter side is reduced to 5/4 of ``size``."""
    optimizer: OptimizerConfig = field(default_factory=lambda: OptimizerConfig(lr=2e-3, weight_decay=0.0))
    noise: LowLightNoiseConfig = field(default_factory=LowLightNoiseConfig)

    @model_validator(mode="after")
    def _check(self) -> DenoiseConfig:
        if self.patch_size > self.data.min_size:
            raise ValueError(f"patch_size: {self.patch_size} should be at most data.min_size, {self.data.min_size}")
        return self
