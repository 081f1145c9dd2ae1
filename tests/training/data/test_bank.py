"""The bank: positives, two negatives of each, and random parts of it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pielight.training.data.bank import Bank, Exposures, build_bank, easiest_first
from pielight.training.data.batches import load
from pielight.training.networks.features import GRAM_LAYERS, VGGFeatures, load_features
from pielight.training.objectives.brighten import BRIGHTEN
from pielight.training.schema import DataConfig, TrainConfig

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def features() -> VGGFeatures:
    return load_features("random")


def make(data: DataConfig, features: VGGFeatures | None, count: int, seed: int = 0, name: str = "mild") -> Bank:
    well = load(data.well, "well", data)
    config = TrainConfig(bank=count, negatives=name)
    return build_bank(
        BRIGHTEN.positives, BRIGHTEN.negatives, config, well, features, torch.Generator().manual_seed(seed), CPU
    )


def test_bank(toy_data: DataConfig, features: VGGFeatures) -> None:
    bank = make(toy_data, features, 10)  # more than one portion of eight
    assert [gram.shape for gram in bank.positives.grams] == [(10, size, size) for size in (64, 128, 256)]
    assert [gram.shape for gram in bank.negatives.grams] == [(20, size, size) for size in (64, 128, 256)]
    assert len(GRAM_LAYERS) == 3
    assert bank.positives.profiles.shape == (10, 32)
    assert bank.negatives.profiles.shape == (20, 32)
    good, bad = bank.positives.profiles.mean(1), bank.negatives.profiles.mean(1)
    assert (bad < good.min()).sum() >= 5  # of ten on each side, though some positives are dark or bright
    assert (bad > good.max()).sum() >= 5
    assert not bank.positives.grams[0].requires_grad


def test_the_bank_follows_from_the_generator(toy_data: DataConfig, features: VGGFeatures) -> None:
    one, same, other = (make(toy_data, features, 3, seed) for seed in (0, 0, 1))
    assert torch.equal(one.negatives.profiles, same.negatives.profiles)
    assert torch.equal(one.positives.grams[2], same.positives.grams[2])
    assert not torch.equal(one.positives.profiles, other.positives.profiles)


def test_without_features_the_rest_of_the_bank_is_the_same(toy_data: DataConfig, features: VGGFeatures) -> None:
    whole, bank = make(toy_data, features, 10), make(toy_data, None, 10)
    assert torch.equal(bank.positives.profiles, whole.positives.profiles)
    assert torch.equal(bank.negatives.profiles, whole.negatives.profiles)
    part = bank.negatives.draw(4, torch.Generator())
    assert (len(part.profiles), part.grams) == (4, [])


def test_draw(toy_data: DataConfig, features: VGGFeatures) -> None:
    negatives = make(toy_data, features, 3).negatives
    drawn = negatives.draw(4, torch.Generator().manual_seed(0))
    rows = [int((negatives.profiles == profile).all(1).nonzero()[0]) for profile in drawn.profiles]
    assert len(set(rows)) == 4
    for layer, gram in zip(negatives.grams, drawn.grams, strict=True):
        assert torch.equal(layer[rows], gram)
    assert len(negatives.draw(99, torch.Generator()).profiles) == 6


@pytest.mark.parametrize("name", ["paper", "mild", "adaptive"])
def test_positives_do_not_depend_on_the_negatives(name: str, toy_data: DataConfig, features: VGGFeatures) -> None:
    plain, bank = make(toy_data, features, 10), make(toy_data, features, 10, name=name)
    assert torch.equal(plain.positives.profiles, bank.positives.profiles)
    assert torch.equal(plain.positives.grams[1], bank.positives.grams[1])


def test_easy_negatives_come_first_and_both_sides_take_turns() -> None:
    under, over = torch.tensor([0.3, 0.1, 0.4]), torch.tensor([0.02, 0.03, 0.01])
    order = easiest_first([under, over])
    assert order.tolist() == [2, 4, 0, 3, 1, 5]
    assert torch.equal(under[order[::2]], under.sort(descending=True).values)
    assert torch.equal(over[order[1::2] - 3], over.sort(descending=True).values)


def test_the_bank_s_negatives_get_nearer_to_good_exposures(toy_data: DataConfig, features: VGGFeatures) -> None:
    bank = make(toy_data, features, 12, name="adaptive")
    middle = bank.positives.profiles.mean(0)
    off = (bank.negatives.profiles - middle).abs().mean(1)
    assert off[:8].mean() > off[8:16].mean() > off[16:].mean()


def exposures(count: int) -> Exposures:
    numbers = torch.arange(count).float()
    return Exposures([numbers.view(-1, 1, 1)], numbers.view(-1, 1).expand(-1, 32))


def drawn(count: int, wanted: int, hardness: float | None, seed: int = 0) -> set[float]:
    part = exposures(count).draw(wanted, torch.Generator().manual_seed(seed), hardness)
    assert torch.equal(part.grams[0].flatten(), part.profiles[:, 0])
    return set(part.profiles[:, 0].tolist())


def test_hardness_moves_the_draw_from_the_first_to_the_last_quarter() -> None:
    assert drawn(40, 10, 0.0) == set(range(10))
    assert drawn(40, 10, 1.0) == set(range(30, 40))
    for seed in range(20):
        assert drawn(40, 3, 0.5, seed) <= set(range(15, 25))
    assert len(set().union(*(drawn(40, 3, None, seed) for seed in range(99)))) == 40


def test_a_small_bank_gives_what_it_has() -> None:
    assert drawn(6, 4, 0.0) == {0, 1, 2, 3}
    assert drawn(6, 4, 1.0) == {2, 3, 4, 5}
    assert drawn(3, 9, 0.7) == {0, 1, 2}


@given(st.integers(1, 60), st.integers(1, 20), st.floats(0, 1), st.floats(0, 1))
def test_harder_never_draws_from_an_easier_part(count: int, wanted: int, one: float, other: float) -> None:
    easier, harder = (drawn(count, count, value) for value in sorted((one, other)))
    assert min(easier) <= min(harder)
    assert max(easier) <= max(harder)
    assert len(drawn(count, wanted, one)) == min(wanted, count)
