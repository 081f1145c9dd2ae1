"""What is said of fine-tuning before it is done."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import Tensor, nn

from pielight.training.data.batches import load
from pielight.training.networks.exposure_estimator import ExposureEstimator
from pielight.training.objectives.finetune_prospects import Early, Prospect, doubts
from pielight.training.objectives.finetune_validation import Metrics, Validator
from pielight.training.schema import DarkeningConfig, DataConfig

GOOD = Prospect(pictures=50, lifted=0.25, headroom=0.3)
START = Metrics((20.0, 22.0), 20.0, 0.4, 0.0, 0.2, 0.3)


class Flat(nn.Module):
    """Returns the same curves for every picture."""

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.full((len(pictures), 3, 4, 4), self.alpha)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"pictures": 49}, "49 dark pictures are few"), ({"lifted": 0.2}, "makes them 1.15 times as bright"),
     ({"lifted": math.nan}, "hardly dark"), ({"headroom": 0.2}, "would gain 0.20 dB")],
)  # fmt: skip
def test_every_doubt(change: dict[str, float], said: str) -> None:
    assert not list(doubts(GOOD))
    (doubt,) = doubts(dataclasses.replace(GOOD, **change))
    assert said in doubt


def test_no_gain_after_a_quarter_is_said_once() -> None:
    early = Early(START, 100)
    flat = dataclasses.replace(START, restored=(20.1, 22.0))
    assert not early.doubt(24, START)
    assert "after 25 of 100 steps the held-out score is +0.05 dB" in early.doubt(25, flat)
    assert not early.doubt(50, flat)


def test_a_gain_is_no_doubt() -> None:
    early = Early(START, 100)
    assert not early.doubt(10, dataclasses.replace(START, restored=(21.0, 23.0)))
    assert not early.doubt(30, START)
    assert not Early(START, 1).doubt(1, START)  # the end is no early time


def test_what_is_measured(toy_data: DataConfig) -> None:
    well, dark = load(toy_data.well, "well", toy_data), load(toy_data.dark, "dark", toy_data)
    torch.manual_seed(0)
    physics = DarkeningConfig(untouched=0.0, stops=(-2.0, -2.0), regional=0.0)
    validator = Validator(dark, well, well, physics, physics, ExposureEstimator().eval(), 0)
    idle, right = Flat(0.0), Flat(-1.0)
    assert validator.lifted(idle) == pytest.approx(0, abs=1e-4)
    assert validator.lifted(right) > 0.5
    assert validator.headroom(idle) > validator.headroom(right) > 0
