"""Ray that does not start; with Ray itself in test_ray.py."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from pielight.cluster.ray_workers import RayWorkers
from pielight.errors import PielightError


def test_a_ray_that_does_not_start_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(*_: Any, **__: Any) -> None:
        raise Exception("\nThe current node timed out during startup.\n")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(is_initialized=lambda: False, init=init))
    with pytest.raises(PielightError, match=r"^--address local: The current node timed out during startup\.$"):
        RayWorkers(None)
