"""Standard error as the command alone writes to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pielight.core.standard_streams import lossy


@contextmanager
def own_screen() -> Iterator[None]:
    """Write to standard error by a number of its own, since the usual one is redirected while LibRaw is at work.

    >>> with own_screen():
    ...     print("held back by nobody", file=sys.stderr)
    """
    usual = sys.stderr
    try:
        number = os.dup(usual.fileno())
    except (OSError, AttributeError):  # there is none, or no file
        yield
        return
    with lossy(number, usual) as sys.stderr:
        try:
            yield
        finally:
            sys.stderr = usual
