"""The settings of a joint run of seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pielight.training.config import Losses, Optimizer
from pielight.training.joint.config import Constraints, Dimming, Downstream, Examples, Joint


@pytest.fixture
def tiny(scenes: Path) -> Callable[..., Joint]:
    """Make the settings of a run of four steps."""

    def make(out: Path, **changes: Any) -> Joint:
        settings = Joint(
            name="tiny", steps=4, batch=2, out=str(out), optimizer=Optimizer(rate=1e-4, warmup=1, average=0.5),
            data=Examples(str(scenes / "well"), str(scenes / "labels"), width=48, height=40),
            darkening=Dimming(stops=(-3, -2), untouched=0.2),
            downstream=Downstream(classes=2, ignore=2),
            constraints=Constraints(
                dark_batch=1, well_batch=1, bank=2, pairs=2, render=32, features="random", cache=str(scenes / "cache"),
                losses=Losses(judged=0.0),
            ),
        )  # fmt: skip
        return dataclasses.replace(settings, **changes)

    return make
