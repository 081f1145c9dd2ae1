"""What commands write to standard error: a line that changes, deprecated names, and terms of the shipped weights."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pielight.core.standard_streams import lossy
from pielight.errors import RenamedWarning

_SECONDS = 10.0  # between two lines where a line cannot change
_NOTICE = Path("pielight", "terms-told")  # marks that the notice was shown


class StatusLine:
    """A line that changes on a terminal; in a file, one now and then.

    Args:
        quiet: Show nothing.
        clock: Returns seconds.

    Attributes:
        is_live: Whether it changes.
    """

    def __init__(self, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.is_live = sys.stderr.isatty() and not quiet
        self._quiet, self._clock, self._last_shown = quiet, clock, clock()
        self._open = False

    def show(self, text: str, due: bool = False) -> None:
        """Show a text; in a file only if it is due, or the last line is old."""
        if self.is_live:
            click.echo(f"\r\033[K{text}", err=True, nl=False)
            self._open = True
        elif not self._quiet and (due or self._clock() - self._last_shown >= _SECONDS):
            click.echo(text, err=True)
            self._last_shown = self._clock()

    def keep(self, text: str) -> None:
        """Write a line that stays, even if quiet."""
        click.echo(f"\r\033[K{text}" if self.is_live else text, err=True)
        self._open = False

    def end(self, keep: bool = False) -> None:
        """End the line that changes, or remove it."""
        if self._open:
            click.echo("" if keep else "\r\033[K", err=True, nl=keep)
            self._open = False


@contextmanager
def own_stderr() -> Iterator[None]:
    """Write to standard error by a duplicate file descriptor, since LibRaw's output is captured on the usual one.

    >>> with own_stderr():
    ...     print("not captured", file=sys.stderr)
    """
    usual = sys.stderr
    try:
        descriptor = os.dup(usual.fileno())
    except (OSError, AttributeError):  # there is none, or no file
        yield
        return
    with lossy(descriptor, usual) as sys.stderr:
        try:
            yield
        finally:
            sys.stderr = usual


@contextmanager
def deprecations_on_stderr() -> Iterator[None]:
    """Show warnings about renamed settings as lines on stderr; those of libraries stay hidden, as Python hides them."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], filename: str, *others: object) -> None:
        if issubclass(category, RenamedWarning):
            click.echo(f"deprecated: {message}", err=True)
        else:
            before(message, category, filename, *others)  # type: ignore[arg-type]

    with warnings.catch_warnings():
        warnings.simplefilter("always", RenamedWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield


def show_terms(model: str | None, task: str) -> None:
    """Show on a terminal, once for each user, that weights are for research use only, if their card says so.

    A file below ``$XDG_STATE_HOME`` (``~/.local/state``) records it if that folder exists; it is not created, and
    without it each run shows the notice.

    Args:
        model: As the user names it; None is the default of the task.
        task: What the run does.
    """
    from pielight.inference.descriptor import find_model

    if not sys.stderr.isatty():
        return
    weights = find_model(task, model)
    state = Path(os.environ.get("XDG_STATE_HOME") or Path("~", ".local", "state")).expanduser()
    shown_before = state / _NOTICE.parent / f"{_NOTICE.name}-{weights.name}"
    if not weights.is_for_research_only or shown_before.exists():
        return
    other = "; --model free is under Apache-2.0" if task == "brighten" else ""
    click.echo(
        f"note: the weights of {weights.name} are for research use only{other} (details: pielight info)", err=True
    )
    if state.is_dir():
        try:
            shown_before.parent.mkdir(exist_ok=True)
            shown_before.touch()
        except OSError:  # the next run shows it again
            return
