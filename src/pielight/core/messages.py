"""Phrases of messages: printable paths, counts, short lists, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_LISTED = 3


def shown(path: str | Path) -> str:
    """Return a path for a one-line message, without control characters.

    >>> shown("a\\nb.jpg")
    'a?b.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))


def few(items: Sequence[object], count: int = _LISTED) -> str:
    """List the first few of many.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    listed = ", ".join(shown(str(item)) for item in items[:count])
    return listed if len(items) <= count else f"{listed} and {len(items) - count} more"


def counted(number: int, noun: str = "picture") -> str:
    """Return a number of pictures, or of what the noun says, in words.

    >>> counted(1), counted(5, "vote")
    ('1 picture', '5 votes')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that was probably meant, or list all.

    >>> nearest("pnsr", ["psnr", "ssim"]), nearest("x", ["psnr", "ssim"])
    ('did you mean psnr?', 'known are psnr, ssim')
    """
    from difflib import get_close_matches  # 20 ms, for errors only

    known = list(known)
    close = get_close_matches(name.lower(), known, 1, 0.5)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


def utf8(text: str) -> bytes:
    """Encode text; surrogates become the escapes of JSON, which reads them back.

    >>> utf8("caf\\udce9")
    b'caf\\\\udce9'
    """
    return text.encode("utf-8", "backslashreplace")
