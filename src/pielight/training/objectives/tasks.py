"""The restoration tasks, and those of a user's own."""

from __future__ import annotations

from pielight.errors import ConfigError
from pielight.training.objectives.brighten import BRIGHTEN
from pielight.training.objectives.dehaze import DEHAZE
from pielight.training.objectives.derain import DERAIN
from pielight.training.objectives.restoration_task import RestorationTask
from pielight.training.schema import TrainConfig
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
        ConfigError: naming the first setting that makes no sense.
    """
    task, data, weights = find_task(config.task), config.data, config.losses
    if task.spatial and data.loss_size != data.size:
        raise ConfigError(f"data.loss_size: {data.loss_size} should be data.size, {data.size}, for task: {config.task}")
    if data.size % data.loss_size or data.size % 32:
        raise ConfigError("data.size should be a multiple of 32 and of data.loss_size")
    if weights.exposure and data.loss_size % 16:
        raise ConfigError(f"data.loss_size: {data.loss_size} should be a multiple of 16, or losses.exposure be 0")
    smooth = weights.curve_smoothness or weights.cast_smoothness
    if config.network == "lattice" and data.size == config.lattice.cell and smooth:
        raise ConfigError("lattice.cell: a lattice of one node has no smoothness; raise data.size, or set "
                          "losses.curve_smoothness and losses.cast_smoothness to 0")  # fmt: skip
    if not any(getattr(weights, name) for name in task.terms):
        raise ConfigError("losses: every weight is 0, which leaves nothing to learn from")
