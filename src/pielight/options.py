"""The options of an enhancement: one frozen object that travels from every entry point to the pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypedDict

from pielight.errors import OptionError

BRIGHTEN = "brighten"
TASKS = (BRIGHTEN, "dehaze", "derain")  # what a picture is restored from
MAX_STRENGTH = 1.5
HIGHLIGHTS = 0.5  # protection by models of curves, where none is asked for; maps of exposures have none
MAX_TARGET = 3.0  # EV
AUTO: Literal["auto"] = "auto"
KEEP: Literal["keep"] = "keep"
Denoise: TypeAlias = float | Literal["auto"]
Balance: TypeAlias = float | Literal["auto", "keep"]
# What each preset fills in; an option that is given explicitly wins.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "night": {"highlights": 1.0, "target_ev": -0.5, "black": 0.5},
        "portrait": {"highlights": 1.0, "target_ev": -0.25, "black": 0.5},
        "backlit": {"highlights": 1.0, "target_ev": 0.25, "auto": False},
        "subtle": {"strength": 0.5, "black": 0.25},
    }
)


class Taste(TypedDict, total=False):
    """The keywords of every entry point that go beyond strength, highlights and denoise; None leaves one open."""

    preset: str | None
    target_ev: float | None
    black: float | None
    warmth: Balance | None
    tint: Balance | None


@dataclass(frozen=True)
class EnhanceOptions:
    """How a picture is enhanced.

    Attributes:
        strength: 0 leaves a picture as it is, bit for bit; 1 is the model's choice; -1.5 to 1.5, below 0 darkens, or
            adds haze or rain.
        highlights: How far what is bright already is protected, 0 to 1; for brightening only. None is the kind of
            model's own: 0.5 for curves and 0 for exposures.
        denoise: Share of the noise made visible by brightening or dehazing that is removed, 0 (none) to 1 (all), or
            ``"auto"``, which depends on how visible it becomes and changes nothing in pictures without noise, nor in
            deraining, which shows none.
        auto: Fade the enhancement where a picture needs none, or None for the enhancer's own: brightening of
            well-exposed pictures by a model of exposures, dehazing of clear ones
            (:func:`pielight.ops.haze_gate.haze_gate`). Models of curves enhance every picture, and refuse False.
        target_ev: Brighter (above 0) or darker than the model's choice, in EV, -3 to 3: added to its exposure
            everywhere, also of a picture that it would leave alone; for brightening only, as are the next three.
        black: How far what comes out dark stays as dark as it was, 0 to 1:
            :func:`pielight.ops.black_point.hold_black`.
        warmth: White balance, -1 (bluer) to 1 (more yellow); 1 is 100 mired. ``"auto"`` takes a color cast of the light
            out where it is sure of one, and ``"keep"`` leaves colors alone, as 0 does:
            :func:`pielight.ops.white_balance.white_balance`.
        tint: The same from green (-1) to magenta (1).

    Raises:
        OptionError: A value is out of range.

    >>> EnhanceOptions(0.5) == EnhanceOptions.of(strength=0.5)
    True
    """

    strength: float = 1.0
    highlights: float | None = None
    denoise: Denoise = AUTO
    auto: bool | None = None
    target_ev: float = 0.0
    black: float = 0.0
    warmth: Balance = KEEP
    tint: Balance = KEEP

    @classmethod
    def of(cls, preset: str | None = None, **given: Any) -> EnhanceOptions:
        """Return the options of a preset, with those that are given in place of its own.

        Args:
            preset: One of :data:`PRESETS`, or None.
            **given: Attributes; one that is None is left to the preset, or else to the default.

        Raises:
            OptionError: There is no such preset, or a value is out of range.

        >>> chosen = EnhanceOptions.of("subtle", strength=0.7)
        >>> chosen.strength, chosen.black
        (0.7, 0.25)
        """
        if preset is not None and preset not in PRESETS:
            raise OptionError(f"preset {preset!r}: choose {', '.join(PRESETS)}")
        filled = {} if preset is None else PRESETS[preset]
        return cls(**{**filled, **{name: value for name, value in given.items() if value is not None}})

    def __post_init__(self) -> None:
        object.__setattr__(self, "strength", check_strength(self.strength))
        if self.highlights is not None:
            object.__setattr__(self, "highlights", check_highlights(self.highlights))
        object.__setattr__(self, "denoise", check_denoise(self.denoise))
        if self.auto is not None:
            if self.auto not in (True, False):
                raise OptionError(f"auto {self.auto!r}: must be True, False or None")
            object.__setattr__(self, "auto", bool(self.auto))
        object.__setattr__(self, "target_ev", check_target_ev(self.target_ev))
        object.__setattr__(self, "black", check_black(self.black))
        object.__setattr__(self, "warmth", check_balance("warmth", self.warmth))
        object.__setattr__(self, "tint", check_balance("tint", self.tint))

    def taste(self) -> dict[str, float | str]:
        """Return those of target_ev, black, warmth and tint that change something.

        >>> EnhanceOptions(black=0.5, warmth=0).taste()
        {'black': 0.5}
        """
        values = {name: getattr(self, name) for name in ("target_ev", "black", "warmth", "tint")}
        return {name: value for name, value in values.items() if value not in (0.0, KEEP)}

    @property
    def is_gated(self) -> bool:
        """Whether :attr:`auto` applies; it does unless it is False."""
        return self.auto is not False


def chosen_options(options: EnhanceOptions | None, **given: Any) -> EnhanceOptions:
    """Return the options of a call: those in an object, or those given one by one, of which None is left open.

    Raises:
        OptionError: Both are given, ``options`` is something else, or a value is out of range.

    >>> chosen_options(None, preset="subtle", strength=None).strength
    0.5
    """
    if options is None:
        return EnhanceOptions.of(**given)
    if not isinstance(options, EnhanceOptions):
        raise OptionError(f"options: {type(options).__name__}, expected EnhanceOptions")
    if names := [name for name, value in given.items() if value is not None]:
        raise OptionError(f"options: hold {', '.join(names)} already; leave out one of the two")
    return options


def check_strength(strength: float) -> float:
    """Return ``strength`` if it lies in [-1.5, 1.5].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_strength(1)
    1.0
    """
    return check_number("strength", strength, -MAX_STRENGTH, MAX_STRENGTH, "0 leaves the picture untouched")


def check_highlights(highlights: float) -> float:
    """Return ``highlights`` if it lies in [0, 1].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_highlights(0)
    0.0
    """
    return check_number("highlights", highlights, 0.0, 1.0, "1 protects most")


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


def check_target_ev(target_ev: float) -> float:
    """Return ``target_ev`` if it lies in [-3, 3].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_target_ev(1)
    1.0
    """
    return check_number("target_ev", target_ev, -MAX_TARGET, MAX_TARGET, "above 0 is brighter")


def check_black(black: float) -> float:
    """Return ``black`` if it lies in [0, 1].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_black(0)
    0.0
    """
    return check_number("black", black, 0.0, 1.0, "1 holds most")


def check_balance(name: str, value: Balance) -> Balance:
    """Return ``warmth`` or ``tint`` if it is ``"auto"``, ``"keep"``, or lies in [-1, 1]; 0 is ``"keep"``.

    Raises:
        OptionError: It does not.

    >>> check_balance("warmth", 0), check_balance("tint", 1)
    ('keep', 1.0)
    """
    if isinstance(value, str) and value in (AUTO, KEEP):
        return value
    if not isinstance(value, Real) or not -1.0 <= value <= 1.0:
        raise OptionError(f"{name} {value!r}: must be 'auto', 'keep', or a number from -1 to 1")
    return float(value) if value else KEEP


def parse_balance(name: str, text: str) -> Balance:
    """Parse ``auto``, ``keep``, or a number in [-1, 1].

    Raises:
        OptionError: It is none of them.

    >>> parse_balance("tint", "auto"), parse_balance("tint", "-0.5")
    ('auto', -0.5)
    """
    try:
        return check_balance(name, text if text in (AUTO, KEEP) else float(text))
    except ValueError:
        raise OptionError(f"{name} {text!r} is neither auto, keep nor a number from -1 to 1") from None


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


def check_number(name: str, value: float, low: float, high: float, hint: str) -> float:
    """Return ``value`` if it lies in [low, high].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_number("t", 1, 0, 1, "1 is all")
    1.0
    """
    if not isinstance(value, Real) or not low <= value <= high:
        raise OptionError(f"{name} {value!r}: must lie between {low:g} and {high:g} ({hint})")
    return float(value)


DEFAULTS = EnhanceOptions()
