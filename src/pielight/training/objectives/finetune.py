"""The objective of fine-tuning: a trained model learns a user's own dark pictures, and is kept only if that helped."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from pielight.comparison.png import panel_sheet
from pielight.core.atomic_file import is_same_file, write_atomic
from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.errors import ConfigError
from pielight.io.decode import read
from pielight.io.display import displayed
from pielight.training import processes
from pielight.training.data.domain import Folder, enhanced, matched, read_folder, rehearsal
from pielight.training.data.exposure_samples import REAL, ExposureSamples, Photograph, draw_samples
from pielight.training.data.pictures import check_folders
from pielight.training.data.preparation import Preparation, checksum
from pielight.training.export.model_files import NO_RECORD, RunRecord
from pielight.training.losses.exposure_map import level_inversion
from pielight.training.networks.exposure_net import ExposureNet, render
from pielight.training.networks.features import load_features
from pielight.training.objectives.exposure import ExposureTraining
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
from pielight.training.schedules import REHEARSAL, step_generator, step_seed
from pielight.training.schema import (
    DomainConfig,
    ExposureConfig,
    FinetuneConfig,
    OptimizerConfig,
    RawDarkeningConfig,
)
from pielight.training.schema.config_file import as_yaml, changed_key, with_changes
from pielight.training.schema.exposure import STORED_SIZE

_FEWEST = {"learned": 6, "unseen": 2}  # results of the start that should be well exposed
_REHEARSED = 32  # samples of the distillation loss at a step
_VERSIONS = 2  # darkened samples of each picture that is rehearsed
_VALIDATIONS = 12  # of a run
_FIXED = ("recipe", "width", "name", "seed", "steps", "vgg_weights", "out", "data.published", "data.domains")
_FIXED_HINT = "what the start is stays, and folders, seed, steps and features have options of their own"
_NEEDS_FEATURES = {"losses.contrastive", "losses.feature_preservation"}
_SHOWN, _SIDE = 8, 480  # pictures on the sheet, and their longer side


@dataclass(frozen=True)
class Tuned:
    """The result."""

    model: Path
    """The ONNX file."""
    start: str
    """Name of the model that it started from."""
    sheet: Path
    """Held-out pictures: as they are, by the start, by the result."""
    before: Metrics
    after: Metrics
    share: float
    """How far the weights went from the start's to the best ones; 0 if the result is the start."""
    ended: str
    """Why it ended before its last step, if it did."""


class Finetuning(ExposureTraining):
    """Fine-tunes a model on dark pictures without pairs.

    ``L = sum w L + 2 L_distillation``: the losses of training, with the user's pictures as the one domain and
    well-exposed ones darkened as the dark ones are (:func:`pielight.training.data.domain.matched`), and a distillation
    loss that keeps what the start knows. Published photographs stay as they are, which scikit-image's speak for, too.
    A fifth of the pictures is held out; the averaged weights are validated on them a dozen times, the best are kept,
    and four validations without a better score, or an unsound one, end the run.
    :func:`~pielight.training.objectives.finetune_validation.interpolated` then decides how far to go. If nothing is
    better than the start by more than chance, the start's weights are the result.

    Writes ``NAME-tuned.onnx``, ``.safetensors`` and ``.json``, and ``before-after.png``; ``result`` holds what came of
    it.
    """

    exports_by_validation = True
    patience = 4

    def __init__(self, settings: FinetuneConfig) -> None:
        super().__init__(cast("ExposureConfig", settings))  # resolved in build
        self.result: Tuned | None = None
        self._start: Start
        self._dark: Folder
        self._normal: Folder | None
        self._rehearsed: ExposureSamples  # on which results should stay
        self._validator: Validator
        self._before: Metrics  # of the start
        self._early: Early

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
        base = _changed(start.config, settings)
        if settings.vgg_weights is None:
            log("no --features: the losses that need VGG16 are left out; nothing is downloaded")
        check_folders([folder for folder in (settings.dark, settings.normal) if folder])
        if settings.vgg_weights:  # first: it fails in a moment
            self._features = load_features(settings.vgg_weights, log)
        limits = base.data.limits
        self._dark = read_folder(settings.dark, "dark", limits, log)
        self._normal = read_folder(settings.normal, "well", limits, log) if settings.normal else None
        self.config = self._configured(name, base.darkening)
        self.report_every = max(1, settings.steps // _VALIDATIONS)
        return copy.deepcopy(start.network).requires_grad_(True).train()

    def _configured(self, name: str, physics: RawDarkeningConfig) -> ExposureConfig:
        """Return the settings of training: those of the start, the user's, and physics like the dark pictures'."""
        settings, base = self.settings, _changed(self._start.config, self.settings)
        losses = base.losses
        if settings.vgg_weights is None:
            losses = dataclasses.replace(losses, contrastive=0.0, feature_preservation=0.0)
        well = settings.normal or f"results of {self._start.model.name}"
        data = dataclasses.replace(
            base.data, published=("scikit-image",), domains=(DomainConfig(dark=(settings.dark,), well=(well,)),)
        )
        count = f"{len(self._dark.paths)} dark "
        config: ExposureConfig = dataclasses.replace(
            base, name=name, seed=settings.seed, steps=settings.steps, losses=losses, darkening=physics,
            out=settings.out, vgg_weights=settings.vgg_weights, data=data,
            optimizer=OptimizerConfig(
                lr=settings.lr, weight_decay=0.0, warmup_steps=min(20, settings.steps // 10), ema_decay=0.98
            ),
            training_data=f"{self._start.model.name} ({base.training_data}), fine-tuned on a user's {count}"
            + (f"and {len(self._normal.paths)} well-exposed pictures" if self._normal else "pictures"),
            license=f"{base.license}; and those of the user's pictures",
        )  # fmt: skip
        return with_changes(config, settings.changes)

    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:  # noqa: D102
        return {"dark": self._dark.pictures, "well": self._normal.pictures if self._normal else []}

    def prepare(self, network: nn.Module, log: Log, folder: Path | None = None) -> None:
        """Match the physics to the dark pictures, draw the samples, and measure the start."""
        settings, base = self.settings, _changed(self._start.config, self.settings)
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
        others = rehearsal(STORED_SIZE)
        self._photographs = [
            *(Photograph(picture, domain=0) for picture in well), *(Photograph(picture) for picture in others),
            *(Photograph(picture, domain=0, kind=REAL) for picture in learned),
        ]  # fmt: skip
        super().prepare(network, log, folder)
        self._rehearsed = self._rehearsal([*others, *well], base.darkening, log, folder)
        self._validator = validator = Validator(
            unseen, references, others, physics, base.darkening, settings.seed, settings.crops, self.device
        )
        start = self._start.network.to(self.device)
        self._before = before = validator.measure(start)
        self.best_score = before.score
        self._early = Early(before, settings.steps)
        for doubt in doubts(len(self._dark.paths), validator.lifted(start), validator.headroom(start)):
            log(f"not likely to help: {doubt}")

    def _own_results(self, folder: Path | None, log: Log) -> Sequence[Sequence[Tensor]]:
        """Return the start's results in the place of well-exposed pictures: to learn from, and held out."""
        model = self._start.model
        log(f"no --normal: the results of {model.name} take the place of well-exposed pictures")
        enhancer, digest, cpu = Enhancer(model.path), model.sha256(), torch.device("cpu")
        results = []
        for (role, fewest), part in zip(_FEWEST.items(), self._dark.split(), strict=True):
            kept = Preparation(folder and folder / role, checksum(digest, [part.pictures], [], cpu))
            results.append(processes.from_first(partial(enhanced, enhancer, part.pictures, fewest, log, kept)))
        return results

    def _rehearsal(
        self, pictures: Sequence[Tensor], physics: RawDarkeningConfig, log: Log, folder: Path | None
    ) -> ExposureSamples:
        physics = dataclasses.replace(physics, versions=_VERSIONS)
        kept = Preparation(
            folder and folder / "rehearsal", checksum(as_yaml(physics), [pictures], [], torch.device("cpu"))
        )
        seed = step_seed(self.config.seed, REHEARSAL)
        return draw_samples([Photograph(picture) for picture in pictures], physics, seed, log, kept)

    def loss(self, network: nn.Module, step: int) -> tuple[Tensor, dict[str, Tensor]]:  # noqa: D102
        total, terms = super().loss(network, step)
        distillation = self.distillation_loss(network, step)
        return total + self.settings.distillation * distillation, {**terms, "distillation": distillation}

    def distillation_loss(self, network: nn.Module, step: int) -> Tensor:
        """Return how far a network's results have moved from the start's, on photographs as they are and darkened.

        ``L = L_inv(y, y_0) + mean (p - p_0)^2`` with y the results, p the probabilities of being underexposed, and y_0
        and p_0 the start's, a distillation of the start (Li and Hoiem, Learning without Forgetting, 2016).
        """
        generator = step_generator(self.config.seed, REHEARSAL + step)
        chosen = torch.randint(len(self._rehearsed), (_REHEARSED,), generator=generator)
        samples = self._rehearsed.take(chosen).to(self.device)
        thumbnails, canonical = samples.thumbnails.float(), samples.statistics[:, -1].view(-1, 1, 1, 1)

        def results(network: nn.Module, *items: Tensor) -> tuple[Tensor, Tensor]:
            seen, statistics, thumbnails, canonical = items
            estimate = cast("ExposureNet", network).estimate(seen, statistics)
            return render(thumbnails, canonical + estimate.exposure), estimate.logit.sigmoid()

        with torch.no_grad():
            seen = (render(thumbnails, canonical), samples.statistics, thumbnails, canonical)
            before, doubt = results(self._start.network, *seen)
        after, probability = self.in_parts(network, partial(results, network), *seen)
        moved: Tensor = level_inversion(after, before) + (probability - doubt).square().mean()
        return moved

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
            "unchanged_psnr": [round(one.unchanged, 3) for one in (before, after)],
        }  # fmt: skip
        super().export(network.cpu(), folder, RunRecord(seconds=record.seconds, facts=facts))
        model, sheet = folder / f"{name}.onnx", folder / "before-after.png"
        write_sheet(sheet, start.path, model, self._dark.split()[1])
        self.result = Tuned(model, start.name, sheet, before, after, share, record.ended)

    def is_exported(self, folder: Path) -> bool:
        """Return False: the metrics of a finished run are measured again."""
        return False


def _changed(config: ExposureConfig, settings: FinetuneConfig) -> ExposureConfig:
    """Return the start's settings of training with those that the user changes.

    Raises:
        ConfigError: if one is no setting, is out of range, or is not free.
    """
    keys = [changed_key(ExposureConfig, change) for change in settings.changes]
    for key, change in zip(keys, settings.changes, strict=True):
        if key in _FIXED:
            raise ConfigError(f"--set {shown(change)[:80]}: not free in fine-tuning; {_FIXED_HINT}")
    made = with_changes(
        dataclasses.replace(config, data=dataclasses.replace(config.data, cache=None)), settings.changes
    )
    if settings.vgg_weights is None and not _NEEDS_FEATURES.isdisjoint(keys):
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
