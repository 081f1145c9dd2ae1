"""``pielight evaluate --downstream``: the options of the user's network that is run on results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pielight.cli.options import F
from pielight.errors import ConfigError
from pielight.evaluation.downstream import DOWNSTREAM_TASKS
from pielight.evaluation.downstream.description import TaskOption

if TYPE_CHECKING:
    from pielight.evaluation.plan import Plan

_TASK_OPTIONS = {option.name: option for task in DOWNSTREAM_TASKS.values() for option in task.all_options}
DEFAULT_METRICS = tuple(",".join(task.default_metrics) for task in DOWNSTREAM_TASKS.values())
_NAMES = ("downstream", "task", "dark_ev", "noise", *_TASK_OPTIONS)


def _click_option(option: TaskOption) -> Any:
    value_type = click.IntRange(*option.bounds) if option.bounds else option.type
    return click.option(f"--{option.name}", option.name, type=value_type, metavar=option.metavar, help=option.help)


_OPTIONS = (
    click.option("--downstream", type=click.Choice(list(DOWNSTREAM_TASKS)),
                 help="Measure how well a model works on the results; PATH holds "
                 f"{', or '.join(task.dataset for task in DOWNSTREAM_TASKS.values())}."),
    click.option("--task", type=click.Choice(list(DOWNSTREAM_TASKS)), hidden=True),  # its name in earlier releases
    click.option("--dark-ev", metavar="EV,EV,...",
                 help="Darken the pictures by so many EV in linear light; 0 does not. [default: 0]"),
    click.option("--noise", metavar="SHOT,READ",
                 help="Noise of darkened pictures: variance SHOT x signal + READ. [default: 1e-3,1e-6]"),
    *map(_click_option, _TASK_OPTIONS.values()),
)  # fmt: skip


def options(command: F) -> F:
    """Add the options of downstream tasks to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of downstream tasks that were given; ConfigError if ``--downstream`` itself was not."""
    options = {name: arguments[name] for name in _NAMES if arguments[name] is not None}
    if "task" in options:
        click.echo("--task is deprecated in this command; use --downstream", err=True)
        options.setdefault("downstream", options.pop("task"))
    if options and "downstream" not in options:
        option = next(iter(options)).replace("_", "-")
        raise ConfigError(f"--{option} needs {' or '.join(f'--downstream {name}' for name in DOWNSTREAM_TASKS)}")
    return options


def plan(arguments: Mapping[str, Any], options: Mapping[str, Any], seed: int) -> Plan:
    """Return what is measured, checked; PielightError if an option is invalid, or a model cannot be scored.

    Args:
        arguments: All options of the command.
        options: Those of downstream tasks, from :func:`given`.
        seed: Of the noise.
    """
    from pielight.evaluation.plan import check, downstream_plan

    task = DOWNSTREAM_TASKS[options["downstream"]]
    own = [option.name for option in task.all_options]
    wrong = [name for name in _TASK_OPTIONS if name in options and name not in own]
    wrong += [name for name in ("niqe", "download", "gt_mean") if arguments[name]]
    if wrong:
        raise ConfigError(f"--{wrong[0].replace('_', '-')} has no meaning with --downstream {task.name}")
    if task.needs_network and task.network.name not in options:
        raise ConfigError(f"--downstream {task.name} needs --{task.network.name} FILE.onnx")
    shot, read_noise = numbers("--noise", options.get("noise") or "1e-3,1e-6", 2)
    chosen = downstream_plan(
        task,
        {name: options[name] for name in own if name in options},
        [name_and_path(text, "faces=FACES") for text in arguments["data"]],
        arguments["methods"],
        metrics=None if arguments["metrics"] is None else metric_names(arguments["metrics"]),
        exposures=numbers("--dark-ev", options.get("dark_ev") or "0"),
        noise=(shot, read_noise),
        limit=arguments["limit"],
        seed=seed,
    )
    check(chosen)
    return chosen


def metric_names(text: str) -> list[str]:
    """Return the names that commas separate, each once.

    >>> metric_names("psnr, ssim,psnr")
    ['psnr', 'ssim']
    """
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def numbers(option: str, text: str, count: int | None = None) -> list[float]:
    """Read numbers that commas separate; ConfigError if they are not numbers, or of another count.

    >>> numbers("--noise", "1e-3,1e-6", 2)
    [0.001, 1e-06]
    """
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if not values or (count is not None and len(values) != count):
        raise ConfigError(f"{option} {text}: expected {f'{count} ' if count else ''}numbers with commas between")
    return list(dict.fromkeys(values)) if count is None else values


def name_and_path(text: str, example: str) -> tuple[str, Path]:
    """Split ``NAME=PATH``; ConfigError if it is something else."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ConfigError(f"--data {text}: expected NAME=PATH, as in {example}")
    return name, Path(path)
