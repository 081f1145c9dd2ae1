"""Settings that every run of training has, whatever its recipe."""

from __future__ import annotations

from dataclasses import KW_ONLY, field
from typing import Annotated, Literal

from pydantic import Field

from pielight.training.schema.fields import (
    READ_NO,
    Count,
    NonNegative,
    NonNegativeInteger,
    Positive,
    Seed,
    Text,
    section,
)


@section
class OptimizerConfig:
    """Adam with warm-up, cosine decay and averaged weights."""

    lr: Positive = 1e-3
    weight_decay: NonNegative = 1e-4
    grad_clip: Positive = 1.0
    """Largest gradient norm."""
    warmup_steps: NonNegativeInteger = 50
    ema_decay: Annotated[NonNegative, Field(lt=1)] = 0.995
    """Decay of the exponential moving average of the weights that is exported."""


@section
class RunConfig:
    """The settings of a run that the trainer and the model card ask for."""

    _: KW_ONLY
    name: Text
    training_data: Text = ""
    """What it is trained on, in words, for the model card."""
    license: Text = ""
    """Terms of those pictures and of the weights, for the model card."""
    seed: Seed = 0
    steps: Count
    precision: Annotated[Literal["no", "bf16", "fp16"], READ_NO] = "no"
    """``bf16`` runs the networks in half the time on processors that can; ``fp16`` is for graphics cards that cannot,
    with a scaled loss."""
    accumulation: Count = 1
    """Portions in which each process runs its part of a batch, one after the other: less memory, the same result."""
    checkpoint_minutes: NonNegative = 3.0
    out: Text
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
