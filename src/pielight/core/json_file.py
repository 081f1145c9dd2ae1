"""JSON files of any origin: read within limits, and what is wrong with them in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
