"""What AVIF and HEIC files say of their colours in boxes that Pillow does not tell of."""

from __future__ import annotations

from typing import BinaryIO

_CODE = b"colrnclx"
_PLAIN_PRIMARIES = (1, 2, 5, 6)  # of sRGB, none said, and old television: nearly the same
_HEAD = 1 << 16  # the boxes stand at the start


def avif_bits(data: bytes) -> int:
    """Return the bits per channel of an AVIF file, 8 where it does not say."""
    place = data.find(b"av1C", 0, _HEAD)
    flags = data[place + 6] if 0 <= place < len(data) - 6 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8


def colour_code(data: bytes) -> tuple[int, int] | None:
    """Return the numbers for primaries and transfer curve by which a file names its colours without a profile.

    >>> colour_code(b"colrnclx\\0\\x0c\\0\\x0d\\0\\6\\x80")
    (12, 13)
    """
    place = data.find(_CODE, 0, _HEAD)
    if place < 0 or place + len(_CODE) + 4 > len(data):
        return None
    code = data[place + len(_CODE) :]
    return int.from_bytes(code[:2], "big"), int.from_bytes(code[2:4], "big")


def is_wide(code: tuple[int, int] | None) -> bool:
    """Say whether a code stands for other colours than sRGB's.

    >>> is_wide((12, 13)), is_wide((1, 13)), is_wide(None)
    (True, False, False)
    """
    return code is not None and code[0] not in _PLAIN_PRIMARIES


def write_colour_code(file: BinaryIO, start: int, code: tuple[int, int]) -> None:
    """Write a colour code over the one that Pillow put into an AVIF file.

    Args:
        file: Open for reading too.
        start: Where the AVIF starts in it; it goes on to the end.
        code: From :func:`colour_code`.
    """
    file.seek(start)
    place = file.read(_HEAD).find(_CODE)
    if place >= 0:
        file.seek(start + place + len(_CODE))
        file.write(b"".join(number.to_bytes(2, "big") for number in code))
    file.seek(0, 2)
