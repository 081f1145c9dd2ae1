"""What values the settings of any recipe may have: one table, by name."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pielight.errors import ConfigError


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, either of them left out on demand."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    """Whether ``low`` itself is left out."""
    below: bool = False
    """Whether ``high`` itself is left out."""

    def __contains__(self, value: float) -> bool:
        """Say whether a number lies in the range; NaN lies in none."""
        return self.low <= value <= self.high and not (
            (self.above and value == self.low) or (self.below and value == self.high)
        )

    def __str__(self) -> str:
        """Return the range in words.

        >>> str(Range(0, 1)), str(Range(0, 1, below=True)), str(Range(0, above=True))
        ('between 0 and 1', 'at least 0 and below 1', 'above 0')
        """
        if math.isfinite(self.low) and math.isfinite(self.high) and not (self.above or self.below):
            return f"between {self.low:g} and {self.high:g}"
        low = f"{'above' if self.above else 'at least'} {self.low:g}" if math.isfinite(self.low) else ""
        high = f"{'below' if self.below else 'at most'} {self.high:g}" if math.isfinite(self.high) else ""
        return " and ".join(filter(None, (low, high)))


_TABLE = {
    Range(1): (
        "steps", "batch", "dark_batch", "well_batch", "feature_batch", "bank", "pairs", "judging.batch",
        "data.size", "data.render", "data.smallest", "rain.layers", "rain.farthest",
    ),
    Range(0): (
        "checkpoint_minutes", "color", "detail", "optimizer.weight_decay", "optimizer.warmup", "judging.steps",
        "judging.local", "physics.balance", "physics.misjudged", "losses.inversion", "losses.error", "losses.detail",
        "losses.contrast", "losses.brightness", "losses.balance", "losses.judged", "losses.regional",
        "losses.features", "losses.color", "losses.smoothness", "losses.cast", "losses.highlights", "losses.margin",
        "data.kept", "haze.uneven", "rain.brightness", "rain.defocus",
    ),
    # Logarithms are taken of some of these, others divide.
    Range(0, above=True): (
        "losses.temperature", "optimizer.rate", "optimizer.clip", "judging.rate", "darkening.response",
        "darkening.shot", "darkening.read", "adaptive.capture.shot", "adaptive.capture.read", "physics.shot",
        "physics.read", "physics.blur", "physics.brightness", "haze.density", "rain.width", "rain.length",
    ),
    Range(0, 1): (
        "data.well_clipped", "data.well_shadows", "judging.fill", "darkening.untouched", "darkening.regional",
        "darkening.night", "darkening.night_kept", "darkening.fill", "darkening.lift", "darkening.cast",
        "darkening.black", "adaptive.distance", "adaptive.local", "adaptive.capture.noisy",
        "adaptive.capture.compressed", "haze.untouched", "haze.nearest", "haze.airlight", "haze.color", "haze.edges",
        "haze.clearest", "rain.untouched", "rain.veil", "rain.drops", "rain.gusts", "physics.correlated",
        "physics.mixed", "physics.deep", "physics.jpeg",
    ),
    Range(0, 1, above=True): ("data.crop",),
    Range(0, 1, below=True): ("optimizer.average",),
    Range(0, 1, above=True, below=True): ("rain.cover",),
    Range(high=0): (
        "darkening.stops", "darkening.regional_base", "darkening.regional_stops", "darkening.night_stops",
    ),
    Range(1, 95): ("adaptive.capture.quality",),
    Range(1, 100): ("physics.quality",),
    Range(-(2**63), 2**63, below=True): ("seed",),  # what torch takes
}  # fmt: skip
RANGES = {name: range_ for range_, names in _TABLE.items() for name in names}
CHOICES = {
    "network": ("lattice", "dcenet"),
    "precision": ("no", "bf16"),
    "data.regions": ("felzenszwalb", "slic"),
}


def check_ranges(config: Any) -> None:
    """Check every setting that has a range or choices, that numbers are finite, and which way round intervals are.

    Args:
        config: The settings, of any recipe.

    Raises:
        ConfigError: naming the first setting that makes no sense.
    """
    for name, value in named(config):
        numbers = [one for one in (value if isinstance(value, tuple) else (value,)) if _is_number(one)]
        shown = list(value) if isinstance(value, tuple) else value
        if not all(isinstance(one, int) or math.isfinite(one) for one in numbers):
            raise ConfigError(f"{name}: {shown} should be finite")
        if name in RANGES and not all(one in RANGES[name] for one in numbers):
            raise ConfigError(f"{name}: {shown} should be {RANGES[name]}")
        if isinstance(value, tuple) and len(numbers) == 2 and numbers[0] > numbers[1]:
            raise ConfigError(f"{name}: the interval {shown} is the wrong way round")
        if value not in CHOICES.get(name, (value,)):
            raise ConfigError(f"{name}: {value!r} is unknown; choose {' or '.join(CHOICES[name])}")


def named(config: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting with its name, as in ``data.size``.

    >>> from pielight.training.networks.exposure_estimator_config import Judging
    >>> next(named(Judging(), "judging."))
    ('judging.steps', 400)
    """
    for item in dataclasses.fields(config):
        name, value = f"{prefix}{item.name}", getattr(config, item.name)
        if dataclasses.is_dataclass(value):
            yield from named(value, f"{name}.")
        else:
            yield name, value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
