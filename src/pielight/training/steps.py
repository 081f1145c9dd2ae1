"""What the steps of every kind of training share: their arithmetic, rate, averaged weights and report."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn


@dataclass(frozen=True)
class Progress:
    """What a run tells about itself."""

    step: int
    steps: int
    terms: dict[str, float]
    """Mean of each unweighted loss since the last report, over the steps that were not skipped."""
    seconds_left: float
    skipped: int


T = TypeVar("T")


def counted(items: Iterable[T], total: int, what: str, say: Callable[[str], None], every: float = 5.0) -> Iterator[T]:
    """Pass items on, and tell from time to time how many there were and how long the rest will take.

    Args:
        items: What is worked on, one after the other.
        total: How many there will be.
        what: What is done with them, as a line should begin.
        say: Called with a line.
        every: Seconds between two lines.

    >>> list(counted("ab", 2, "reading", print, every=0))
    reading: 1 of 2, 0 s left
    ['a', 'b']
    """
    began = told = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now - told >= every:
            told = now
            say(f"{what}: {done} of {total}, {duration((now - began) / done * (total - done))} left")
        yield item


def duration(seconds: float) -> str:
    """Return a length of time in words.

    >>> duration(7.4), duration(600), duration(7500)
    ('7 s', '10 min', '2 h 05 min')
    """
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def step_generator(seed: int, step: int) -> torch.Generator:
    """Return the source of all randomness of one step, so that a resumed run goes on as if it never stopped.

    >>> bool(torch.rand(1, generator=step_generator(0, 2)) != torch.rand(1, generator=step_generator(1, 2)))
    True
    """
    return torch.Generator().manual_seed((step + 0x9E3779B1 * seed) % 2**32)  # torch reads 32 bits of it


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Let denormal numbers count as 0, since they make a CPU many times slower; the caller's arithmetic comes back.

    >>> with flushed_denormals():
    ...     (torch.tensor(1e-38) / 2).item()
    0.0
    """
    smallest = torch.tensor(torch.finfo(torch.float32).tiny)
    flushed = bool(smallest / 2 == 0)  # torch tells it in no other way
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)


def schedule(step: int, steps: int, warmup: int) -> float:
    """Return the share of the learning rate: linear warm-up, then half a cosine down to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.02 + 0.49 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move averaged weights: ``a <- decay * a + (1 - decay) * w``."""
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)
