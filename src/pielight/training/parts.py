"""A batch in parts: each process runs some samples of it, at once or in portions, as if one had run it whole.

Losses then see the whole batch, so that they may speak of its means, its variance or its pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import Any

import torch
from accelerate.utils import concatenate, recursively_apply
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from pielight.training import processes

_rows: ContextVar[tuple[int, int] | None] = ContextVar("rows", default=None)


class Dropout(nn.Dropout):
    """Dropout whose draws are those of the whole batch, whichever part of it is run.

    >>> dropout, ones = Dropout(0.5), torch.ones(4, 8)
    >>> state = torch.get_rng_state()
    >>> whole = dropout(ones)
    >>> torch.set_rng_state(state)
    >>> torch.equal(run_in_parts(dropout, dropout, [ones], 2), whole)
    True
    """

    def forward(self, values: Tensor) -> Tensor:
        """Return the values, some of which are 0 and the others larger, in training."""
        if not self.training:
            return values
        first, total = _rows.get() or (0, len(values))
        draws = torch.rand((total, *values.shape[1:]))[first : first + len(values)]
        return values * (draws >= self.p).to(values) / (1 - self.p)


def run_in_parts(network: nn.Module, function: Callable[..., Any], inputs: Sequence[Tensor], portions: int = 1) -> Any:
    """Run a function of a batch, each process on its share of the samples, and return its results for all of them.

    Gradients are those of the whole batch, once :func:`pielight.training.processes.add_gradients` has added them. In
    several portions, each is run again for its gradients, so that memory is needed for one of them only (gradient
    checkpointing, Chen et al., 2016). Batch normalization in training, which mixes samples, makes every process run the
    whole batch.

    Args:
        network: What the function runs.
        function: Of the inputs' samples, to tensors of as many rows, in lists, tuples or dicts.
        inputs: ``(N, ...)`` each, with all samples, in every process.
        portions: Of each process.

    >>> layer = nn.Linear(2, 1)
    >>> torch.allclose(run_in_parts(layer, layer, [torch.ones(5, 2)], 3), layer(torch.ones(5, 2)))
    True
    """
    everybody = processes.count()
    if everybody * portions == 1:
        return function(*inputs)
    if any(isinstance(module, _BatchNorm) and module.training for module in network.modules()):
        whole = function(*inputs)
        return whole if processes.index() == 0 else recursively_apply(_without_gradient, whole)
    total = len(inputs[0])
    ends = [round(total * part / (everybody * portions)) for part in range(everybody * portions + 1)]
    first = processes.index() * portions
    random = torch.get_rng_state()
    results: list[Any] = []
    for begin, end in pairwise(ends[first : first + portions + 1]):
        if begin == end and results:
            continue
        torch.set_rng_state(random)  # each portion draws what the whole batch would
        results.append(_portion(function, inputs, slice(begin, end), portions > 1))
    own = results[0] if len(results) == 1 else concatenate(results)
    if everybody == 1:
        return own
    shares = ends[::portions]
    sizes = [end - begin for begin, end in pairwise(shares)]
    return recursively_apply(lambda rows: processes.gather_rows(rows, sizes), own)


def _portion(function: Callable[..., Any], inputs: Sequence[Tensor], rows: slice, again: bool) -> Any:
    """Run some samples; of none, the first, so that results have a shape."""
    total, count = len(inputs[0]), rows.stop - rows.start
    part = [item[rows] if count else item[:1] for item in inputs]

    def run(*items: Tensor) -> Any:
        with _within(rows.start if count else 0, total):
            return function(*items)

    result = checkpoint(run, *part, use_reentrant=False) if again and torch.is_grad_enabled() else run(*part)
    return result if count else recursively_apply(lambda item: item[:0], result)


@contextmanager
def _within(first: int, total: int) -> Iterator[None]:
    token = _rows.set((first, total))
    try:
        yield
    finally:
        _rows.reset(token)


class _NoGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return torch.zeros_like(gradient)


def _without_gradient(values: Tensor) -> Tensor:
    """Return values whose gradient is 0, not absent: the first process has it."""
    found: Tensor = _NoGradient.apply(values)  # type: ignore[no-untyped-call]
    return found
