"""Work shared among processes, streaming: a few tasks ahead, in no order, until all is done or Ctrl-C."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from pielight.errors import PielightError

Task = TypeVar("Task")
Result = TypeVar("Result")
GRACE = 2.0  # seconds that tasks in work are given after Ctrl-C
_TICK = 0.1
_AHEAD = 2  # tasks for each process, so that none waits for the next
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def each(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    jobs: int,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Task, Result]]:
    """Do tasks in processes of their own, or in this one if ``jobs`` is 1.

    Args:
        work: A function of a module, which processes can find.
        tasks: Taken only as there is room for them.
        jobs: Processes.
        stop: Once it says True, nothing is begun any more, and what is in work has ``GRACE`` seconds.

    Yields:
        Tasks with their results, as they are finished.

    Raises:
        PielightError: A task raised one, or a process died.
    """
    if jobs == 1:
        for task in tasks:
            if stop():
                return
            yield task, work(task)
        return
    waiting = iter(tasks)
    at_work: dict[Future[Result | _Failure], Task] = {}
    deadline = float("inf")
    others = set(multiprocessing.active_children())
    with _one_thread_each():
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin)
        try:
            while True:
                while len(at_work) < _AHEAD * jobs and not stop():
                    ahead = list(islice(waiting, 1))
                    if not ahead:
                        break
                    with _no_interrupts():
                        at_work[pool.submit(_guarded, work, ahead[0])] = ahead[0]
                if not at_work:
                    return
                ready, _ = wait(at_work, _TICK, FIRST_COMPLETED)
                for future in ready:
                    result = future.result()
                    if isinstance(result, _Failure):
                        raise PielightError(result.text)
                    yield at_work.pop(future), result
                if stop():
                    for future in [future for future in at_work if future.cancel()]:
                        del at_work[future]
                    deadline = min(deadline, time.monotonic() + GRACE)
                    if time.monotonic() > deadline:
                        return
        except BrokenProcessPool as error:
            raise PielightError(
                "a process died, perhaps for lack of memory; -j 1 needs least, and the same command goes on"
            ) from error
        finally:
            if at_work:  # nobody waits for it any more
                for process in set(multiprocessing.active_children()) - others:
                    process.kill()
            pool.shutdown(cancel_futures=True)


class _Failure:
    """Our errors as text: not every one of them can be pickled."""

    def __init__(self, text: str) -> None:
        self.text = text


def _guarded(work: Callable[[Task], Result], task: Task) -> Result | _Failure:
    try:
        return work(task)
    except PielightError as error:
        return _Failure(str(error))
    except MemoryError:
        return _Failure("not enough memory; -j 1 needs least, and the same command goes on")


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
    """Hold Ctrl-C back from this thread, and for good from a process that it starts, which could not tidy up."""
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
    """Have processes that are started compute in one thread: together they fill the cores."""
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
