"""Phrases of messages: counts, short lists, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from pielight.core.atomic_file import shown

_LISTED = 3


def few(items: Sequence[object], count: int = _LISTED) -> str:
    """List the first few of many.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    listed = ", ".join(shown(str(item)) for item in items[:count])
    return listed if len(items) <= count else f"{listed} and {len(items) - count} more"


def counted(number: int) -> str:
    """Return a number of pictures in words.

    >>> counted(1), counted(5)
    ('1 picture', '5 pictures')
    """
    return f"{number} picture{'' if number == 1 else 's'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that was probably meant, or list all.

    >>> nearest("pnsr", ["psnr", "ssim"]), nearest("x", ["psnr", "ssim"])
    ('did you mean psnr?', 'known are psnr, ssim')
    """
    known = list(known)
    close = get_close_matches(name.lower(), known, 1, 0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
