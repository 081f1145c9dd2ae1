"""The task of dehazing: its regional term against NumPy, the target, and the negatives."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch

from pielight.training.data.bank import Exposures
from pielight.training.degradations.haze import haze
from pielight.training.networks.haze_net import LEVELS, passed_light
from pielight.training.objectives.dehaze import DEHAZE
from pielight.training.objectives.restoration_task import StepOutputs
from pielight.training.recipe import read_train_config

CONFIG = read_train_config(None, ["task=dehaze"])
NONE = Exposures([], torch.zeros(1, 32))


def step(before: torch.Tensor, outputs: torch.Tensor, labels: torch.Tensor) -> StepOutputs:
    """Return a step whose other pictures are black, so that a term that looks at them is found out."""
    black = torch.zeros_like(before)
    return StepOutputs(CONFIG, before, black, labels, black, black, black, outputs, NONE, NONE, {}, None)


def halves() -> torch.Tensor:
    labels = torch.zeros(1, 16, 16).int()
    labels[..., 8:] = 1
    return labels


def test_the_regional_term_is_the_variance_of_transmission_inside_regions() -> None:
    generator = torch.Generator().manual_seed(0)
    before, labels = torch.rand(1, 3, 16, 16, generator=generator), halves()
    outputs = 0.1 + 0.9 * torch.rand(3, LEVELS + 3, 4, 4, generator=generator)  # of more pictures than those before
    passed = passed_light(before, outputs[:1])[0].numpy().astype(float)
    gray = 0.299 * passed[0] + 0.587 * passed[1] + 0.114 * passed[2]
    expected = np.mean([(gray[:, part] - gray[:, part].mean()) ** 2 for part in (slice(0, 8), slice(8, 16))])
    assert DEHAZE.terms["regional_consistency"](step(before, outputs, labels)).item() == pytest.approx(
        expected, rel=1e-4
    )
    assert expected > 1e-3


def test_one_transmission_for_each_region_costs_nothing_there() -> None:
    """A step at the regions' edge is free, the same step across a region is not."""
    before, labels = torch.full((1, 3, 16, 16), 0.5), halves()
    outputs = torch.ones(1, LEVELS + 3, 16, 16)
    outputs[:, :LEVELS, :, 8:] = 0.3
    regional = DEHAZE.terms["regional_consistency"]
    assert regional(step(before, outputs, labels)).item() < 1e-9
    assert regional(step(before, outputs, labels.transpose(1, 2))).item() > 0.1


def test_regions_count_in_the_recipe() -> None:
    assert CONFIG.losses.regional_consistency > 0
    assert {field.name for field in dataclasses.fields(CONFIG.losses)} >= set(DEHAZE.terms)


def test_smoothness_is_asked_of_transmissions_alone() -> None:
    outputs = torch.ones(1, LEVELS + 3, 8, 8)
    outputs[:, LEVELS:] = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    smoothness, before = DEHAZE.terms["curve_smoothness"], torch.full((1, 3, 16, 16), 0.5)
    assert smoothness(step(before, outputs, halves())).item() == 0
    assert smoothness(step(before, outputs.flip(1), halves())).item() > 0


def test_the_target_is_the_clear_picture_at_the_size_of_the_labels() -> None:
    pictures, labels = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)), halves().expand(4, 16, 16)
    hazy, wanted = DEHAZE.degrade(pictures, labels, CONFIG, torch.Generator().manual_seed(1))
    again, clear = haze(pictures, labels, CONFIG.haze, torch.Generator().manual_seed(1))
    assert torch.equal(hazy, again)
    assert wanted.numpy() == pytest.approx(clear.numpy().reshape(4, 3, 16, 2, 16, 2).mean((3, 5)), abs=1e-6)


def test_negatives_are_hazy_all_of_them_and_ever_thicker() -> None:
    pictures = torch.rand(40, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    labels, contrasts = halves().expand(40, 16, 16), []
    for degrade in DEHAZE.negatives:
        hazy = degrade(pictures, labels, CONFIG, torch.Generator().manual_seed(1))
        contrasts.append(float(hazy.std((2, 3)).mean() / pictures.std((2, 3)).mean()))
        assert (hazy.std((1, 2, 3)) < 0.97 * pictures.std((1, 2, 3))).all()
    assert all(thick < 0.8 * thin for thin, thick in pairwise(contrasts))
