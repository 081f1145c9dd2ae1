"""The settings of the exposure judge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Judging:
    """How the exposure judge learns."""

    steps: int = 400
    batch: int = 12
    rate: float = 2e-3
    stops: tuple[float, float] = (-4.0, 2.0)
    """Exposure error of the whole picture in EV."""
    local: float = 1.5
    """Largest further error of a part of the picture, in EV either way."""
    fill: float = 0.4
    """Fill light that a picture should have to count as well exposed, for the judge and in the bank."""
