"""``pielight train`` and ``pielight data check``: train a model, and look at the pictures to train on."""

from __future__ import annotations

import dataclasses
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pielight.cli import options
from pielight.cli.stderr import deprecations_on_stderr
from pielight.core.messages import shown
from pielight.core.progress import duration
from pielight.core.signals import FAILED, SIGNALED
from pielight.errors import ConfigError

if TYPE_CHECKING:
    from pielight.training.data.pictures import Role
    from pielight.training.schema import DataConfig, DenoiseConfig, ExposureConfig, JointConfig, TrainConfig
    from pielight.training.trainer import StepReport

_ORIGINS = ("training_data=", "license=", "pictures=", "terms=")


@click.command()
@click.argument("config", metavar="CONFIG.yaml", required=False, type=options.PATH)
@options.changes("data.size=128")
@click.option("--features", metavar="FILE|download|random",
              help="VGG16 weights, torchvision's or Caffe's; download fetches torchvision's (528 MB).")  # fmt: skip
@click.option(
    "--dark", type=options.PATH, multiple=True, help="Folder of dark pictures, in place of data.dark; repeatable."
)
@click.option(
    "--well", type=options.PATH, multiple=True, help="Folder of well-exposed pictures, in place of data.well."
)
@options.out
@click.option("--smoke", is_flag=True, help="Check on toy pictures, in a minute, that every loss falls.")
def train(
    config: Path | None, changes: tuple[str, ...], features: str | None, dark: tuple[Path, ...], well: tuple[Path, ...],
    out: Path | None, smoke: bool,
) -> None:  # fmt: skip
    """Train a model without pairs, or go on with a run that was stopped.

    A run whose folder holds a checkpoint of the same settings is resumed. Exit status: 0,
    1 if something failed, 2 if the command line is invalid, 130 after Ctrl-C, 143 after SIGTERM.
    """
    if config is None and not smoke:
        raise click.UsageError("Missing argument 'CONFIG.yaml'; only --smoke needs none.")
    if smoke and (features or dark or well or out):
        raise click.UsageError("--smoke brings its own pictures, features and folder.")
    from pielight.training.schema import DenoiseConfig

    with stoppable():
        settings = _read(config, changes)
        if isinstance(settings, DenoiseConfig) and (features or dark):
            raise click.UsageError("A denoiser takes no --features and --dark.")
        if smoke:
            _smoke(settings)
            return
        data = _with_folders(settings.data, tuple(map(str, dark)), tuple(map(str, well)))
        if (dark or well) and not any(change.startswith(_ORIGINS) for change in changes):
            settings = dataclasses.replace(settings, training_data="", license="")  # those were of other folders
        if features and not isinstance(settings, DenoiseConfig):
            settings = dataclasses.replace(settings, vgg_weights=features)
        _train(dataclasses.replace(settings, data=data, out=str(out or settings.out)))


def _with_folders(data: Any, dark: tuple[str, ...], well: tuple[str, ...]) -> Any:
    """Return where pictures come from, with the folders of the command line in the place of those in a file."""
    from pielight.training.schema import DomainConfig, ExposureDataConfig

    if not isinstance(data, ExposureDataConfig):
        return dataclasses.replace(data, dark=dark or data.dark, well=well or data.well)
    if not dark:
        return dataclasses.replace(data, published=well, domains=()) if well else data
    return dataclasses.replace(data, published=(), domains=(DomainConfig(dark=dark, well=well or data.well),))


def _read(config: Path | None, changes: tuple[str, ...]) -> TrainConfig | ExposureConfig | DenoiseConfig:
    from pielight.training.recipe import read_recipe
    from pielight.training.schema import DenoiseConfig, ExposureConfig, TrainConfig

    with options.usage_errors(ConfigError, but=()), deprecations_on_stderr():
        if config is None:  # the default model's recipe, unless a change names a task
            first = TrainConfig if any(change.startswith("task=") for change in changes) else ExposureConfig
            return read_recipe(None, changes, first, DenoiseConfig)
        return read_recipe(config, changes, TrainConfig, ExposureConfig, DenoiseConfig)


def _train(settings: TrainConfig | ExposureConfig | DenoiseConfig) -> None:
    from pielight.training.recipe import try_options

    run(settings)
    if not reports():
        return
    name = Path(settings.out) / settings.name
    click.echo(f"{name}.onnx, {name}.safetensors and {name}.json: the model and its card; try it with", err=True)
    click.echo(f"  pielight {try_options(settings)} {name}.onnx PHOTO...", err=True)


def _smoke(settings: TrainConfig | ExposureConfig | DenoiseConfig) -> None:
    """Print each verdict as it arrives; end with status 1 if one has a fault."""
    from pielight.training.smoke import smoke

    click.echo(f"{'alone, on one batch':<20} {'first':>10} {'last':>10}")
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for verdict in smoke(Path(folder), settings, _show_tenth):
            faults += bool(verdict.fault)
            click.echo(f"{verdict.term:<20} {verdict.first:>10.4f} {verdict.last:>10.4f}  {verdict.fault or 'falls'}")
    if faults:
        raise click.exceptions.Exit(FAILED)
    click.echo("training on all of them ran, and the model was exported")


def _show_tenth(progress: StepReport) -> None:
    if progress.step % 10 == 0:
        show_progress(progress)


def run(settings: TrainConfig | ExposureConfig | DenoiseConfig | JointConfig) -> None:
    """Train, and show the progress on stderr."""
    from pielight.training.trainer import train

    with stoppable(Path(settings.out) / "checkpoint.pt"):
        train(settings, show_progress, log=lambda line: click.echo(line, err=True))


@contextmanager
def stoppable(checkpoint: Path | None = None) -> Iterator[None]:
    """Turn Ctrl-C or SIGTERM into one line that names the checkpoint to resume from, and status 130 or 143."""
    kept: list[Path] = []
    if checkpoint is not None:
        from pielight.training.data.preparation import FOLDER

        kept = [checkpoint, checkpoint.parent / FOLDER]
    try:
        yield
    except KeyboardInterrupt as interrupt:
        saved = next((path for path in kept if path.exists()), None)
        if reports():
            click.echo(f"stopped; the same command goes on from {saved}" if saved else "stopped", err=True)
        number = interrupt.args[0] if interrupt.args else signal.SIGINT
        raise click.exceptions.Exit(SIGNALED + number) from None


def reports() -> bool:
    """Return whether this process prints: of several that train together, which a launcher numbers, the first."""
    return os.environ.get("RANK", "0") == "0"


@click.group()
def data() -> None:
    """Look at the pictures to train on."""


@data.command()
@click.argument("paths", metavar="DIR...|CONFIG.yaml", nargs=-1, required=True, type=options.PATH)
@click.option("--as", "role", type=click.Choice(["dark", "well"]), help="Role of the pictures of the folders.")
@options.changes("data.min_size=64")
def check(paths: tuple[Path, ...], role: Role | None, changes: tuple[str, ...]) -> None:
    """Report which files training leaves out, and why.

    Of folders, with --as, or of both roles in the folders that a configuration names. Exit status: 0, 1 if a role has
    no usable picture, 2 if the command line is invalid.
    """
    config = paths[0] if len(paths) == 1 and paths[0].suffix.lower() in (".yaml", ".yml") else None
    if config is None and role is None:
        raise click.UsageError("Missing option '--as' for folders: dark or well.")
    if config is not None and role is not None:
        raise click.UsageError("--as is for folders; a configuration names its dark and its well ones.")
    with stoppable():
        from pielight.training.schema import DenoiseConfig, ExposureConfig

        recipe = _read(config, changes)
        settings = recipe.data.limits if isinstance(recipe, ExposureConfig) else recipe.data
        roles: dict[Role, tuple[str, ...]] = {"dark": settings.dark, "well": settings.well}
        if isinstance(recipe, DenoiseConfig):  # a denoiser learns from clean pictures alone
            del roles["dark"]
        elif isinstance(recipe, ExposureConfig):  # learns with dark pictures and without
            roles = {role: folders for role, folders in roles.items() if folders}
        if role is not None:
            roles = {role: tuple(map(str, paths))}
        used = [_check(folders, one, settings) for one, folders in roles.items()]
    if not all(used):
        raise click.exceptions.Exit(FAILED)


def _check(folders: tuple[str, ...], role: Role, settings: DataConfig) -> int:
    """Report on the files of one role and return how many are used."""
    from pielight.training.data.pictures import check

    left_out: Counter[str] = Counter()
    used = 0
    for verdict in check(folders, role, settings):
        used += not verdict.kind
        if verdict.kind:
            left_out[verdict.kind] += 1
            click.echo(f"{shown(str(verdict.path))}: {verdict.reason}")
    counts = ", ".join(f"{count} {kind}" for kind, count in left_out.most_common())
    click.echo(
        f"{role}: {used} of {used + left_out.total()} files are used" + (f"; left out: {counts}" if counts else "")
    )
    return used


def show_progress(progress: StepReport) -> None:
    """Print the progress of a run in one line."""
    terms = "  ".join(f"{name} {value:.4f}" for name, value in progress.terms.items())
    left = duration(progress.seconds_left)
    click.echo(f"step {progress.step}/{progress.steps}  {terms}  {left} left  {progress.skipped} skipped", err=True)
