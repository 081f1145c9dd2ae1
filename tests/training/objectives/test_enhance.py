"""The objective: bank and batches in, a weighted sum of terms out."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from pielight.training.data.bank import Bank, build_bank
from pielight.training.data.batches import PictureSet
from pielight.training.data.train_context import Material
from pielight.training.losses.contrastive import QUANTILES
from pielight.training.networks.exposure_estimator import ExposureJudge
from pielight.training.networks.features import GRAM_LAYERS, VGGFeatures, load_features
from pielight.training.networks.lattice_net import LatticeNet
from pielight.training.objectives.darkness import DARKNESS
from pielight.training.objectives.enhance import anchors, losses
from pielight.training.schema import DataConfig, LossWeights, TrainConfig
from pielight.training.steps import step_generator

TERMS = set(DARKNESS.terms)
ALL = LossWeights(**dict.fromkeys(TERMS, 0.5))
CONFIG = TrainConfig(dark_batch=2, well_batch=2, bank=4, pairs=3, data=DataConfig(size=64, loss_size=32), losses=ALL)
CPU = torch.device("cpu")
JUDGE = ExposureJudge()


@pytest.fixture(scope="module")
def pictures() -> PictureSet:
    generator = torch.Generator().manual_seed(0)
    drawn = [(torch.rand(3, 70, 90, generator=generator) * 255).to(torch.uint8) for _ in range(4)]
    for picture in drawn:
        picture[:, 30:40, 40:60] = 255  # a lamp
    return PictureSet(drawn, [torch.arange(35 * 45).view(35, 45).int() // 50 for _ in drawn], CONFIG.data)


@pytest.fixture(scope="module")
def features() -> VGGFeatures:
    return load_features("random")


@pytest.fixture(scope="module")
def bank(pictures: PictureSet, features: VGGFeatures) -> Bank:
    return build_bank(DARKNESS, CONFIG, pictures, features, step_generator(0, 1), CPU)


@pytest.fixture(scope="module")
def material(pictures: PictureSet, features: VGGFeatures, bank: Bank) -> Material:
    return Material(pictures, pictures, features, bank, JUDGE)


def test_the_bank_has_an_under_and_an_over_exposed_negative_for_each_positive(bank: Bank) -> None:
    assert [g.shape[0] for g in bank.positives.grams] == [4, 4, 4]
    assert [g.shape[1] for g in bank.positives.grams] == [64, 128, 256]
    assert len(bank.negatives.profiles) == 8
    middle = bank.positives.profiles.mean()
    negatives = bank.negatives.profiles.mean(1)
    assert (negatives < middle).sum() == (negatives > middle).sum() == 4
    assert len(GRAM_LAYERS) == len(bank.negatives.draw(3, step_generator(0, 2)).grams)
    assert bank.negatives.draw(99, step_generator(0, 2)).profiles.shape == (8, QUANTILES)


def test_the_total_is_the_weighted_sum_of_every_term(material: Material) -> None:
    torch.manual_seed(0)
    total, terms = losses(LatticeNet(), CONFIG, material, 3, CPU)
    assert set(terms) == TERMS
    assert total.item() == pytest.approx(sum(getattr(CONFIG.losses, name) * value for name, value in terms.items()))


@pytest.mark.parametrize("name", sorted(TERMS))
def test_a_weight_of_0_takes_a_term_out(name: str, material: Material) -> None:
    weights = dataclasses.replace(CONFIG.losses, **{name: 0.0})
    config = dataclasses.replace(CONFIG, losses=weights)
    _, terms = losses(LatticeNet(), config, material, 3, CPU)
    assert set(terms) == TERMS - {name}


def test_a_step_is_a_function_of_seed_and_step(material: Material) -> None:
    torch.manual_seed(0)
    network = LatticeNet()
    first, again, later = (losses(network, CONFIG, material, step, CPU)[0].item() for step in (3, 3, 4))
    assert first == again != later


def test_harder_negatives_change_the_contrast_alone(material: Material) -> None:
    torch.manual_seed(0)
    network = LatticeNet()
    config = dataclasses.replace(CONFIG, steps=4)
    plain, easy, hard = (
        losses(network, dataclasses.replace(config, curriculum=harder, steps=steps),
               material, 3, CPU)[1]
        for harder, steps in ((False, 4), (True, 4000), (True, 4))
    )  # fmt: skip
    changed = {name for name in TERMS if len({terms[name] for terms in (plain, easy, hard)}) > 1}
    assert changed == {"contrastive", "brightness_triplet"}
    assert easy["brightness_triplet"] < hard["brightness_triplet"]  # nearer negatives leave less of a gap


def test_every_term_reaches_the_network(material: Material) -> None:
    for name in TERMS:
        torch.manual_seed(0)
        network = LatticeNet()
        torch.nn.init.normal_(network.head.weight, 0, 0.2)
        torch.nn.init.constant_(network.head.bias, -0.1)  # brightens
        weights = LossWeights(**{term: float(term == name) for term in TERMS}, margin=2.0)
        total, _ = losses(
            network,
            dataclasses.replace(CONFIG, losses=weights),
            material,
            3,
            CPU,
        )
        total.backward()
        assert network.head.weight.grad is not None
        assert network.head.weight.grad.abs().sum() > 0, name


def test_seeds_and_steps_draw_apart() -> None:
    draws = {torch.rand(1, generator=step_generator(seed, step)).item() for seed in range(4) for step in range(4)}
    assert len(draws) == 16


def test_without_dark_pictures_darkened_ones_are_judged(material: Material, pictures: PictureSet) -> None:
    torch.manual_seed(0)
    real, labels = anchors(dataclasses.replace(material, dark=None), CONFIG, 3, step_generator(0, 1))
    assert (real.shape, labels.shape) == ((3, 3, 64, 64), (3, 32, 32))
    bright = pictures.batch(3, step_generator(0, 1))[0]
    assert real.mean() < bright.mean()
    _, terms = losses(LatticeNet(), CONFIG, dataclasses.replace(material, dark=None), 3, CPU)
    assert set(terms) == TERMS
