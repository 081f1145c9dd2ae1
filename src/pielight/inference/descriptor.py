"""What pictures are mended of: the model for each, how it is told from others, and the settings that make sense."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pielight.errors import OptionError

BRIGHTEN, DEHAZE, DERAIN = "brighten", "dehaze", "derain"


@dataclass(frozen=True)
class Task:
    """One thing that a picture is mended of.

    Attributes:
        model: Name of the shipped model.
        outputs: What a network for it returns, which tells it from others.
        settings: Those of ``highlights``, ``auto``, ``denoise`` and ``device`` that it has.
        has_curves: Whether that network returns a lattice of curves; else it looks at every pixel.
    """

    model: str
    outputs: tuple[str, ...]
    settings: frozenset[str]
    has_curves: bool = True


TASKS = {
    BRIGHTEN: Task("pie", ("alphas",), frozenset({"highlights", "auto", "denoise", "device"})),
    DEHAZE: Task("dehaze", ("transmission", "airlight"), frozenset({"auto", "denoise", "device"})),
    DERAIN: Task("derain", ("rain",), frozenset(), has_curves=False),
}


def task_of(outputs: Iterable[str]) -> str:
    """Return the task that a network is for, by the names of its outputs, or nothing.

    >>> task_of(["rain"]), task_of(["logits"])
    ('derain', '')
    """
    names = set(outputs)
    return next((name for name, task in TASKS.items() if names.issuperset(task.outputs)), "")


def hint(outputs: Iterable[str]) -> str:
    """Return what to say of a network that is for another task.

    >>> hint(["rain"])
    '; it is for --task derain'
    """
    name = task_of(outputs)
    return f"; it is for --task {name}" if name else ""


def find_task(name: str) -> Task:
    """Return a task by its name.

    Raises:
        OptionError: There is no such task.
    """
    if name not in TASKS:
        raise OptionError(f"task {name!r}: choose {', '.join(TASKS)}")
    return TASKS[name]


def check_settings(name: str, /, **given: bool) -> None:
    """Check that a task has the settings that were given, those that are True here.

    Raises:
        OptionError: It has not.

    >>> check_settings("dehaze", denoise=True, auto=True)
    >>> check_settings("derain", denoise=True)
    Traceback (most recent call last):
        ...
    pielight.errors.OptionError: denoise: has no meaning for derain; leave it out
    """
    for setting, is_given in given.items():
        if is_given and setting not in find_task(name).settings:
            raise OptionError(f"{setting}: has no meaning for {name}; leave it out")
