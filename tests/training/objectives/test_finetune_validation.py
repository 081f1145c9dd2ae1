"""What validation of fine-tuning measures, and what it lets pass."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pielight.training.data.batches import load
from pielight.training.data.domain import picture_set
from pielight.training.data.toy import toy_scene
from pielight.training.objectives.exposure_estimator import ExposureEstimator
from pielight.training.objectives.finetune_validation import (
    Early,
    Metrics,
    Validator,
    better,
    doubts,
    fault_of,
    gain,
    interpolated,
)
from pielight.training.schema import DarkeningConfig, DataConfig

START = Metrics((20.0, 20.0, 20.0), 20.0, 0.4, 0.01, 0.2, 0.3)


class Lift(nn.Module):
    """One parameter for every curve."""

    def __init__(self, alpha: float) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.alpha.expand(len(pictures), 24, 4, 4)


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Validator:
    cache = tmp_path_factory.mktemp("cache")
    data = DataConfig(size=64, loss_size=32, min_size=32, cache=str(cache))
    random = np.random.default_rng(0)

    def shots(exponent: float, count: int) -> list[np.ndarray]:
        return [np.round(255 * toy_scene(random, 64) ** exponent).astype(np.uint8) for _ in range(count)]

    well, dark, others = (picture_set(shots(e, n), data) for e, n in ((0.45, 4), (1.0, 4), (0.45, 2)))
    how = DarkeningConfig(untouched=0, regional=0, stops=(-3.0, -2.0))
    torch.manual_seed(0)
    return Validator(dark, well, others, how, DarkeningConfig(untouched=1.0), ExposureEstimator().eval(), 0)


def test_validations_are_alike_and_see_what_helps(validator: Validator) -> None:
    nothing, more = validator.measure(Lift(0.0)), validator.measure(Lift(-0.15))
    assert validator.measure(Lift(0.0)) == nothing
    assert len(more.restored) == 4
    assert more.score > nothing.score + 3
    assert more.brightness > nothing.brightness
    assert more.kept < nothing.kept  # the others are untouched, and should stay
    assert better(more, nothing)
    assert not better(nothing, more)


def test_only_what_helps_is_interpolated(validator: Validator) -> None:
    start = Lift(-0.05)
    best = {"alpha": torch.tensor(-0.12)}
    network, metrics, share = interpolated(start, best, validator, forgotten=60.0)
    assert share == 1.0
    assert metrics.score > validator.measure(start).score
    _, held, less = interpolated(start, best, validator, forgotten=3.0)
    assert 0 < less < 1
    assert held.kept >= validator.measure(start).kept - 3.0
    for bad, forgotten in ((0.1, 60.0), (-0.12, 0.0)):
        network, metrics, share = interpolated(start, {"alpha": torch.tensor(bad)}, validator, forgotten)
        assert (share, network) == (0.0, start)
        assert metrics == validator.measure(start)
    assert interpolated(start, {}, validator, 60.0)[2] == 0.0


class Scores(Validator):
    """Reads the score of a network off its weight: two pictures, which gain differently."""

    def __init__(self, gains: dict[float, tuple[float, float]]) -> None:
        self._gains = gains

    def measure(self, network: nn.Module) -> Metrics:
        gains = self._gains[round(network.get_parameter("alpha").item(), 2)]
        return Metrics(tuple(20 + value for value in gains), 20.0, 0.4, 0.0, 0.2, 0.3)


@pytest.mark.parametrize(
    ("three_quarters", "half", "share"),
    [((0.75, 0.9), (0.3, 0.4), 0.75), ((0.7, 0.74), (0.3, 0.4), 1.0), ((0.8, 1.0), (0.76, 0.9), 0.5)],
)
def test_of_gains_that_cannot_be_told_apart_the_nearest_to_the_start_is_interpolated(
    three_quarters: tuple[float, float], half: tuple[float, float], share: float
) -> None:
    gains = {0.0: (0.0, 0.0), -0.2: (0.8, 1.0), -0.15: three_quarters, -0.1: half, -0.05: (0.1, 0.2)}
    assert interpolated(Lift(0.0), {"alpha": torch.tensor(-0.2)}, Scores(gains), 0.3)[2] == share


def test_collapse_is_seen(validator: Validator) -> None:
    start = validator.measure(Lift(-0.05))
    assert fault_of(start, start) == ""
    assert "brightness went from" in fault_of(validator.measure(Lift(-1.0)), start)
    assert "no numbers" in fault_of(validator.measure(Lift(math.nan)), start)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"brightness": 0.15}, "the mean brightness went from 0.40 to 0.15"),
        ({"clipped": 0.05}, "the share of burnt-out pixels went from 1.0% to 5.0%"),
        ({"contrast": 0.1}, "the contrast went from 0.200 to 0.100"),
        ({"misjudged": 0.5}, "the estimated exposure error went from 0.30 to 0.50 EV"),
        ({"brightness": 0.5, "clipped": 0.02, "contrast": 0.18, "misjudged": 0.4}, ""),
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
EARLY_START = Metrics((20.0, 22.0), 20.0, 0.4, 0.0, 0.2, 0.3)


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


def test_what_is_measured(toy_data: DataConfig) -> None:
    well, dark = load(toy_data.well, "well", toy_data), load(toy_data.dark, "dark", toy_data)
    torch.manual_seed(0)
    physics = DarkeningConfig(untouched=0.0, stops=(-2.0, -2.0), regional=0.0)
    validator = Validator(dark, well, well, physics, physics, ExposureEstimator().eval(), 0)
    idle, right = Flat(0.0), Flat(-1.0)
    assert validator.lifted(idle) == pytest.approx(0, abs=1e-4)
    assert validator.lifted(right) > 0.5
    assert validator.headroom(idle) > validator.headroom(right) > 0
