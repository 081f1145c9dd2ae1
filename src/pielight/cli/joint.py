"""``pielight joint``: train the enhancer together with a model for a task."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from pielight.cli.deprecation import deprecations_on_stderr
from pielight.cli.train import show_progress, stoppable
from pielight.errors import ConfigError


@click.command()
@click.argument("config", metavar="CONFIG.yaml", type=click.Path(path_type=Path))
@click.option("--set", "changes", metavar="KEY=VALUE", multiple=True, help="Change a setting, as in data.scale=0.5.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run, in place of out.")
def joint(config: Path, changes: tuple[str, ...], out: Path | None) -> None:
    """Train the enhancer in front of a model for a task, or go on with a run that was stopped.

    CONFIG.yaml says who learns: the enhancer, the model, or both. Code that it names (downstream.module and
    downstream.loss) is run. A run whose folder holds a checkpoint of the same settings goes on from it by itself. Exit
    status: 0, 1 if something failed, 2 if the command line makes no sense, 130 after Ctrl-C.
    """
    with stoppable():
        from pielight.training.export.joint_files import model_names
        from pielight.training.recipe import read_recipe
        from pielight.training.schema import JointConfig
        from pielight.training.trainer import train

        try:
            with deprecations_on_stderr():
                settings = read_recipe(config, changes, JointConfig)
        except ConfigError as error:
            raise click.UsageError(str(error)) from error
    settings = dataclasses.replace(settings, out=str(out or settings.out))
    folder = Path(settings.out)
    with stoppable(folder / "checkpoint.pt"):
        train(settings, show_progress, say=lambda line: click.echo(line, err=True))
    for name in model_names(settings):
        click.echo(f"{folder / name}.onnx, .safetensors and .json", err=True)
