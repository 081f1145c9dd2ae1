"""``pielight evaluate`` in the process of a test."""

from __future__ import annotations

import sys
from typing import NamedTuple
from unittest.mock import patch

from click.testing import CliRunner

from pielight.cli import main


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def evaluate_here(*arguments: str) -> Done:
    """Run the command with arguments, as a shell would start it."""
    words = ["evaluate", *arguments]
    with patch.object(sys, "argv", ["pielight", *words]):
        result = CliRunner().invoke(main, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)
