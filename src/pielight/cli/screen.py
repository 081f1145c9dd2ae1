"""Standard error that stays usable while the output of native libraries is captured."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pielight.core.standard_streams import lossy


@contextmanager
def own_screen() -> Iterator[None]:
    """Write to standard error by a duplicate file descriptor, since LibRaw's output is captured on the usual one.

    >>> with own_screen():
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
