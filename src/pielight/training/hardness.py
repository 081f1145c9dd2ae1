"""Hardness: how barely wrong the negatives of a step are, as a run goes on."""

from __future__ import annotations

_HARDEST = 0.75  # the share of a run after which it gets no harder, since the learning rate has fallen by then


def hardness(step: int, steps: int) -> float:
    """Return how hard negatives should be at a step: ``min(1, step / (0.75 steps))``.

    Beyond the paper: its negatives are as extreme in the last step as in the first. A bad network is told by any
    wrong exposure, a good one only by those that are barely wrong (hard negatives, Robinson et al., ICLR 2021; taking
    turns from easy to hard is curriculum learning, Bengio et al., ICML 2009).

    Args:
        step: From 0.
        steps: Of the whole run.

    Returns:
        From 0, the easiest, to 1.

    >>> [hardness(step, 100) for step in (0, 30, 75, 99)]
    [0.0, 0.4, 1.0, 1.0]
    """
    return min(1.0, step / (_HARDEST * steps))
