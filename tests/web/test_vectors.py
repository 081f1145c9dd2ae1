"""The vectors that the page's own tests compare with are those of Python as it is."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[2] / "web"


def flat(value: Any) -> list[float]:
    """Return the numbers of nested lists and dictionaries, None as -1."""
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in flat(value[key])]
    if isinstance(value, (list, tuple)):
        return [number for each in value for number in flat(each)]
    return [-1.0 if value is None else float(value)]


def test_vectors_are_current() -> None:
    path = WEB / "tests" / "vectors.py"
    spec = importlib.util.spec_from_file_location("vectors", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stored = json.loads(path.with_suffix(".json").read_text())
    assert flat(module.vectors()) == pytest.approx(flat(stored), rel=1e-4, abs=1e-6), "python web/tests/vectors.py"


def test_the_policy_allows_nothing_from_elsewhere() -> None:
    page = (WEB / "index.html").read_text()
    assert "default-src 'none'" in page
    assert "unsafe-inline" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert not any(word in page for word in ("<style", "onload=", "style="))
