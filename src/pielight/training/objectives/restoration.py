"""The objective of enhancement: PIE's constraints and inversion, for each of the restoration tasks."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from pielight.errors import ConfigError
from pielight.training import processes
from pielight.training.data.bank import Bank, Exposures, build_bank
from pielight.training.data.batches import PictureSet, load
from pielight.training.data.pictures import check_sources
from pielight.training.data.preparation import NOTHING, Preparation, checksum
from pielight.training.data.toy import write_toy_pictures
from pielight.training.export.model_files import NO_RECORD, RunRecord, save_model
from pielight.training.networks.features import GRAM_LAYERS, VGGFeatures, load_features
from pielight.training.objectives.brighten import BRIGHTEN
from pielight.training.objectives.dehaze import DEHAZE
from pielight.training.objectives.derain import DERAIN
from pielight.training.objectives.objective import Log, Objective
from pielight.training.objectives.restoration_task import RestorationTask, StepOutputs
from pielight.training.schedules import PREPARATION, hardness, sample_generator, step_generator
from pielight.training.schema import DataConfig, OptimizerConfig, TrainConfig
from pielight.training.schema.config_file import as_yaml
from pielight.training.schema.import_path import named_object

TASKS = {task.name: task for task in (BRIGHTEN, DEHAZE, DERAIN)}


def find_task(name: str) -> RestorationTask:
    """Return one of :data:`TASKS`, or a user's own: ``package.module:NAME`` or ``file.py:NAME``, whose code is run.

    Raises:
        ConfigError: There is no such task.

    >>> find_task("brighten").name
    'brighten'
    """
    if name in TASKS:
        return TASKS[name]
    if ":" not in name:
        raise ConfigError(f"task: {name!r} is unknown; choose one of {', '.join(TASKS)}, or file.py:NAME")
    task = named_object(name, "task")
    if not isinstance(task, RestorationTask):
        raise ConfigError(f"task: {name} is {type(task).__name__}, no pielight.training.RestorationTask")
    return task


def check_task(config: TrainConfig) -> None:
    """Check which settings exclude each other, given the task.

    Raises:
        ConfigError: naming the first setting that excludes another.
    """
    task, data, weights = find_task(config.task), config.data, config.losses
    if task.spatial and data.loss_size != data.size:
        raise ConfigError(f"data.loss_size: {data.loss_size} should be data.size, {data.size}, for task: {config.task}")
    if data.size % data.loss_size or data.size % 32:
        raise ConfigError("data.size should be a multiple of 32 and of data.loss_size")
    if not any(getattr(weights, name) for name in task.terms):
        raise ConfigError("losses: every weight is 0, which leaves nothing to learn from")


# Of R, G, B before tanh: brighter, and reddish; not above every positive and negative, where the triplet loss is flat.
_BAD_MEANS = (-0.45, -0.35, -0.28)
_BAD_DEVIATION = 0.8


@dataclass(frozen=True)
class TrainContext:
    """What all steps of a run share."""

    dark: PictureSet | None
    """Real degraded pictures, unpaired; without any, good ones are degraded by physics."""
    well: PictureSet
    """Good pictures."""
    features: VGGFeatures | None
    bank: Bank


@dataclass(frozen=True)
class Batch:
    """What one step learns from, whatever the network is."""

    real: Tensor
    """Degraded pictures ``(N, 3, size, size)`` in [0, 1]."""
    labels: Tensor
    """Their regions ``(N, loss_size, loss_size)``."""
    degraded: Tensor
    """Good pictures degraded by physics ``(M, 3, size, size)``."""
    target: Tensor
    """What they should be restored to ``(M, 3, loss_size, loss_size)``."""
    positive: Exposures
    """Good pictures of the bank."""
    negative: Exposures
    """The same, degraded."""


class Restoration(Objective[Batch]):
    """Brightening by the paper's network, dehazing, deraining, or a task of a user's own.

    ``L = sum_k w_k L_k`` over the terms of the task, w their weights in ``losses``; a term of weight 0 is left out. For
    brightening ``L = w_c L_c + w_b L_b + w_rc L_rc + w_fp L_fp + w_col L_col + w_tv L_tv + w_inv L_inv``: inversion on
    good pictures that physics degraded, the smoothness of curves on all, the rest on real ones.
    """

    channels_last = True

    def __init__(self, config: Any, context: TrainContext | None = None) -> None:
        super().__init__(config)
        self._context = context
        self._read: tuple[PictureSet | None, PictureSet, VGGFeatures | None]

    @cached_property
    def task(self) -> RestorationTask:
        """The task, whose file is loaded once."""
        return find_task(self.config.task)

    @property
    def context(self) -> TrainContext:
        """What the steps share, once it is prepared."""
        assert self._context is not None, "prepare comes first"
        return self._context

    def build(self, log: Log) -> nn.Module:  # noqa: D102
        return self.task.build(self.config)

    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:
        """Load VGG16, if a term needs it, and the pictures with their regions.

        Raises:
            DataError: if a folder has no usable picture.
            ModelError: if VGG16's weights cannot be read.
        """
        data = self.config.data
        check_sources((*data.dark, *data.well))
        features = None
        if self.config.reads_features:
            features = load_features(self.config.vgg_weights, log).to(self.device)  # first: it fails in a moment
        log("reading the pictures and their regions")
        dark = load(data.dark, "dark", data, log) if data.dark else None
        self._read = dark, load(data.well, "well", data, log), features
        return {"dark": dark.pictures if dark else [], "well": self._read[1].pictures}

    def prepare(self, network: nn.Module, log: Log, folder: Path | None = None) -> None:
        """Compute the bank."""
        config, (dark, well, features) = self.config, self._read
        seen = features if config.losses.contrastive else None
        log(f"{len(dark or ())} pictures to restore, {len(well)} good ones"
            + (f"; computing the features of {config.bank} crops of these" if seen else ""))  # fmt: skip
        kept = self.kept([well], seen, folder)
        bank = self.bank(well, seen, log, kept)
        self._context = TrainContext(dark, well, features, bank)

    def kept(self, pictures: Sequence[PictureSet], features: VGGFeatures | None, folder: Path | None) -> Preparation:
        """Return what a run keeps of its preparation; nothing for a user's own task, whose code may have changed."""
        if folder is None or self.config.task not in TASKS:
            return NOTHING
        data = dataclasses.replace(self.config.data, cache=None)
        settings = as_yaml(dataclasses.replace(self.config, out="", steps=1, checkpoint_minutes=0.0, data=data))
        parts = [part for one in pictures for part in (one.pictures, one.labels)]
        return Preparation(folder, checksum(settings, parts, [features], self.device))

    def bank(self, well: PictureSet, features: VGGFeatures | None, log: Log, kept: Preparation) -> Bank:
        """Compute the bank of positives and negatives."""
        generator = step_generator(self.config.seed, PREPARATION)
        return build_bank(
            self.task.positives, self.task.negatives, self.config, well, features, generator, self.device, log, kept
        )

    def anchors(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw the pictures that the constraints are about: real ones, or where there are none, degraded ones.

        Returns:
            Pictures ``(N, 3, size, size)`` in [0, 1] and regions ``(N, loss_size, loss_size)``.
        """
        if self.context.dark is not None:
            return self.context.dark.batch(count, generator)
        pictures, labels = self.context.well.batch(count, generator)
        return self.task.degrade(pictures, labels, self.config, generator)[0], labels

    def draw(self, step: int) -> Batch:  # noqa: D102
        config, context, generator = self.config, self.context, step_generator(self.config.seed, step)

        def sample(index: int) -> tuple[Tensor, Tensor]:
            own = sample_generator(config.seed, step, index)
            if index < config.dark_batch:
                return self.anchors(1, own)
            return self.task.degrade(*context.well.batch(1, own), config, own)

        samples = list(processes.share(range(config.dark_batch + config.well_batch), sample))
        real, labels = (torch.cat(items) for items in zip(*samples[: config.dark_batch], strict=True))
        degraded, target = (torch.cat(items) for items in zip(*samples[config.dark_batch :], strict=True))
        positive = context.bank.positives.draw(config.pairs, generator)
        hard = hardness(step, config.steps) if config.curriculum else None
        negative = context.bank.negatives.draw(config.pairs, generator, hard)
        real, labels, degraded, target = (item.to(self.device) for item in (real, labels, degraded, target))
        return Batch(real, labels, degraded, target, positive, negative)

    def outputs(self, network: nn.Module, batch: Batch, only: Collection[str] | None = None) -> StepOutputs:
        """Return what the terms of the loss are computed from."""
        small = (self.config.data.loss_size,) * 2
        pictures = torch.cat([batch.real, batch.degraded])
        shrunk = F.interpolate(pictures, small, mode="area")

        def run(pictures: Tensor, shrunk: Tensor) -> tuple[Tensor, Tensor]:
            with self.autocast():
                outputs = network(pictures).float()
            return outputs, self.task.render(shrunk, outputs)

        outputs, rendered = self.in_parts(network, run, pictures, shrunk)
        counts = [len(batch.real), len(batch.degraded)]
        before, degraded = shrunk.split(counts)
        after, restored = rendered.split(counts)
        features, content = self._features(before, after, only)
        return StepOutputs(self.config, before, after, batch.labels, degraded, restored, batch.target, outputs,
                           batch.positive, batch.negative, features, content)  # fmt: skip

    def _features(
        self, before: Tensor, after: Tensor, only: Collection[str] | None
    ) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return the features of the first few pictures after, and relu4_3 of those before, where a term needs them."""
        network, few = self.context.features, self.config.feature_batch
        contrast, preservation = (self._weighs(name, only) for name in ("contrastive", "feature_preservation"))
        if network is None or not (contrast or preservation):
            return {}, None
        last = "relu4_3" if preservation else GRAM_LAYERS[-1]
        with self.autocast():
            features = {name: item.float() for name, item in network(after[:few], last).items()}
            with torch.no_grad():
                content = network(before[:few])["relu4_3"].float() if preservation else None
        return features, content

    def _weighs(self, name: str, only: Collection[str] | None) -> bool:
        return getattr(self.config.losses, name) > 0 and (only is None or name in only)

    def terms(self, network: nn.Module, batch: Batch, only: Collection[str] | None = None) -> dict[str, Tensor]:  # noqa: D102
        step = self.outputs(network, batch, only)
        chosen = {name: term(step) for name, term in self.task.terms.items() if self._weighs(name, only)}
        return {name: term for name, term in chosen.items() if term is not None}

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:  # noqa: D102
        return torch.stack([getattr(self.config.losses, name) * term for name, term in terms.items()]).sum()

    @torch.no_grad()
    def samples(self, network: nn.Module) -> Tensor:
        """Return four real and four degraded pictures, before above after, ``(8, 3, 2 * loss_size, loss_size)``."""
        generator = step_generator(self.config.seed, PREPARATION + 1)
        real, _ = self.anchors(4, generator)
        original, labels = self.context.well.batch(4, generator)
        degraded = self.task.degrade(original, labels, self.config, generator)[0]
        pictures = torch.cat([real, degraded]).to(self.device)
        before = F.interpolate(pictures, (self.config.data.loss_size,) * 2, mode="area")
        return torch.cat([before, self.task.render(before, network(pictures))], 2)

    def toy(self, folder: Path, steps: int) -> Restoration:
        """Return this objective on toy pictures with random features: its task, network, losses and physics stay."""
        config = self.config
        dark, well = write_toy_pictures(folder)
        own = (str(dark),) if self.task.name == "brighten" else ()
        side = 64 if self.task.spatial else 32
        data = DataConfig(
            dark=own,
            well=(str(well),),
            size=64,
            loss_size=side,
            min_size=64,
            well_shadows=0.0,
            cache=str(folder / "cache"),
        )
        return Restoration(dataclasses.replace(
            config, name="smoke", steps=steps, dark_batch=4, well_batch=4, feature_batch=2, bank=48, pairs=32,
            curriculum=False, vgg_weights="random", precision="no", checkpoint_minutes=60.0,
            out=str(folder / "run"), data=data,
            optimizer=OptimizerConfig(lr=1.5e-3, warmup_steps=5, ema_decay=0.9),
            haze=dataclasses.replace(config.haze, untouched=0.0), rain=dataclasses.replace(config.rain, untouched=0.0),
        ))  # fmt: skip

    @torch.no_grad()
    def start_badly(self, network: nn.Module, batch: Batch) -> None:
        """Redraw the weights of a network so that its curve maps are loud noise that over-exposes.

        Every layer's weights from ``N(0, 2 / fan_in)`` (He et al., 2015); the last convolution is then rescaled so
        that each of its channels has a given mean and deviation over the pictures, before tanh (as in LSUV, Mishkin
        and Matas, 2016). A fresh network starts next to the identity, where features, smoothness and the like are 0
        and cannot fall.
        """
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
        last = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)][-1]
        outputs: list[Tensor] = []
        hook = last.register_forward_hook(lambda _layer, _inputs, output: outputs.append(output))
        network(batch.real)
        hook.remove()
        deviation, mean = torch.std_mean(outputs[0], (0, 2, 3))
        scale = _BAD_DEVIATION / deviation.clamp_min(1e-8)
        last.weight *= scale.view(-1, 1, 1, 1)
        shift = torch.tensor(_BAD_MEANS).repeat(len(scale))[: len(scale)]
        last.get_parameter("bias").copy_(shift - mean * scale)

    def export(self, network: nn.Module, folder: Path, record: RunRecord = NO_RECORD) -> None:
        """Write the ONNX graph of the task, the weights and the card.

        The graph of brightening maps "thumbnail" ``(N, 3, S, S)`` to "alphas" ``(N, 3 * iterations, h, w)``.

        Raises:
            ModelError: if a file cannot be written, or every step was skipped.
        """
        architecture = self.task.architecture or self.task.name
        save_model(network, architecture, lambda: self.task.encode(network, self.config), self.config, folder, record)
