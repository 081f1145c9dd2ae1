"""Options are checked when they are made, and cannot be changed."""

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from pielight.errors import OptionError
from pielight.options import EnhanceOptions, check_denoise, check_highlights, check_strength, parse_denoise


def test_defaults_and_kinds_of_numbers() -> None:
    assert EnhanceOptions() == EnhanceOptions(1, 0.5, 0, None)
    options = EnhanceOptions(np.float32(0.5), np.int64(1), np.float64(1))  # type: ignore[arg-type]
    assert [type(value) for value in (options.strength, options.highlights, options.denoise)] == [float] * 3
    assert EnhanceOptions(auto=np.bool_(False)).auto is False  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        options.strength = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("strength", value) for value in (1.51, -1.51, float("nan"), float("inf"), "1", None, 1j)),
        *(("highlights", value) for value in (-0.01, 1.01, float("nan"), "0.5", None)),
        *(("denoise", value) for value in (-0.01, 1.01, float("nan"), "most", "0.5", None, [1])),
    ],
)
def test_impossible_values(name: str, value: Any) -> None:
    check = {"strength": check_strength, "highlights": check_highlights, "denoise": check_denoise}[name]
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
