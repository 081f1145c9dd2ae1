"""The objective of fine-tuning: a trained model learns a user's own dark pictures, and is kept only if that helped."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.comparison.png import panel_sheet
from pielight.core.atomic_file import is_same_file, write_atomic
from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.errors import ConfigError
from pielight.io.decode import read
from pielight.io.display import displayed
from pielight.training.data.batches import PictureSet
from pielight.training.data.domain import Folder, enhanced, matched, read_folder, rehearsal
from pielight.training.data.pictures import check_folders
from pielight.training.data.preparation import Preparation, checksum
from pielight.training.degradations.darkening import darken
from pielight.training.export.model_files import NO_RECORD, RunRecord
from pielight.training.losses.reconstruction import inversion
from pielight.training.networks.features import VGGFeatures, load_features
from pielight.training.networks.lattice_net import render
from pielight.training.objectives.finetune_start import Start, read_start
from pielight.training.objectives.finetune_validation import (
    Early,
    Metrics,
    Validator,
    doubts,
    fault_of,
    gain,
    interpolated,
)
from pielight.training.objectives.objective import Log, Validation
from pielight.training.objectives.restoration import Restoration, TrainContext, check_task
from pielight.training.schedules import REHEARSAL, step_generator
from pielight.training.schema import DarkeningConfig, FinetuneConfig, OptimizerConfig, TrainConfig
from pielight.training.schema.config_file import changed_key, with_changes

_FEWEST = {"learned": 6, "unseen": 2}  # results of the start that should be well exposed
_REHEARSED = 6  # pictures of the distillation loss at a step
_VALIDATIONS = 12  # of a run
_FIXED = ("task", "network", "lattice", "name", "seed", "steps", "vgg_weights", "out", "data.dark", "data.well")
_FIXED_HINT = "what the start is stays, and folders, seed, steps and features have options of their own"
_NEEDS_FEATURES = {"losses.contrastive", "losses.feature_preservation"}
_SHOWN, _SIDE = 8, 480  # pictures on the sheet, and their longer side


@dataclass(frozen=True)
class Tuned:
    """The result."""

    model: Path
    """The ONNX file."""
    sheet: Path
    """Held-out pictures: as they are, by the start, by the result."""
    before: Metrics
    after: Metrics
    share: float
    """How far the weights went from the start's to the best ones; 0 if the result is the start."""
    ended: str
    """Why it ended before its last step, if it did."""


class Finetuning(Restoration):
    """Fine-tunes a model on dark pictures without pairs.

    ``L = sum w L + 20 L_distillation``: the losses of training, with well-exposed pictures darkened as the user's dark
    ones are (:func:`pielight.training.data.domain.matched`), and a distillation loss that keeps what the start knows.
    A fifth of the pictures is held out; the averaged weights are validated on them a dozen times, the best are kept,
    and four validations without a better score, or an unsound one, end the run.
    :func:`~pielight.training.objectives.finetune_validation.interpolated` then decides how far to go. If nothing is
    better than the start by more than chance, the start's weights are the result.

    Writes ``NAME-tuned.onnx``, ``.safetensors`` and ``.json``, and ``before-after.png``; ``result`` holds what came of
    it.
    """

    channels_last = False
    exports_by_validation = True
    patience = 4

    def __init__(self, settings: FinetuneConfig) -> None:
        super().__init__(settings)
        self.result: Tuned | None = None
        self._start: Start
        self._dark: Folder
        self._normal: Folder | None
        self._vgg: VGGFeatures | None
        self._rehearsed: Sequence[PictureSet]  # on which results should stay, drawn from in equal parts
        self._validator: Validator
        self._before: Metrics  # of the start
        self._early: Early
        self._physics: DarkeningConfig  # by which rehearsed pictures are darkened

    @property
    def identity(self) -> FinetuneConfig:
        """The settings, with the start's checksum, since a path does not say whether the file changed."""
        identity: FinetuneConfig = dataclasses.replace(self.settings, model=self._start.model.sha256())
        return identity

    def build(self, log: Log) -> nn.Module:
        """Read the start, check the settings, and read the pictures.

        Raises:
            DataError: if there are too few pictures.
            ModelError: if the start cannot be fine-tuned.
            ConfigError: if a setting is out of range or not free.
        """
        settings = self.settings
        self._start = start = read_start(settings.model)
        name = start.model.name.removesuffix("-tuned") + "-tuned"
        if is_same_file(Path(settings.out) / f"{name}.onnx", start.model.path):
            raise ConfigError(f"{shown(Path(settings.out))}: holds the model to start from; set another out")
        self.config = _changed(start.config, settings)
        if settings.vgg_weights is None:
            log("no --features: the losses that need VGG16 are left out; nothing is downloaded")
        check_folders([folder for folder in (settings.dark, settings.normal) if folder])
        self._vgg = (
            load_features(settings.vgg_weights, log) if settings.vgg_weights else None
        )  # first: it fails in a moment
        log("reading the pictures and their regions")
        self._dark = read_folder(settings.dark, "dark", self.config.data, log)
        self._normal = read_folder(settings.normal, "well", self.config.data, log) if settings.normal else None
        self.config = self._configured(name, self.config.darkening)
        self.report_every = max(1, settings.steps // _VALIDATIONS)
        return copy.deepcopy(start.network).requires_grad_(True).train()

    def _configured(self, name: str, physics: DarkeningConfig) -> TrainConfig:
        """Return the settings of training: those of the start, the user's, and physics like the dark pictures'."""
        settings, base = self.settings, _changed(self._start.config, self.settings)
        losses = base.losses
        if settings.vgg_weights is None:
            losses = dataclasses.replace(losses, contrastive=0.0, feature_preservation=0.0)
        well = (settings.normal,) if settings.normal else ()
        count = f"{len(self._dark.paths)} dark "
        config: TrainConfig = dataclasses.replace(
            base, name=name, seed=settings.seed, steps=settings.steps, losses=losses, darkening=physics,
            out=settings.out, vgg_weights=settings.vgg_weights or "random",
            bank=base.bank if settings.vgg_weights else settings.bank,
            data=dataclasses.replace(base.data, dark=(settings.dark,), well=well),
            optimizer=OptimizerConfig(
                lr=settings.lr, weight_decay=0.0, warmup_steps=min(20, settings.steps // 10), ema_decay=0.98
            ),
            training_data=f"{self._start.model.name} ({base.training_data}), fine-tuned on a user's {count}"
            + (f"and {len(self._normal.paths)} well-exposed pictures" if self._normal else "pictures"),
            license=f"{base.license}; and those of the user's pictures",
        )  # fmt: skip
        return with_changes(config, settings.changes)

    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:  # noqa: D102
        wells = self._normal.pictures.pictures if self._normal else []
        return {"dark": self._dark.pictures.pictures, "well": wells}

    def prepare(self, network: nn.Module, log: Log, folder: Path | None = None) -> None:
        """Match the physics to the dark pictures, compute the bank, train the exposure estimator, measure the start."""
        base, settings = _changed(self._start.config, self.settings), self.settings
        self._physics = base.darkening
        learned, unseen = (part.pictures for part in self._dark.split())
        if self._normal is None:
            well, references = self._own_results(folder, log)
        else:
            well, references = (part.pictures for part in self._normal.split())
        physics = matched(learned, well, base.darkening)
        log(
            f"{len(learned)} dark and {len(well)} well-exposed pictures to learn from, {len(unseen)} and "
            f"{len(references)} held out; exposure {physics.stops[0]:.1f} to {physics.stops[1]:.1f} EV, shot noise up "
            f"to {physics.shot_noise[1]:.0e}, {physics.regional:.0%} dark in parts"
        )
        self.config = self._configured(self.config.name, physics)
        others = rehearsal(self.config.data)
        vgg = self._vgg.to(self.device) if self._vgg else None
        kept = self.kept([well, others], vgg, folder)
        bank = self.bank(well, vgg, log, kept)
        both = PictureSet([*well.pictures, *others.pictures], [*well.labels, *others.labels], well.data)
        estimator = self.train_exposure_estimator(both, log, kept)
        self._context = TrainContext(learned, well, vgg, bank, estimator)
        self._validator = validator = Validator(
            unseen, references, others, physics, base.darkening, estimator, settings.seed, settings.crops, self.device
        )
        start = self._start.network.to(self.device)
        self._before = before = validator.measure(start)
        self.best_score = before.score
        self._rehearsed, self._early = (others, well), Early(before, settings.steps)
        for doubt in doubts(len(self._dark.paths), validator.lifted(start), validator.headroom(start)):
            log(f"not likely to help: {doubt}")

    def _own_results(self, folder: Path | None, log: Log) -> Sequence[PictureSet]:
        """Return the start's results in the place of well-exposed pictures: to learn from, and held out."""
        model = self._start.model
        log(f"no --normal: the results of {model.name} take the place of well-exposed pictures")
        enhancer, digest, cpu = Enhancer(model.path), model.sha256(), torch.device("cpu")
        results = []
        for (role, fewest), part in zip(_FEWEST.items(), self._dark.split(), strict=True):
            kept = Preparation(folder and folder / role, checksum(digest, [part.pictures.pictures], [], cpu))
            results.append(enhanced(enhancer, part.pictures, fewest, log, kept))
        return results

    def loss(self, network: nn.Module, step: int) -> tuple[Tensor, dict[str, Tensor]]:  # noqa: D102
        total, terms = super().loss(network, step)
        distillation = self.distillation_loss(network, step)
        return total + self.settings.distillation * distillation, {**terms, "distillation": distillation}

    def distillation_loss(self, network: nn.Module, step: int) -> Tensor:
        """Return how far a network's results have moved from the start's on pictures that are darkened in every way.

        ``L = L_inv(y, y_0)`` with y the results and y_0 the start's, a distillation of the start (Li and Hoiem,
        Learning without Forgetting, 2016).
        """
        generator = step_generator(self.config.seed, REHEARSAL + step)
        count = _REHEARSED // len(self._rehearsed)
        drawn = [pictures.batch(count, generator) for pictures in self._rehearsed]
        pictures, labels = (torch.cat(items) for items in zip(*drawn, strict=True))
        seen = darken(pictures, labels, self._physics, generator)[0].to(self.device)
        small = F.interpolate(seen, labels.shape[-2:], mode="area")
        with torch.no_grad():
            before = render(small, self._start.network(seen))
        return inversion(render(small, network(seen)), before)

    def validate(self, network: nn.Module, step: int, log: Log) -> Validation:  # noqa: D102
        metrics = self._validator.measure(network)
        doubt = self._early.doubt(step, metrics)
        if doubt:
            log(f"not likely to help: {doubt}")
        return Validation(metrics.score, fault_of(metrics, self._before), metrics)

    def export(self, network: nn.Module, folder: Path, record: RunRecord = NO_RECORD) -> None:
        """Write the network between the start and the best weights, and the sheet of held-out pictures."""
        start, name, before = self._start.model, self.config.name, self._before
        network, after, share = interpolated(
            self._start.network, record.best, self._validator, self.settings.max_forgotten
        )
        facts = {
            **record.facts, "start": {"name": start.name, "sha256": start.sha256()}, "share": share,
            "best_step": record.best_step, "held_out_psnr": [round(one.score, 3) for one in (before, after)],
            "held_out_gain": [round(value, 3) for value in gain(after, before)],
            "other_pictures_psnr": [round(one.kept, 3) for one in (before, after)],
        }  # fmt: skip
        super().export(network.cpu(), folder, RunRecord(seconds=record.seconds, facts=facts))
        model, sheet = folder / f"{name}.onnx", folder / "before-after.png"
        write_sheet(sheet, start.path, model, self._dark.split()[1])
        self.result = Tuned(model, sheet, before, after, share, record.ended)

    def is_exported(self, folder: Path) -> bool:
        """Return False: the metrics of a finished run are measured again."""
        return False


def _changed(config: TrainConfig, settings: FinetuneConfig) -> TrainConfig:
    """Return the start's settings of training with those that the user changes.

    Raises:
        ConfigError: if one is no setting, is out of range, or is not free.
    """
    for change in settings.changes:
        key = changed_key(TrainConfig, change)
        if key in _FIXED or key.partition(".")[0] in _FIXED:
            raise ConfigError(f"--set {shown(change)[:80]}: not free in fine-tuning; {_FIXED_HINT}")
    made = with_changes(
        dataclasses.replace(config, data=dataclasses.replace(config.data, cache=None)), settings.changes
    )
    check_task(made)
    if settings.vgg_weights is None and any(
        changed_key(TrainConfig, change) in _NEEDS_FEATURES for change in settings.changes
    ):
        raise ConfigError("losses.contrastive and losses.feature_preservation need --features FILE")
    return made


def write_sheet(sheet: Path, start: Path, result: Path, unseen: Folder) -> None:
    """Write a PNG of held-out pictures: as they are, by the start and by the result."""
    models = {"before fine-tuning": Enhancer(start), "after": Enhancer(result)}
    step = max(1, len(unseen.paths) // _SHOWN)
    rows = []
    for path in unseen.paths[::step][:_SHOWN]:
        picture = read(path)
        panels = {"picture": displayed(picture, _SIDE)}
        for caption, enhancer in models.items():
            changed = dataclasses.replace(picture, pixels=enhancer(picture.pixels))
            panels[caption] = displayed(changed, _SIDE)
        rows.append((shown(path.name), panels))
    write_atomic(sheet, panel_sheet(rows))
