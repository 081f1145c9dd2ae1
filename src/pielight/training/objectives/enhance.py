"""The objective: the constraints on pictures to mend, and inversion on good ones that physics spoiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.training.data.bank import Exposures
from pielight.training.data.train_context import Material
from pielight.training.hardness import hardness
from pielight.training.networks.features import GRAM_LAYERS
from pielight.training.objectives import find_task
from pielight.training.objectives.task import Step
from pielight.training.schema import TrainConfig
from pielight.training.steps import step_generator


def anchors(material: Material, config: TrainConfig, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw the pictures that the constraints judge: real ones to mend, or where there are none, spoiled ones.

    Returns:
        Pictures ``(N, 3, size, size)`` in [0, 1] and regions ``(N, render, render)``.
    """
    if material.dark is not None:
        return material.dark.batch(count, generator)
    pictures, labels = material.well.batch(count, generator)
    return find_task(config.task).spoil(pictures, labels, config, generator)[0], labels


@dataclass(frozen=True)
class Batch:
    """What one step learns from, whatever the network is."""

    real: Tensor
    """Pictures to mend ``(N, 3, size, size)`` in [0, 1]."""
    labels: Tensor
    """Their regions ``(N, render, render)``."""
    damaged: Tensor
    """Good pictures that physics spoiled ``(M, 3, size, size)``."""
    target: Tensor
    """What should come back of them ``(M, 3, render, render)``."""
    positive: Exposures
    """Good pictures of the bank."""
    negative: Exposures
    """The same, spoiled."""


def draw(config: TrainConfig, material: Material, step: int, device: torch.device) -> Batch:
    """Draw the batch of one step; all randomness follows from the seed and the step."""
    task, generator = find_task(config.task), step_generator(config.seed, step)
    real, labels = anchors(material, config, config.dark_batch, generator)
    original, well_labels = material.well.batch(config.well_batch, generator)
    damaged, target = task.spoil(original, well_labels, config, generator)
    positive = material.bank.positives.draw(config.pairs, generator)
    hard = hardness(step, config.steps) if config.curriculum else None
    negative = material.bank.negatives.draw(config.pairs, generator, hard)
    real, labels, damaged, target = (item.to(device) for item in (real, labels, damaged, target))
    return Batch(real, labels, damaged, target, positive, negative)


def observe(network: nn.Module, config: TrainConfig, material: Material, batch: Batch) -> Step:
    """Return what the terms of the loss see of a network on a batch."""
    task, real, damaged = find_task(config.task), batch.real, batch.damaged
    small = (config.data.loss_size,) * 2
    before, dim = (F.interpolate(item, small, mode="area") for item in (real, damaged))
    with torch.autocast(real.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        outputs = network(torch.cat([real, damaged])).float()
    of_real, of_damaged = outputs.split([len(real), len(damaged)])
    after, restored = task.render(before, of_real), task.render(dim, of_damaged)
    found, content = _seen(config, material, before, after)
    return Step(config, before, after, batch.labels, dim, restored, batch.target, outputs, batch.positive,
                batch.negative, found, content, material.judge)  # fmt: skip


def _seen(
    config: TrainConfig, material: Material, before: Tensor, after: Tensor
) -> tuple[dict[str, Tensor], Tensor | None]:
    """Return the features of the first few pictures after, and relu4_3 of those before, where a term needs them."""
    weight, few = config.losses, config.feature_batch
    if material.features is None or not config.reads_features:
        return {}, None
    last = "relu4_3" if weight.feature_preservation else GRAM_LAYERS[-1]
    with torch.autocast(after.device.type, torch.bfloat16, enabled=config.precision == "bf16"):
        found = {name: item.float() for name, item in material.features(after[:few], last).items()}
        with torch.no_grad():
            content = material.features(before[:few])["relu4_3"].float() if weight.feature_preservation else None
    return found, content


def unweighted(step: Step) -> dict[str, Tensor]:
    """Return the terms that weigh anything, by name."""
    weight = step.config.losses
    chosen = {name: term(step) for name, term in find_task(step.config.task).terms.items() if getattr(weight, name)}
    return {name: term for name, term in chosen.items() if term is not None}


def total(terms: Mapping[str, Tensor], config: TrainConfig) -> Tensor:
    """Return the weighted sum of terms."""
    return torch.stack([getattr(config.losses, name) * term for name, term in terms.items()]).sum()


def losses(
    network: nn.Module, config: TrainConfig, material: Material, step: int, device: torch.device
) -> tuple[Tensor, dict[str, float]]:
    """Return the weighted loss of one step and the unweighted terms that were computed.

    ``L = sum_k w_k L_k`` over the terms of the task, w their weights in ``losses``; a term of weight 0 is left out. For
    darkness ``L = w_c L_c + w_b L_b + w_bal L_bal + w_j L_j + w_rc L_rc + w_fp L_fp + w_col L_col + w_hl L_hl
    + w_tv L_tv + w_cast L_cast + w_inv L_inv``, balance and the judge's verdict L_bal and L_j among them: inversion on
    good pictures that physics spoiled, the smoothness of curves and the highlights on all, the rest on real ones.
    """
    terms = unweighted(observe(network, config, material, draw(config, material, step, device)))
    return total(terms, config), {name: term.item() for name, term in terms.items()}
