"""What the scripts here share, not a script itself: a command line, and one line for wrong use and for what fails.

Exit status: 0, 1 if something failed, 2 if the command line makes no sense, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pielight.core.extras import require
from pielight.errors import MissingExtraError, PielightError
from pielight.options import Denoise, parse_denoise


def needs(*extras: str) -> None:
    """End with one line if an extra is not installed that a script needs; to be called before it imports anything."""
    try:
        for extra in extras:
            require(extra)
    except MissingExtraError as error:
        sys.exit(str(error))


class Command(argparse.ArgumentParser):
    """A command line whose help is the text at the top of a script."""

    def __init__(self, text: str | None) -> None:
        usage, _, rest = (text or "").partition("Usage:")[2].partition("\n\n")
        lines = " ".join(usage.split()).replace(" python ", "\n       python ")
        described = f"{(text or '').partition('Usage:')[0].strip()}\n\n{rest}"
        super().__init__(
            description=described, usage=lines, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )

    def error(self, message: str) -> NoReturn:
        """End with one line."""
        self.exit(2, f"{self.prog}: {message}; --help says how to use it\n")


def folder(text: str) -> Path:
    """Take a folder that exists."""
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: no such folder")
    return path


def file(text: str) -> Path:
    """Take a file that exists."""
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text}: no such file")
    return path


def new_file(text: str) -> Path:
    """Take a file to write, in a folder that exists."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text}: cannot be written; name a file in a folder that exists")
    return path


def denoise(text: str) -> Denoise:
    """Take ``auto`` or a number from 0 to 1."""
    try:
        return parse_denoise(text)
    except PielightError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def at_least(least: int) -> Callable[[str], int]:
    """Return what takes a whole number from ``least`` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text}: must be a whole number from {least} on")
        return int(text)

    return number


def amount(text: str) -> float:
    """Take a number from 0 on."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (0 <= value < math.inf):
        raise argparse.ArgumentTypeError(f"{text}: must be a number from 0 on")
    return value


def positive(text: str) -> float:
    """Take a number above 0."""
    if not (value := amount(text)):
        raise argparse.ArgumentTypeError(f"{text}: must be above 0")
    return value


def run(main: Callable[[], None]) -> None:
    """Run a script."""
    try:
        main()
    except PielightError as error:
        sys.exit(str(error))
    except json.JSONDecodeError as error:
        sys.exit(f"no JSON where some is expected ({error})")
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
