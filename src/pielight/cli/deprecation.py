"""Old names that still work: each is one line on stderr."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pielight.errors import RenamedWarning


@contextmanager
def deprecations_on_stderr() -> Iterator[None]:
    """Show deprecation warnings about settings and options as lines on stderr while the block runs.

    Those of libraries stay hidden, as Python's own filters hide them.
    """
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
