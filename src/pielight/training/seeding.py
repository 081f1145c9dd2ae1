"""All randomness of a run follows from its seed and the step, so that a resumed run draws what it would have drawn."""

from __future__ import annotations

import torch

# Streams of draws that are not those of training steps: numbers of steps that no run reaches.
REHEARSAL = EXAMPLES = 2**30
"""Pictures of the distillation loss of fine-tuning, examples of joint training: the step is added."""
PREPARATION = 2**31
"""The bank, the batch of smoke runs; the next two are sample pictures and the exposure estimator."""
VALIDATION = 2**31 + 8
"""Held-out pictures of fine-tuning, two streams for each."""


def step_seed(seed: int, step: int) -> int:
    """Return the seed of one step in [0, 2^32); torch reads 32 bits of it."""
    return (step + 0x9E3779B1 * seed) % 2**32


def step_generator(seed: int, step: int) -> torch.Generator:
    """Return the source of all randomness of one step, on the CPU whatever the device, so that draws are the same.

    >>> bool(torch.rand(1, generator=step_generator(0, 2)) != torch.rand(1, generator=step_generator(1, 2)))
    True
    """
    return torch.Generator().manual_seed(step_seed(seed, step))
