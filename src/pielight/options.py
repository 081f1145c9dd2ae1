"""The options of an enhancement: one frozen object that travels from every entry point to the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Literal, TypeAlias

from pielight.errors import OptionError

BRIGHTEN = "brighten"
TASKS = (BRIGHTEN, "dehaze", "derain")  # what a picture is restored from
MAX_STRENGTH = 1.5
HIGHLIGHTS = 0.5  # default protection
AUTO: Literal["auto"] = "auto"
Denoise: TypeAlias = float | Literal["auto"]


@dataclass(frozen=True)
class EnhanceOptions:
    """How a picture is enhanced.

    Attributes:
        strength: 0 leaves a picture as it is, bit for bit; 1 is the model's choice; -1.5 to 1.5, below 0 darkens, or
            adds haze or rain.
        highlights: How far what is bright already is protected, 0 to 1; for brightening only.
        denoise: Share of the noise made visible by brightening or dehazing that is removed, 0 (none) to 1 (all), or
            ``"auto"``, which depends on how visible it becomes and changes nothing in pictures without noise.
        auto: Fade the enhancement where a picture needs none, or None for the enhancer's own: brightening of
            well-exposed pictures
            (:func:`pielight.ops.exposure_gate.exposure_gate`), dehazing of clear ones
            (:func:`pielight.ops.haze_gate.haze_gate`).

    Raises:
        OptionError: A value is out of range.

    >>> EnhanceOptions(0.5)
    EnhanceOptions(strength=0.5, highlights=0.5, denoise=0.0, auto=None)
    """

    strength: float = 1.0
    highlights: float = HIGHLIGHTS
    denoise: Denoise = 0.0
    auto: bool | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", check_strength(self.strength))
        object.__setattr__(self, "highlights", check_highlights(self.highlights))
        object.__setattr__(self, "denoise", check_denoise(self.denoise))
        if self.auto is not None:
            if self.auto not in (True, False):
                raise OptionError(f"auto {self.auto!r}: must be True, False or None")
            object.__setattr__(self, "auto", bool(self.auto))

    @property
    def is_gated(self) -> bool:
        """Whether :attr:`auto` applies; it does unless it is False."""
        return self.auto is not False


def check_strength(strength: float) -> float:
    """Return ``strength`` if it lies in [-1.5, 1.5].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_strength(1)
    1.0
    """
    return _check("strength", strength, -MAX_STRENGTH, MAX_STRENGTH, "0 leaves the picture untouched")


def check_highlights(highlights: float) -> float:
    """Return ``highlights`` if it lies in [0, 1].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_highlights(0)
    0.0
    """
    return _check("highlights", highlights, 0.0, 1.0, "1 protects most")


def check_denoise(denoise: Denoise) -> Denoise:
    """Return ``denoise`` if it is ``"auto"`` or lies in [0, 1].

    Raises:
        OptionError: It does not.

    >>> check_denoise("auto"), check_denoise(1)
    ('auto', 1.0)
    """
    if isinstance(denoise, str) and denoise == AUTO:
        return AUTO
    if not isinstance(denoise, Real) or not 0.0 <= denoise <= 1.0:
        raise OptionError(f"denoise {denoise!r}: must be 'auto', or a number from 0 (not at all) to 1 (all noise)")
    return float(denoise)


def parse_denoise(text: str) -> Denoise:
    """Parse ``auto``, or a number in [0, 1].

    Raises:
        OptionError: It is neither.

    >>> parse_denoise("auto"), parse_denoise("0.5")
    ('auto', 0.5)
    """
    try:
        return AUTO if text == AUTO else check_denoise(float(text))
    except ValueError:
        raise OptionError(f"denoise {text!r} is neither auto nor a number from 0 to 1") from None


def _check(name: str, value: float, low: float, high: float, hint: str) -> float:
    if not isinstance(value, Real) or not low <= value <= high:
        raise OptionError(f"{name} {value!r}: must lie between {low:g} and {high:g} ({hint})")
    return float(value)


DEFAULTS = EnhanceOptions()
