"""What validation of fine-tuning measures, and what it lets pass."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pielight.training.data.toy import toy_scene
from pielight.training.networks.exposure_net import SIDE
from pielight.training.objectives.finetune_validation import (
    Early,
    Metrics,
    Validator,
    better,
    doubts,
    enhanced_thumbnails,
    fault_of,
    gain,
    interpolated,
    remembers,
)
from pielight.training.schema import RawDarkeningConfig

START = Metrics((20.0, 20.0, 20.0), 20.0, 48.0, 0.4, 0.01, 0.2)


class Lift(nn.Module):
    """The same exposure for every picture whose canonical exposure says that it is dark."""

    def __init__(self, ev: float, certain: float = 1.0) -> None:
        super().__init__()
        self.ev = nn.Parameter(torch.tensor(ev))
        self.certain = certain

    def forward(self, pictures: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
        canonical = statistics[:, -1:]
        exposure = (self.ev - canonical)[..., None, None].expand(-1, 1, 16, 16)
        return exposure, self.certain * (canonical > 1).float()


@pytest.fixture(scope="module")
def validator() -> Validator:
    random = np.random.default_rng(0)

    def shots(exponent: float, count: int) -> list[Tensor]:
        scenes = [np.round(255 * toy_scene(random, SIDE) ** exponent).astype(np.uint8) for _ in range(count)]
        return [torch.from_numpy(scene.transpose(2, 0, 1).copy()) for scene in scenes]

    well, dark, others = shots(0.35, 4), shots(1.2, 4), shots(0.35, 2)
    how = RawDarkeningConfig(regional=0, stops=(-3.0, -2.0))
    return Validator(dark, well, others, how, dataclasses.replace(how, stops=(-1.5, -1.0)), 0, crops=8)


def test_validations_are_alike_and_see_what_helps(validator: Validator) -> None:
    nothing, more = validator.measure(Lift(0.0)), validator.measure(Lift(2.0))
    assert validator.measure(Lift(0.0)) == nothing
    assert len(more.restored) == 4
    assert more.score > nothing.score + 3
    assert more.brightness > nothing.brightness
    assert nothing.unchanged > 35  # but for the noise that some are published with
    assert better(more, nothing)
    assert not better(nothing, more)


def test_the_gate_is_that_of_inference(validator: Validator) -> None:
    assert validator.measure(Lift(2.0, certain=0.25)) == validator.measure(Lift(0.0))
    (first, *_) = validator._dark
    seen = [enhanced_thumbnails(Lift(2.0, certain), first) for certain in (0.25, 0.75, 1.0)]
    assert torch.allclose(seen[0], first.thumbnails.float(), atol=1e-5)
    assert seen[0].mean() < seen[1].mean() < seen[2].mean()


def test_dropout_does_not_count(validator: Validator) -> None:
    class Noisy(Lift):
        def forward(self, pictures: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
            exposure, certain = super().forward(pictures, statistics)
            return nn.functional.dropout(exposure, training=self.training), certain

    network = Noisy(2.0).train()
    assert validator.measure(network) == validator.measure(Lift(2.0))
    assert network.training


def test_only_what_helps_is_interpolated(validator: Validator) -> None:
    start = Lift(1.0)
    best = {"ev": torch.tensor(2.0)}
    _, metrics, share = interpolated(start, best, validator, forgotten=60.0)
    assert share > 0
    assert metrics.score > validator.measure(start).score
    for bad, forgotten in ((0.5, 60.0), (2.0, -60.0)):
        network, metrics, share = interpolated(start, {"ev": torch.tensor(bad)}, validator, forgotten)
        assert (share, network) == (0.0, start)
        assert metrics == validator.measure(start)
    assert interpolated(start, {}, validator, 60.0)[2] == 0.0


def test_published_photographs_that_change_are_minded() -> None:
    for change in ({"kept": 19.6}, {"unchanged": 47.6}):
        assert not remembers(dataclasses.replace(START, **change), START, 0.3)
    assert remembers(dataclasses.replace(START, kept=19.8, unchanged=47.8), START, 0.3)


class Scores(Validator):
    """Reads the score of a network off its weight: two pictures, which gain differently."""

    def __init__(self, gains: dict[float, tuple[float, float]]) -> None:
        self._gains = gains

    def measure(self, network: nn.Module) -> Metrics:
        gains = self._gains[round(network.get_parameter("ev").item(), 2)]
        return Metrics(tuple(20 + value for value in gains), 20.0, 48.0, 0.4, 0.0, 0.2)


@pytest.mark.parametrize(
    ("three_quarters", "half", "share"),
    [((0.75, 0.9), (0.3, 0.4), 0.75), ((0.7, 0.74), (0.3, 0.4), 1.0), ((0.8, 1.0), (0.76, 0.9), 0.5)],
)
def test_of_gains_that_cannot_be_told_apart_the_nearest_to_the_start_is_interpolated(
    three_quarters: tuple[float, float], half: tuple[float, float], share: float
) -> None:
    gains = {0.0: (0.0, 0.0), -0.2: (0.8, 1.0), -0.15: three_quarters, -0.1: half, -0.05: (0.1, 0.2)}
    assert interpolated(Lift(0.0), {"ev": torch.tensor(-0.2)}, Scores(gains), 0.3)[2] == share


def test_collapse_is_seen(validator: Validator) -> None:
    start = validator.measure(Lift(0.5))
    assert fault_of(start, start) == ""
    assert "brightness went from" in fault_of(validator.measure(Lift(9.0)), start)
    assert "no numbers" in fault_of(validator.measure(Lift(math.nan)), start)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"brightness": 0.15}, "the mean brightness went from 0.40 to 0.15"),
        ({"white": 0.05}, "the share of pixels near white went from 1.0% to 5.0%"),
        ({"contrast": 0.1}, "the contrast went from 0.200 to 0.100"),
        ({"brightness": 0.5, "white": 0.02, "contrast": 0.18}, ""),
    ],
)
def test_limits(change: dict[str, float], said: str) -> None:
    assert fault_of(dataclasses.replace(START, **change), START) == said


def test_chance_is_not_better() -> None:
    assert not better(START, START)
    assert not better(dataclasses.replace(START, restored=(20.05, 20.05, 20.05)), START)
    assert not better(dataclasses.replace(START, restored=(23.0, 19.5, 19.5)), START)
    sure = dataclasses.replace(START, restored=(20.5, 20.4, 20.6))
    assert better(sure, START)
    assert gain(sure, START) == pytest.approx((0.5, 0.1 / math.sqrt(3)))


GOOD = {"pictures": 50, "lifted": 0.25, "headroom": 0.3}
EARLY_START = Metrics((20.0, 22.0), 20.0, 48.0, 0.4, 0.0, 0.2)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"pictures": 49}, "49 dark pictures are few"), ({"lifted": 0.2}, "lifts them by 0.20 EV"),
     ({"lifted": math.nan}, "hardly dark"), ({"headroom": 0.2}, "would gain 0.20 dB")],
)  # fmt: skip
def test_every_doubt(change: dict[str, float], said: str) -> None:
    assert not list(doubts(**GOOD))
    (doubt,) = doubts(**{**GOOD, **change})
    assert said in doubt


def test_no_gain_after_a_quarter_is_said_once() -> None:
    early = Early(EARLY_START, 100)
    flat = dataclasses.replace(EARLY_START, restored=(20.1, 22.0))
    assert not early.doubt(24, EARLY_START)
    assert "after 25 of 100 steps the held-out score is +0.05 dB" in early.doubt(25, flat)
    assert not early.doubt(50, flat)


def test_a_gain_is_no_doubt() -> None:
    early = Early(EARLY_START, 100)
    assert not early.doubt(10, dataclasses.replace(EARLY_START, restored=(21.0, 23.0)))
    assert not early.doubt(30, EARLY_START)
    assert not Early(EARLY_START, 1).doubt(1, EARLY_START)  # the end is no early time


def test_what_is_measured(validator: Validator) -> None:
    idle, more = Lift(0.0), Lift(2.0)
    assert validator.lifted(idle) == 0
    assert 0.5 < validator.lifted(more) <= 2
    assert validator.headroom(more) > validator.headroom(Lift(3.0)) > 0
