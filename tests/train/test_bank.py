"""The bank: positives, two negatives of each, and random parts of it."""

from __future__ import annotations

import pytest
import torch

from pielight.train.bank import Bank, build_bank
from pielight.train.config import Data
from pielight.train.data import load
from pielight.train.features import GRAM_LAYERS, VGGFeatures, load_features
from pielight.train.physics.bag_of_curves import bag


@pytest.fixture(scope="module")
def features() -> VGGFeatures:
    return load_features("random")


def make(data: Data, features: VGGFeatures, count: int, seed: int = 0) -> Bank:
    well = load(data.well, "well", data)
    return build_bank(well, features, bag("mild"), count, 0.5, torch.Generator().manual_seed(seed))


def test_bank(toy_data: Data, features: VGGFeatures) -> None:
    bank = make(toy_data, features, 10)  # more than one portion of eight
    assert [gram.shape for gram in bank.positives.grams] == [(10, size, size) for size in (64, 128, 256)]
    assert [gram.shape for gram in bank.negatives.grams] == [(20, size, size) for size in (64, 128, 256)]
    assert len(GRAM_LAYERS) == 3
    assert bank.positives.profiles.shape == (10, 32)
    assert bank.negatives.profiles.shape == (20, 32)
    good, bad = bank.positives.profiles.mean(1), bank.negatives.profiles.mean(1)
    under, over = torch.cat([bad[:8], bad[16:18]]), torch.cat([bad[8:16], bad[18:]])
    assert (under < good).all()
    assert (over > good).all()
    assert not bank.positives.grams[0].requires_grad


def test_the_bank_follows_from_the_generator(toy_data: Data, features: VGGFeatures) -> None:
    one, same, other = (make(toy_data, features, 3, seed) for seed in (0, 0, 1))
    assert torch.equal(one.negatives.profiles, same.negatives.profiles)
    assert torch.equal(one.positives.grams[2], same.positives.grams[2])
    assert not torch.equal(one.positives.profiles, other.positives.profiles)


def test_draw(toy_data: Data, features: VGGFeatures) -> None:
    negatives = make(toy_data, features, 3).negatives
    drawn = negatives.draw(4, torch.Generator().manual_seed(0))
    rows = [int((negatives.profiles == profile).all(1).nonzero()[0]) for profile in drawn.profiles]
    assert len(set(rows)) == 4
    for layer, gram in zip(negatives.grams, drawn.grams, strict=True):
        assert torch.equal(layer[rows], gram)
    assert len(negatives.draw(99, torch.Generator()).profiles) == 6
