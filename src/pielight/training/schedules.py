"""What changes from step to step: seed, learning rate, decay of averaged weights, hardness of negatives."""

from __future__ import annotations

import hashlib
import math

import torch

# Streams of draws that are not those of training steps: numbers of steps that no run reaches.
REHEARSAL = EXAMPLES = 2**30
"""Pictures of the distillation loss of fine-tuning, examples of joint training: the step is added."""
PREPARATION = 2**31
"""The bank, the batch of smoke runs; the next one is sample pictures."""
SAMPLES = 2**31 + 2**30
"""Samples of exposure training: the number of the photograph is added."""
VALIDATION = 2**31 + 8
"""Held-out pictures of fine-tuning."""


def step_seed(seed: int, step: int) -> int:
    """Return the seed of one step in [0, 2^32); torch reads 32 bits of it."""
    return (step + 0x9E3779B1 * seed) % 2**32


def step_generator(seed: int, step: int) -> torch.Generator:
    """Return the source of all randomness of one step, on the CPU whatever the device, so that draws are the same.

    >>> bool(torch.rand(1, generator=step_generator(0, 2)) != torch.rand(1, generator=step_generator(1, 2)))
    True
    """
    return torch.Generator().manual_seed(step_seed(seed, step))


def sample_generator(seed: int, step: int, index: int) -> torch.Generator:
    """Return the source of all randomness of one sample of a step's batch, whichever process draws it.

    >>> len({torch.rand(1, generator=sample_generator(0, step, index)).item() for step in (1, 2) for index in (0, 1)})
    4
    """
    mixed = hashlib.blake2b(f"{step_seed(seed, step)} {index}".encode(), digest_size=4).digest()
    return torch.Generator().manual_seed(int.from_bytes(mixed, "little"))


_HARDEST = 0.75  # the share of a run after which it gets no harder, since the learning rate has fallen by then


def lr_factor(step: int, steps: int, warmup: int) -> float:
    """Return the share of the learning rate: linear warm-up, then half a cosine down to 2 %.

    >>> [round(lr_factor(step, 100, 10), 2) for step in (0, 9, 55, 99)]
    [0.1, 1.0, 0.51, 0.02]
    """
    if step < warmup:
        return (step + 1) / warmup
    return 0.02 + 0.49 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def ema_decay(step: int, limit: float) -> float:
    """Return the decay of the averaged weights, which is smaller at first: ``min(limit, (1 + t) / (10 + t))``.

    >>> ema_decay(0, 0.995), ema_decay(10_000, 0.995)
    (0.1, 0.995)
    """
    return min(limit, (1 + step) / (10 + step))


def hardness(step: int, steps: int) -> float:
    """Return how hard negatives should be at a step: ``min(1, step / (0.75 steps))``.

    Beyond the paper: its negatives are as extreme in the last step as in the first. A bad network is told by any
    wrong exposure, a good one only by those that are barely wrong (hard negatives, Robinson et al., ICLR 2021; going
    from easy to hard is curriculum learning, Bengio et al., ICML 2009).

    Returns:
        From 0, the easiest, to 1.

    >>> [hardness(step, 100) for step in (0, 30, 75, 99)]
    [0.0, 0.4, 1.0, 1.0]
    """
    return min(1.0, step / (_HARDEST * steps))
