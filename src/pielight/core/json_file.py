"""JSON files: read within limits, and written so that every reader takes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import write_atomic
from pielight.core.messages import utf8

_PIECE = 1 << 20
_MAX_BYTES = 256 << 20  # bounding boxes of a million pictures


def read_json(path: Path, most: int = _MAX_BYTES) -> Any:
    """Read a JSON file.

    Args:
        most: Limit of its size in bytes.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too large, nested too deeply, or not JSON; the text is one line without the path.
    """
    data = bytearray()
    with path.open("rb") as file:  # in pieces, since read() allocates as much as it is asked for
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
    """Return a record as standard JSON: numbers that are not finite become "inf", "-inf" or "nan".

    >>> print(json_text({"psnr": math.inf}))
    {
      "psnr": "inf"
    }
    """
    return json.dumps(plain(record), indent=2, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, record: Any) -> None:
    """Write a record as a JSON file, atomically.

    Raises:
        PictureError: The file cannot be written.
    """
    write_atomic(path, utf8(json_text(record) + "\n"))


def plain(value: Any) -> Any:
    """Return a value of types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
