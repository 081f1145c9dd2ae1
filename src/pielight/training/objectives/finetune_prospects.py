"""Whether fine-tuning is likely to help, from what can be measured before it begins and early on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pielight.training.objectives.finetune_validation import LEAST, Metrics, gain

_MANY, _LIFTED, _HEADROOM = 50, 0.25, 0.3
_EARLY = 0.25  # share of the steps after which a gain should show


@dataclass(frozen=True)
class Prospect:
    """What is known before the first step."""

    pictures: int
    """Usable dark ones."""
    lifted: float
    """How much brighter the start makes the held-out ones, in EV of their mean gray level."""
    headroom: float
    """Gain in dB on the held-out references if each result had the best brightness and contrast in each channel."""


def doubts(prospect: Prospect) -> Iterator[str]:
    """Yield why fine-tuning is not likely to help: few pictures, hardly dark ones, nothing to gain.

    >>> list(doubts(Prospect(pictures=200, lifted=2.0, headroom=3.0)))
    []
    >>> next(doubts(Prospect(pictures=12, lifted=2.0, headroom=3.0)))
    '12 dark pictures are few, 50 will do: chance decides what is found better'
    """
    if prospect.pictures < _MANY:
        yield f"{prospect.pictures} dark pictures are few, {_MANY} will do: chance decides what is found better"
    if not prospect.lifted >= _LIFTED:
        yield f"the pictures are hardly dark: the start makes them {2**prospect.lifted:.2f} times as bright"
    if not prospect.headroom >= _HEADROOM:
        yield f"the start is nearly right: the best brightness and contrast would gain {prospect.headroom:.2f} dB"


class Early:
    """Reports once, after a quarter of the steps, that nothing has been gained.

    Args:
        start: The metrics of the start.
        steps: Of the run.
    """

    def __init__(self, start: Metrics, steps: int) -> None:
        self._start, self._steps, self._best, self._reported = start, steps, -math.inf, False

    def doubt(self, step: int, metrics: Metrics) -> str:
        """Return why going on is not likely to help, or nothing."""
        mean, error = gain(metrics, self._start)
        self._best = max(self._best, mean)
        if self._reported or step < _EARLY * self._steps or step >= self._steps:
            return ""
        self._reported = True
        if self._best >= LEAST:
            return ""
        return f"after {step} of {self._steps} steps the held-out score is {mean:+.2f} dB (standard error {error:.2f})"
