"""``pielight joint``: train the enhancer together with a model for a task."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from pielight.cli import options
from pielight.cli.stderr import deprecations_on_stderr
from pielight.cli.train import reports, run, stoppable
from pielight.errors import ConfigError


@click.command()
@click.argument("config", metavar="CONFIG.yaml", type=options.PATH)
@options.changes("data.scale=0.5")
@options.out
def joint(config: Path, changes: tuple[str, ...], out: Path | None) -> None:
    """Train the enhancer in front of a model for a task, or go on with a run that was stopped.

    CONFIG.yaml selects what is trained: the enhancer, the model, or both. Code that it names (downstream.module and
    downstream.loss) is run. A run whose folder holds a checkpoint of the same settings is resumed. Exit
    status: 0, 1 if something failed, 2 if the command line is invalid, 130 after Ctrl-C.
    """
    with stoppable():
        from pielight.training.export.joint_files import model_names
        from pielight.training.recipe import read_recipe
        from pielight.training.schema import JointConfig

        with options.usage_errors(ConfigError, but=()), deprecations_on_stderr():
            settings = read_recipe(config, changes, JointConfig)
    settings = dataclasses.replace(settings, out=str(out or settings.out))
    run(settings)
    for name in model_names(settings) if reports() else ():
        click.echo(f"{Path(settings.out, name)}.onnx, .safetensors and .json", err=True)
