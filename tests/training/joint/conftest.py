"""The settings of a joint run of seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pielight.training.schema import (
    ConstraintsConfig,
    DimmingConfig,
    DownstreamConfig,
    ExamplesConfig,
    JointConfig,
    LossWeights,
    OptimizerConfig,
)


@pytest.fixture
def tiny(scenes: Path) -> Callable[..., JointConfig]:
    """Make the settings of a run of four steps."""

    def make(out: Path, **changes: Any) -> JointConfig:
        settings = JointConfig(
            name="tiny", steps=4, batch=2, out=str(out),
            optimizer=OptimizerConfig(lr=1e-4, warmup_steps=1, ema_decay=0.5),
            data=ExamplesConfig(str(scenes / "well"), str(scenes / "labels"), width=48, height=40),
            darkening=DimmingConfig(stops=(-3, -2), untouched=0.2),
            downstream=DownstreamConfig(classes=2, ignore_index=2),
            constraints=ConstraintsConfig(
                dark_batch=1, well_batch=1, bank=2, pairs=2, loss_size=32, vgg_weights="random",
                cache=str(scenes / "cache"),
                losses=LossWeights(exposure=0.0),
            ),
        )  # fmt: skip
        return dataclasses.replace(settings, **changes)

    return make
