"""Work on the rows of a picture, shared among threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_LEAST_VALUES = 1 << 17  # below this a second thread costs more than it brings


def available_threads() -> int:
    """Count the CPU cores that this process may use.

    >>> available_threads() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_rows(band: Callable[[int, int], None], height: int, values: int, threads: int) -> None:
    """Call ``band(top, bottom)`` for parts of the rows, at the same time if there is work enough.

    Args:
        band: Works on rows [top, bottom) and releases the GIL.
        height: Number of rows.
        values: Number of values that there are to work on.
        threads: The most parts.

    >>> share_rows(lambda top, bottom: print(top, bottom), 9, 100, 4)
    0 9
    """
    parts = max(1, min(threads, height, values // _LEAST_VALUES))
    if parts == 1:
        band(0, height)
        return
    edges = [height * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(band, edges[:-1], edges[1:]))
