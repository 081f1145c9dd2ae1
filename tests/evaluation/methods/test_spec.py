"""Specs that are invalid."""

from __future__ import annotations

from pathlib import Path

import pytest

from pielight.errors import PielightError
from pielight.evaluation.methods import METHODS
from pielight.evaluation.methods.method import find_method, parse
from pielight.evaluation.methods.network_files import file_and_multiple
from pielight.evaluation.methods.pielight_method import arguments
from pielight.evaluation.methods.spec import escaped


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("pilight", "did you mean pielight?"),
        ("pielight:power=1", "power is unknown"),
        ("pielight:auto=maybe", "auto is on or off"),
        ("pielight:model=none.onnx", "no such model"),
        ("gamma:x", "'x' is not a number"),
        ("pielight:strength=", "strength '' is not a number"),
        ("gamma:-1", "above 0"),
        ("clahe:2", "takes no argument"),
        ("dce", "use dce:FILE.pth"),
        ("dce:none.pth", "none.pth: no such file"),
        ("onnx:none.onnx,multiple=0", "whole number"),
        ("onnx:none.onnx,multiple=inf", "whole number from 1 to 1024"),
        ("onnx:none.onnx,multiple=nan", "whole number"),
        ("onnx:none.onnx,multiple=1e9", "whole number"),
        ("onnx:none.onnx,multiple=", "multiple '' is not a number"),
        ("onnx:none.onnx,sides=2", "sides is unknown; use onnx:FILE"),
        ("onnx:a,b.onnx", "b.onnx is unknown; a comma in a path is doubled"),
        ("pielight:model=a,b.onnx", "b.onnx is unknown; a comma in a path is doubled"),
        ("dir:none", "none: no folder"),
        ("a=b", "no such method"),
    ],
)
def test_specs_that_make_no_sense(spec: str, reason: str) -> None:
    with pytest.raises(PielightError, match=reason):
        find_method(spec)
    assert set(METHODS) >= {"pielight", "identity", "dir"}


@pytest.mark.parametrize("name", ["a,b.onnx", "a,strength=2.onnx", ",,a,,,.onnx"])
def test_commas_in_paths_are_doubled(name: str) -> None:
    path = Path("some,where", name)
    assert arguments(parse(f"pielight:model={escaped(path)},auto=off")).model == str(path)
    assert file_and_multiple(parse(f"onnx:{escaped(path)},multiple=32")) == (path, 32)
