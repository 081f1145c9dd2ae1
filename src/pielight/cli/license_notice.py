"""The terms of the shipped weights, told to a person at the first run that uses them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

_MARK = Path("pielight", "terms-told")


def tell_terms(model: str | None, task: str) -> None:
    """Say on a terminal, once for each user, that weights are for research use only, if their card says so.

    It is remembered below ``$XDG_STATE_HOME`` (``~/.local/state``) if that folder is there; no folder is made in a home
    without one, where it is said at each run.

    Args:
        model: As the user names it; None is the default of the task.
        task: What the run does.
    """
    from pielight.inference.descriptor import find_model

    if not sys.stderr.isatty():
        return
    found = find_model(task, model)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path("~", ".local", "state")).expanduser()
    mark = state / _MARK.parent / f"{_MARK.name}-{found.name}"
    if not found.is_for_research_only or mark.exists():
        return
    other = "; --model free is under Apache-2.0" if task == "brighten" else ""
    click.echo(
        f"note: the weights of {found.name} are for research use only{other} (pielight info tells more)", err=True
    )
    if state.is_dir():
        try:
            mark.parent.mkdir(exist_ok=True)
            mark.touch()
        except OSError:  # it will be said again
            return
