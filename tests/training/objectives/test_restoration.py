"""The objective: bank and batches in, a weighted sum of terms out."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from pielight.training.data.bank import Bank, build_bank
from pielight.training.data.batches import PictureSet
from pielight.training.losses.exposure import QUANTILES
from pielight.training.networks.dce_net import DCENet
from pielight.training.networks.features import GRAM_LAYERS, VGGFeatures, load_features
from pielight.training.objectives.brighten import BRIGHTEN
from pielight.training.objectives.restoration import Restoration, TrainContext
from pielight.training.schedules import step_generator
from pielight.training.schema import DataConfig, LossWeights, TrainConfig

TERMS = set(BRIGHTEN.terms)
ALL = LossWeights(**dict.fromkeys(TERMS, 0.5))
CONFIG = TrainConfig(dark_batch=2, well_batch=2, bank=4, pairs=3, data=DataConfig(size=64, loss_size=32), losses=ALL)
CPU = torch.device("cpu")


def losses(
    network: nn.Module, config: TrainConfig, context: TrainContext, step: int
) -> tuple[Tensor, dict[str, float]]:
    total, terms = Restoration(config, context).loss(network, step)
    return total, {name: term.item() for name, term in terms.items()}


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
    return build_bank(BRIGHTEN.positives, BRIGHTEN.negatives, CONFIG, pictures, features, step_generator(0, 1), CPU)


@pytest.fixture(scope="module")
def context(pictures: PictureSet, features: VGGFeatures, bank: Bank) -> TrainContext:
    return TrainContext(pictures, pictures, features, bank)


def test_the_bank_has_an_under_and_an_over_exposed_negative_for_each_positive(bank: Bank) -> None:
    assert [g.shape[0] for g in bank.positives.grams] == [4, 4, 4]
    assert [g.shape[1] for g in bank.positives.grams] == [64, 128, 256]
    assert len(bank.negatives.profiles) == 8
    middle = bank.positives.profiles.mean()
    negatives = bank.negatives.profiles.mean(1)
    assert (negatives < middle).sum() == (negatives > middle).sum() == 4
    assert len(GRAM_LAYERS) == len(bank.negatives.draw(3, step_generator(0, 2)).grams)
    assert bank.negatives.draw(99, step_generator(0, 2)).profiles.shape == (8, QUANTILES)


def test_the_total_is_the_weighted_sum_of_every_term(context: TrainContext) -> None:
    torch.manual_seed(0)
    total, terms = losses(DCENet(), CONFIG, context, 3)
    assert set(terms) == TERMS
    assert total.item() == pytest.approx(sum(getattr(CONFIG.losses, name) * value for name, value in terms.items()))


@pytest.mark.parametrize("name", sorted(TERMS))
def test_a_weight_of_0_takes_a_term_out(name: str, context: TrainContext) -> None:
    weights = dataclasses.replace(CONFIG.losses, **{name: 0.0})
    config = dataclasses.replace(CONFIG, losses=weights)
    _, terms = losses(DCENet(), config, context, 3)
    assert set(terms) == TERMS - {name}


def test_a_step_is_a_function_of_seed_and_step(context: TrainContext) -> None:
    torch.manual_seed(0)
    network = DCENet()
    first, again, later = (losses(network, CONFIG, context, step)[0].item() for step in (3, 3, 4))
    assert first == again != later


def test_harder_negatives_change_the_contrast_alone(context: TrainContext) -> None:
    torch.manual_seed(0)
    network = DCENet()
    config = dataclasses.replace(CONFIG, steps=4)
    plain, easy, hard = (
        losses(network, dataclasses.replace(config, curriculum=harder, steps=steps), context, 3)[1]
        for harder, steps in ((False, 4), (True, 4000), (True, 4))
    )  # fmt: skip
    changed = {name for name in TERMS if len({terms[name] for terms in (plain, easy, hard)}) > 1}
    assert changed == {"contrastive", "brightness_triplet"}
    assert easy["brightness_triplet"] < hard["brightness_triplet"]  # nearer negatives leave less of a gap


def test_every_term_reaches_the_network(context: TrainContext) -> None:
    for name in TERMS:
        torch.manual_seed(0)
        network = DCENet()
        torch.nn.init.normal_(network.e_conv7.weight, 0, 0.2)
        torch.nn.init.constant_(network.e_conv7.bias, -0.1)  # brightens
        weights = LossWeights(**{term: float(term == name) for term in TERMS}, margin=2.0)
        total, _ = losses(network, dataclasses.replace(CONFIG, losses=weights), context, 3)
        total.backward()
        assert network.e_conv7.weight.grad is not None
        assert network.e_conv7.weight.grad.abs().sum() > 0, name


def test_seeds_and_steps_draw_apart() -> None:
    draws = {torch.rand(1, generator=step_generator(seed, step)).item() for seed in range(4) for step in range(4)}
    assert len(draws) == 16


def test_without_dark_pictures_darkened_ones_are_judged(context: TrainContext, pictures: PictureSet) -> None:
    torch.manual_seed(0)
    real, labels = Restoration(CONFIG, dataclasses.replace(context, dark=None)).anchors(3, step_generator(0, 1))
    assert (real.shape, labels.shape) == ((3, 3, 64, 64), (3, 32, 32))
    bright = pictures.batch(3, step_generator(0, 1))[0]
    assert real.mean() < bright.mean()
    _, terms = losses(DCENet(), CONFIG, dataclasses.replace(context, dark=None), 3)
    assert set(terms) == TERMS


def test_batches_are_on_the_device_of_the_network(context: TrainContext) -> None:
    objective = Restoration(CONFIG, context)
    objective.device = torch.device("meta")
    batch = objective.draw(0)
    assert {item.device.type for item in (batch.real, batch.labels, batch.degraded, batch.target)} == {"meta"}
