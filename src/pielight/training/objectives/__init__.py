"""The tasks that there are, and those that a user names."""

from __future__ import annotations

from pielight.errors import ConfigError
from pielight.training.import_path import named_object
from pielight.training.objectives.task import Task

TASKS = ("brighten", "dehaze", "derain")


def find_task(name: str) -> Task:
    """Return one of :data:`TASKS`, or a task of one's own: ``package.module:NAME`` or ``file.py:NAME``, which is run.

    Raises:
        ConfigError: There is no such task.

    >>> find_task("brighten").name
    'brighten'
    """
    if name == "brighten":
        from pielight.training.objectives.darkness import DARKNESS

        return DARKNESS
    if name == "dehaze":
        from pielight.training.objectives.haze import HAZE

        return HAZE
    if name == "derain":
        from pielight.training.objectives.rain import RAIN

        return RAIN
    if ":" not in name:
        raise ConfigError(f"task: {name!r} is unknown; choose one of {', '.join(TASKS)}, or file.py:NAME")
    found = named_object(name, "task")
    if not isinstance(found, Task):
        raise ConfigError(f"task: {name} is {type(found).__name__}, no pielight.training.objectives.task.Task")
    return found
