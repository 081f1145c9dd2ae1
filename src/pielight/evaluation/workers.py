"""A process pool that streams: few items ahead, results in no order, until all is done or Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice, takewhile
from typing import TypeVar

from pielight.errors import PielightError

Item = TypeVar("Item")
Result = TypeVar("Result")
GRACE = 2.0  # seconds to finish pending items after Ctrl-C
_HINT = "-j 1 needs least, and the same command goes on"
_TICK = 0.1
_AHEAD = 2  # items for each process, so that none waits for the next
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def map_unordered(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int, stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Item, Result]]:
    """Call a function for every item, in other processes, or in this one if ``jobs`` is 1.

    Args:
        function: One that processes can import.
        items: Taken only as there is room for them.
        jobs: Processes.
        stop: Once it returns True, nothing is started any more, and items in work have ``GRACE`` seconds.

    Yields:
        Items with their results, as they are finished. PielightError if the function raised one, or a process died.
    """
    if jobs > 1:
        pending: dict[Future[Result | _Failure], Item] = {}
        with _process_pool(jobs, pending) as pool:
            yield from _results(pool, pending, function, items, _AHEAD * jobs, stop)
        return
    for item in items:
        if stop():
            return
        yield item, function(item)


def _results(
    pool: ProcessPoolExecutor,
    pending: dict[Future[Result | _Failure], Item],
    function: Callable[[Item], Result],
    items: Iterable[Item],
    most: int,
    stop: Callable[[], bool],
) -> Iterator[tuple[Item, Result]]:
    """Keep at most so many items pending, and yield them with their results."""
    waiting, deadline = iter(items), float("inf")
    while True:
        if stop():
            for future in [future for future in pending if future.cancel()]:
                del pending[future]
            deadline = min(deadline, time.monotonic() + GRACE)
        for item in takewhile(lambda _: not stop(), islice(waiting, 0 if stop() else most - len(pending))):
            with _no_interrupts():
                pending[pool.submit(_caught, function, item)] = item
        if not pending or time.monotonic() > deadline:
            return
        for future in wait(pending, _TICK, FIRST_COMPLETED).done:
            result = future.result()
            if isinstance(result, _Failure):
                raise PielightError(result.text)
            yield pending.pop(future), result


@contextmanager
def _process_pool(jobs: int, pending: Sized) -> Iterator[ProcessPoolExecutor]:
    """Start processes, and end them; those that still work on pending items are killed."""
    others = set(multiprocessing.active_children())
    with _one_thread_each():
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin)
        try:
            yield pool
        except BrokenProcessPool as error:
            raise PielightError(f"a process died, perhaps for lack of memory; {_HINT}") from error
        finally:
            if pending:
                for process in set(multiprocessing.active_children()) - others:
                    process.kill()
            pool.shutdown(cancel_futures=True)


class _Failure:
    """A PielightError as text: not every one can be pickled."""

    def __init__(self, text: str) -> None:
        self.text = text


def _caught(function: Callable[[Item], Result], item: Item) -> Result | _Failure:
    try:
        return function(item)
    except PielightError as error:
        return _Failure(str(error))
    except MemoryError:
        return _Failure(f"not enough memory; {_HINT}")


def _begin() -> None:
    """Leave Ctrl-C to the parent, and end when it does, even if it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, name="pielight-parent", daemon=True).start()


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Block Ctrl-C in this thread, and for good in a process that it starts, which could not clean up."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Have processes that are started compute in one thread each: together they use all cores."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
