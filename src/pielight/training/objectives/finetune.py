"""Fine-tuning: a trained model learns a user's own dark pictures in minutes, and is kept only if that helped."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from pielight.comparison.png import panel_sheet
from pielight.core.atomic_file import is_same_file, shown, write_atomic
from pielight.enhancer import Enhancer
from pielight.errors import ConfigError
from pielight.io.decode import read
from pielight.io.display import displayed
from pielight.training.checkpoint import claim, facts, restore
from pielight.training.config_file import changed_key, with_changes
from pielight.training.data.bank import build_bank
from pielight.training.data.batches import PictureSet
from pielight.training.data.domain import Folder, enhanced, matched, read_folder, rehearsal
from pielight.training.data.pictures import check_folders
from pielight.training.data.preparation import FOLDER, Preparation, checksum, remove
from pielight.training.data.train_context import APART, Material, kept_for
from pielight.training.export.export import export
from pielight.training.networks.exposure_estimator import learn_judge
from pielight.training.networks.features import VGGFeatures, load_features
from pielight.training.objectives import find_task
from pielight.training.objectives.finetune_loop import Lesson, Tuning, advance, chosen
from pielight.training.objectives.finetune_prospects import Early, Prospect, doubts
from pielight.training.objectives.finetune_start import Start, read_start
from pielight.training.objectives.finetune_validation import FORGOTTEN, Look, Watchdog, gain
from pielight.training.recipe import check
from pielight.training.schema import FinetuneConfig, OptimizerConfig, TrainConfig
from pielight.training.steps import Progress, flushed_denormals, step_generator

_RATE = 3e-4
_WELL = 6  # results of the start that should be well exposed, where they are learned from
_BANK = 32  # without VGG16, where the bank only tells brightness
_FIXED = ("task", "network", "lattice", "name", "seed", "steps", "vgg_weights", "out", "data.dark", "data.well")
_FIXED_HINT = "what the start is stays, and folders, seed, steps and features have options of their own"
_NEEDS_FEATURES = ("losses.contrastive", "losses.feature_preservation")
_SHOWN, _SIDE = 8, 480  # pictures on the sheet, and their longer side


@dataclass(frozen=True)
class Tuned:
    """What came of it."""

    model: Path
    """The ONNX file."""
    sheet: Path
    """Held-out pictures: as they are, by the start, by the result."""
    before: Look
    after: Look
    share: float
    """How far the weights went from the start's to the best ones; 0 if the result is the start."""
    ended: str
    """Why it ended before its last step, if it did."""


@flushed_denormals()
def finetune(
    settings: FinetuneConfig, report: Callable[[Progress, Look], None], say: Callable[[str], None] = lambda _: None,
    stop_at: int | None = None,
) -> Tuned | None:  # fmt: skip
    """Fine-tune a model on dark pictures without pairs, or go on with a run that was stopped, and export it.

    ``L = sum w L + 20 L_hold``: the losses of training, with well-exposed pictures darkened as the user's dark ones
    are (:func:`pielight.training.data.domain.matched`), and a hold on what the start knows
    (:func:`pielight.training.objectives.finetune_loop.hold`). A fifth of the pictures is held out;
    :class:`~pielight.training.objectives.finetune_validation.Watchdog`
    looks at the averaged weights a dozen times, the best are kept, and four
    looks without a better score, or one that is unsound, end the run.
    :func:`~pielight.training.objectives.finetune_loop.chosen` then says how far to go.
    If nothing is better than the start by more than
    chance, the start's weights are the result.

    Writes into ``settings.out``: ``config.yaml``, ``checkpoint.pt``, ``NAME-tuned.onnx``, ``.safetensors`` and
    ``.json``, and ``before-after.png``.

    Args:
        settings: The settings.
        report: Called with the losses and with what the watchdog sees, a dozen times.
        say: Called with a line at each stage.
        stop_at: Stop after this step, with a checkpoint and without a result.

    Returns:
        What came of it; None if ``stop_at`` ended it.

    Raises:
        DataError: if there are too few pictures, or they are not those that the run began with.
        ModelError: if the start cannot be fine-tuned, or a file cannot be read or written.
        ConfigError: if a setting is out of range, or the folder holds a run with other settings.
    """
    torch.manual_seed(settings.seed)
    start = read_start(settings.model)
    out, name = Path(settings.out), start.model.name.removesuffix("-tuned") + "-tuned"
    if is_same_file(out / f"{name}.onnx", start.model.path):
        raise ConfigError(f"{shown(out)}: holds the model to start from; set another out")
    start = dataclasses.replace(start, config=_changed(start.config, settings))
    data = start.config.data
    if settings.vgg_weights is None:
        say("no --features: the losses that need VGG16 are left out; nothing is downloaded")
    check_folders([folder for folder in (settings.dark, settings.normal) if folder])
    features = load_features(settings.vgg_weights, say) if settings.vgg_weights else None  # first: it fails in a moment
    say("reading the pictures and their regions")
    dark = read_folder(settings.dark, "dark", data, say)
    normal = read_folder(settings.normal, "well", data, say) if settings.normal else None
    identity = dataclasses.replace(settings, model=start.model.sha256())  # a path does not say whether it changed
    path = claim(out, identity)
    state = restore(path, Tuning) if path.exists() else Tuning(0, 0, 0.0, {}, {}, {})
    wells = normal.pictures.pictures if normal else []
    state.facts = facts(state.facts, {"dark": dark.pictures.pictures, "well": wells})
    if state.step:
        say(f"{path}: going on after step {state.step} of {settings.steps}")

    lesson, watchdog = _prepare(settings, start, name, features, dark, normal, say)
    before = watchdog.look(start.network)
    prospect = Prospect(len(dark.paths), watchdog.lifted(start.network), watchdog.headroom(start.network))
    for doubt in doubts(prospect):
        say(f"not likely to help: {doubt}")
    early = Early(before, settings.steps)

    def told_early(progress: Progress, look: Look) -> None:
        report(progress, look)
        doubt = early.doubt(progress.step, look)
        if doubt:
            say(f"not likely to help: {doubt}")

    last = settings.steps if stop_at is None else min(settings.steps, stop_at)
    state = advance(lesson, state, watchdog, path, told_early, last)
    if state.step < settings.steps and not state.ended:
        return None
    network, after, share = chosen(start.network, state.best, watchdog, FORGOTTEN)
    mean, error = gain(after, before)
    told = {
        "start": {"name": start.model.name, "sha256": start.model.sha256()}, "share": share,
        "best_step": state.best_step, "held_out_psnr": [round(look.score, 3) for look in (before, after)],
        "held_out_gain": [round(mean, 3), round(error, 3)],
        "other_pictures_psnr": [round(look.kept, 3) for look in (before, after)],
    }  # fmt: skip
    export(network, lesson.config, out, 0, state.seconds, {**state.facts, **told})
    model, sheet = out / f"{name}.onnx", out / "before-after.png"
    write_sheet(sheet, start.model.path, model, dark.split()[1])
    remove(out)
    return Tuned(model, sheet, before, after, share, state.ended)


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
    check(made)
    if settings.vgg_weights is None and any(
        changed_key(TrainConfig, change) in _NEEDS_FEATURES for change in settings.changes
    ):
        raise ConfigError("losses.contrastive and losses.feature_preservation need --features FILE")
    return made


def _prepare(
    settings: FinetuneConfig, start: Start, name: str, features: VGGFeatures | None, dark: Folder,
    normal: Folder | None, say: Callable[[str], None],
) -> tuple[Lesson, Watchdog]:  # fmt: skip
    """Make everything that steps and looks need."""
    base = start.config
    data, cpu, folder = dark.pictures.data, torch.device("cpu"), Path(settings.out) / FOLDER
    learned, unseen = (part.pictures for part in dark.split())
    if normal is None:
        say(f"no --normal: the results of {start.model.name} take the place of well-exposed pictures")
        enhancer = Enhancer(start.model.path)
        digest = start.model.sha256()
        well, references = (
            enhanced(
                enhancer, part, fewest, say, Preparation(folder / kind, checksum(digest, [part.pictures], [], cpu))
            )
            for kind, part, fewest in (("learned", learned, _WELL), ("unseen", unseen, 2))
        )
    else:
        well, references = (part.pictures for part in normal.split())
    physics = matched(learned, well, base.darkening)
    say(
        f"{len(learned)} dark and {len(well)} well-exposed pictures to learn from, {len(unseen)} and "
        f"{len(references)} held out; exposure {physics.stops[0]:.1f} to {physics.stops[1]:.1f} EV, shot noise up to "
        f"{physics.shot_noise[1]:.0e}, {physics.regional:.0%} dark in parts"
    )
    losses = base.losses
    if settings.vgg_weights is None:
        losses = dataclasses.replace(losses, contrastive=0.0, feature_preservation=0.0)
    config: TrainConfig = dataclasses.replace(
        base, name=name, seed=settings.seed, steps=settings.steps, losses=losses, darkening=physics, out=settings.out,
        vgg_weights=settings.vgg_weights or "random", bank=base.bank if settings.vgg_weights else _BANK,
        data=dataclasses.replace(data, dark=(settings.dark,), well=(settings.normal,) if settings.normal else ()),
        optimizer=OptimizerConfig(_RATE, warmup_steps=min(20, settings.steps // 10), ema_decay=0.98, weight_decay=0.0),
        training_data=f"{start.model.name} ({base.training_data}), fine-tuned on a user's {len(dark.paths)} dark "
        + (f"and {len(normal.paths)} well-exposed pictures" if normal else "pictures"),
        license=f"{base.license}; and those of the user's pictures",
    )  # fmt: skip
    config = with_changes(config, settings.changes)
    others = rehearsal(data)
    kept = kept_for(config, [well, others], features, cpu, folder)
    bank = build_bank(
        find_task(config.task), config, well, features, step_generator(config.seed, APART), cpu, say, kept
    )
    judge = learn_judge(
        _both(well, others), config.exposure_estimator, step_generator(config.seed, APART + 2), say, kept
    )
    material = Material(learned, well, features, bank, judge)
    lesson = Lesson(config, material, (others, well), base.darkening, start.network)
    return lesson, Watchdog(unseen, references, others, physics, base.darkening, judge, config.seed)


def _both(one: PictureSet, other: PictureSet) -> PictureSet:
    return PictureSet([*one.pictures, *other.pictures], [*one.labels, *other.labels], one.data)


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
