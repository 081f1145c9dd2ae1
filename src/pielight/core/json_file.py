"""JSON files: read within limits, and written so that every reader takes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import write_atomic
from pielight.core.tables import utf8

_PIECE = 1 << 20
_MOST = 256 << 20  # bytes: the boxes of a million pictures


def read_json(path: Path, most: int = _MOST) -> Any:
    """Read a JSON file.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too large, nested too deeply, or no JSON; the text is one line and does not repeat the path.
    """
    data = bytearray()
    with path.open("rb") as file:  # piece by piece, since room is made for all that is asked for at once
        while len(data) <= most and (piece := file.read(_PIECE)):
            data += piece
    if len(data) > most:
        raise ValueError(f"larger than {most >> 20} MB")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("no text in UTF-8") from None


def json_text(record: Any) -> str:
    """Return a record as JSON that every reader takes: numbers that are not finite become "inf", "-inf" or "nan".

    >>> print(json_text({"psnr": math.inf}))
    {
      "psnr": "inf"
    }
    """
    return json.dumps(plain(record), indent=2, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, record: Any) -> None:
    """Write a record as a JSON file, at one stroke.

    Raises:
        PictureError: The file cannot be written.
    """
    write_atomic(path, utf8(json_text(record) + "\n"))


def plain(value: Any) -> Any:
    """Return a value with nothing in it that JSON does not know."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
