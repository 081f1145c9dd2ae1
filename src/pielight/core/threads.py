"""Rows of a picture processed by several threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from pielight.errors import OptionError

T = TypeVar("T")
_LEAST_VALUES = 1 << 17  # fewer are not worth a second thread
_BANDS = 4  # per thread, so that a thread on a busy core leaves some to the others


def available_threads() -> int:
    """Count the CPU cores that this process may use.

    >>> available_threads() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int | None) -> int:
    """Return a valid number of threads, by default one for every core that the process may use.

    Raises:
        OptionError: It is no whole number, or below 1.

    >>> check_threads(3)
    3
    """
    if threads is None:
        return available_threads()
    if not isinstance(threads, int) or threads < 1:
        raise OptionError(f"threads {threads!r}: must be a whole number, at least 1")
    return threads


def share_rows(band: Callable[[int, int], None], height: int, values: int, threads: int) -> None:
    """Call ``band(top, bottom)`` for all rows, in several threads if it is worth it.

    Args:
        band: Processes rows [top, bottom) and releases the GIL. Its exception is raised here after all have ended.
        threads: Limit of threads, the calling one included.

    >>> share_rows(lambda top, bottom: print(top, bottom), 9, 100, 4)
    0 9
    """
    workers = max(1, min(threads, height, values // _LEAST_VALUES))
    if workers == 1:
        band(0, height)
        return
    count = min(height, workers * _BANDS)
    left = [(height * part // count, height * (part + 1) // count) for part in reversed(range(count))]
    errors: list[BaseException] = []

    def work() -> None:
        while True:
            try:
                top, bottom = left.pop()
            except IndexError:  # another thread took the last
                return
            try:
                band(top, bottom)
            except BaseException as error:  # noqa: BLE001 - raised again by the calling thread
                errors.append(error)
                return

    started: list[threading.Thread] = []
    for _ in range(workers - 1):
        helper = threading.Thread(target=work, name="pielight-rows")
        try:
            helper.start()
        except RuntimeError:  # the limit of the system: the others do its work
            break
        started.append(helper)
    work()
    for helper in started:
        helper.join()
    if errors:
        raise errors[0]


def meanwhile(call: Callable[[], T], threads: int | None) -> Callable[[], T]:
    """Start a call in another thread, and return a function that waits for what it returns or raises.

    Args:
        call: Where it may have but one thread, it is made when its result is asked for, if that ever is.
        threads: Limit of threads, the calling one included; None takes every core that the process may use.

    >>> total = meanwhile(lambda: 2 + 3, threads=2)
    >>> total()
    5
    """
    future: Future[T] = Future()

    def make() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)

    helper = threading.Thread(target=make, name="pielight-meanwhile") if check_threads(threads) > 1 else None
    try:
        if helper is not None:
            helper.start()
    except RuntimeError:  # the limit of the system
        helper = None

    def result() -> T:
        if helper is None and not future.done():
            make()
        return future.result()

    return result
