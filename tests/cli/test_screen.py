"""Standard error of the command outlives a redirection of the usual one."""

from __future__ import annotations

import sys

import pytest

from pielight.cli.stderr import own_stderr


def test_own_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stderr
    with own_stderr():
        print("seen", file=sys.stderr, flush=True)
    assert sys.stderr is before
    assert "seen" in capfd.readouterr().err
