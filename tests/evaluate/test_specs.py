"""Specs that say something else than was meant."""

from __future__ import annotations

import pytest

from pielight.errors import PielightError
from pielight.evaluate.methods import method
from pielight.evaluate.specs import KINDS


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("pilight", "did you mean pielight?"),
        ("pielight:power=1", "power is unknown"),
        ("pielight:auto=maybe", "auto is on or off"),
        ("pielight:model=none.onnx", "no such model"),
        ("gamma:x", "'x' is no number"),
        ("pielight:strength=", "strength '' is no number"),
        ("gamma:-1", "above 0"),
        ("clahe:2", "takes no argument"),
        ("dce", "say dce:FILE.pth"),
        ("dce:none.pth", "none.pth: no such file"),
        ("onnx:none.onnx,multiple=0", "whole number"),
        ("dir:none", "none: no folder"),
        ("a=b", "no such method"),
    ],
)
def test_specs_that_make_no_sense(spec: str, reason: str) -> None:
    with pytest.raises(PielightError, match=reason):
        method(spec)
    assert set(KINDS) >= {"pielight", "identity", "dir"}
