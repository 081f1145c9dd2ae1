"""Processes that train together: what each does a part of, what only the first does, and what they agree on.

Launchers, as ``torchrun`` and ``accelerate launch``, start them; without one, all this costs nothing. Every process
calls every function here, in the same order; an error of one is raised in all.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from accelerate import PartialState
from torch import Tensor

from pielight.errors import ModelError

T = TypeVar("T")
R = TypeVar("R")
_ROUND = 32  # items that each process does before results are exchanged
_alone: ContextVar[bool] = ContextVar("alone", default=False)


@dataclass(frozen=True)
class _Failure:
    error: Exception


def join() -> None:
    """Join the group of processes that a launcher started, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        PartialState(cpu=not torch.cuda.is_available())
        atexit.register(_leave)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def count() -> int:
    """Return how many processes train together.

    >>> count()
    1
    """
    return dist.get_world_size() if dist.is_initialized() and not _alone.get() else 1


def index() -> int:
    """Return the number of this one, from 0."""
    return dist.get_rank() if count() > 1 else 0


def is_first() -> bool:
    """Return whether this is the process that writes files and lines."""
    return not dist.is_initialized() or dist.get_rank() == 0


@contextmanager
def alone() -> Iterator[None]:
    """Let this process do all of the work by itself, while others do something else or wait."""
    token = _alone.set(True)
    try:
        yield
    finally:
        _alone.reset(token)


def share(
    items: Sequence[T],
    function: Callable[[T], R],
    at_once: int = _ROUND,
    run: Callable[[Callable[[T], R], Iterable[T]], Iterable[R]] = map,
) -> Iterator[R]:
    """Apply a function to items, each process to its part, and yield all results, in the order of the items.

    Args:
        function: Its results are pickled, if there are several processes.
        at_once: Items of each process from one exchange of results to the next.
        run: Applies a function to items, as ``map`` or that of a pool of threads.

    >>> list(share("ab", str.upper))
    ['A', 'B']
    """
    processes = count()
    if processes == 1:
        yield from run(function, items)
        return
    for start in range(0, len(items), at_once * processes):
        those = items[start : start + at_once * processes]
        own = _attempt(lambda those=those: list(run(function, those[index() :: processes])))  # type: ignore[misc]
        parts = [_result(part) for part in _gathered(own)]
        for number in range(len(those)):
            yield parts[number % processes][number // processes]


def from_first(function: Callable[[], R]) -> R:
    """Return what a function returns in the first process, which alone calls it.

    >>> from_first(lambda: 3)
    3
    """
    if count() == 1:
        return function()
    found: list[Any] = [None]
    if index() == 0:
        with alone():
            found[0] = _attempt(function)
    _together(lambda: dist.broadcast_object_list(found, src=0))
    result: R = _result(found[0])
    return result


def any_of(*flags: bool) -> list[bool]:
    """Return which flags are true in at least one process.

    >>> any_of(True, False)
    [True, False]
    """
    if count() == 1:
        return list(flags)
    values = torch.tensor(flags, dtype=torch.int32, device=_device())
    _together(lambda: dist.all_reduce(values, dist.ReduceOp.MAX))
    return [bool(value) for value in values.tolist()]


def add_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace every gradient by its sum over the processes, each of which saw a part of the batch."""
    if count() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    total = torch.cat([gradient.flatten() for gradient in gradients])
    _together(lambda: dist.all_reduce(total))
    for gradient, part in zip(gradients, total.split([one.numel() for one in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def gather_rows(part: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the rows of all processes, in their order; the gradient of each row goes to its own process.

    Every process is to compute the same of the result, so that the gradient of a row is complete in each.

    Args:
        part: ``(n, ...)``, the rows of this process.
        sizes: n of every process.
    """
    gathered: Tensor = _GatherRows.apply(part, sizes)  # type: ignore[no-untyped-call]
    return gathered


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor, sizes: Sequence[int]) -> Tensor:
        ctx.rows = slice(sum(sizes[: index()]), sum(sizes[: index() + 1]))
        longest = max(sizes)
        padded = part.new_zeros(longest, *part.shape[1:])
        padded[: len(part)] = part
        all_rows = [torch.empty_like(padded) for _ in sizes]
        _together(lambda: dist.all_gather(all_rows, padded))
        return torch.cat([rows[:size] for rows, size in zip(all_rows, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[ctx.rows], None


def _gathered(own: Any) -> list[Any]:
    everybody: list[Any] = [None] * count()
    _together(lambda: dist.all_gather_object(everybody, own))
    return everybody


def _attempt(function: Callable[[], R]) -> R | _Failure:
    try:
        return function()
    except Exception as error:  # noqa: BLE001 - raised again in every process
        return _Failure(error)


def _result(value: Any) -> Any:
    if isinstance(value, _Failure):
        raise value.error
    return value


def _together(exchange: Callable[[], Any]) -> None:
    """Exchange something with the other processes.

    Raises:
        ModelError: if one of them has ended.
    """
    try:
        exchange()
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0][:120]
        raise ModelError(f"another process of this run has ended ({reason}); the same command goes on") from error


def _device() -> torch.device:
    return torch.device("cpu") if dist.get_backend() == "gloo" else torch.device("cuda", torch.cuda.current_device())
