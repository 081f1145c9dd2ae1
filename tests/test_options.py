"""Options are checked when they are made, and cannot be changed."""

from dataclasses import FrozenInstanceError
from functools import partial
from typing import Any

import numpy as np
import pytest

from pielight.errors import OptionError
from pielight.options import (
    PRESETS,
    EnhanceOptions,
    check_balance,
    check_black,
    check_denoise,
    check_highlights,
    check_strength,
    check_target_ev,
    parse_balance,
    parse_denoise,
)


def test_defaults_and_kinds_of_numbers() -> None:
    assert EnhanceOptions() == EnhanceOptions(1, None, "auto", None)
    options = EnhanceOptions(np.float32(0.5), np.int64(1), np.float64(1))  # type: ignore[arg-type]
    assert [type(value) for value in (options.strength, options.highlights, options.denoise)] == [float] * 3
    assert EnhanceOptions(auto=np.bool_(False)).auto is False  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        options.strength = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("strength", value) for value in (1.51, -1.51, float("nan"), float("inf"), "1", None, 1j)),
        *(("highlights", value) for value in (-0.01, 1.01, float("nan"), "0.5")),
        *(("denoise", value) for value in (-0.01, 1.01, float("nan"), "most", "0.5", None, [1])),
        *(("target_ev", value) for value in (-3.1, 3.1, float("nan"), "1", None)),
        *(("black", value) for value in (-0.01, 1.01, float("nan"), "1", None)),
        *((name, value) for name in ("warmth", "tint") for value in (-1.01, 1.01, float("nan"), "warm", "0.5", None)),
    ],
)
def test_impossible_values(name: str, value: Any) -> None:
    check = {
        "strength": check_strength,
        "highlights": check_highlights,
        "denoise": check_denoise,
        "target_ev": check_target_ev,
        "black": check_black,
        "warmth": partial(check_balance, "warmth"),
        "tint": partial(check_balance, "tint"),
    }[name]
    for call in (lambda: check(value), lambda: EnhanceOptions(**{name: value})):
        with pytest.raises(OptionError, match=f"^{name} .*: must"):
            call()


def test_the_ends_of_ranges() -> None:
    for strength in (-1.5, 1.5):
        assert EnhanceOptions(strength).strength == strength
    assert EnhanceOptions(highlights=1).highlights == EnhanceOptions(denoise=1).denoise == 1.0


@pytest.mark.parametrize("text", ["", "most", "1.5", "nan", "-0.1"])
def test_denoise_as_text(text: str) -> None:
    assert (parse_denoise("auto"), parse_denoise("0.25")) == ("auto", 0.25)
    with pytest.raises(OptionError, match=f"denoise '{text}' is neither auto nor a number from 0 to 1"):
        parse_denoise(text)


@pytest.mark.parametrize("text", ["", "warm", "1.5", "nan", "-1.1"])
def test_balance_as_text(text: str) -> None:
    assert [parse_balance("warmth", value) for value in ("auto", "keep", "0", "-0.25")] == [
        "auto",
        "keep",
        "keep",
        -0.25,
    ]
    with pytest.raises(OptionError, match=f"tint '{text}' is neither auto, keep nor a number from -1 to 1"):
        parse_balance("tint", text)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_fills_options_and_what_is_given_wins(preset: str) -> None:
    filled = EnhanceOptions.of(preset)
    assert filled == EnhanceOptions(**PRESETS[preset])
    assert filled != EnhanceOptions()
    for name in PRESETS[preset]:
        default = getattr(EnhanceOptions(), name)
        if default is not None:
            assert getattr(EnhanceOptions.of(preset, **{name: default}), name) == default
    assert EnhanceOptions.of(preset, black=None) == filled
    assert EnhanceOptions.of(preset, denoise=0.3).denoise == 0.3


def test_an_unknown_preset_or_option() -> None:
    with pytest.raises(OptionError, match=r"preset 'noon': choose night, portrait, backlit, subtle"):
        EnhanceOptions.of("noon")
    with pytest.raises(TypeError, match="blackness"):
        EnhanceOptions.of(blackness=1)


def test_taste_holds_what_changes_something() -> None:
    assert EnhanceOptions(strength=0.5, warmth=0, tint="keep").taste() == {}
    assert EnhanceOptions(target_ev=-1, tint="auto").taste() == {"target_ev": -1.0, "tint": "auto"}
