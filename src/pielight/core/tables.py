"""How results are printed and stored: rows as Markdown, aligned text, CSV or JSON, and what they were made with.

A table is its columns, ``{key: title}``, and rows, ``{key: value}``; ``pielight bench`` and ``evaluate`` share this.
"""

from __future__ import annotations

import csv
import io
import json
import math
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import write_whole
from pielight.core.table_cells import csv_cell, markdown_text, utf8

Columns = Mapping[str, str]
Row = Mapping[str, Any]
_PACKAGES = ("pielight", "numpy", "pillow", "onnxruntime")


def markdown(columns: Columns, rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table, each as soon as its row is there; what is no ``Markup`` shows as it is.

    >>> print(*markdown({"name": "what", "value": "here"}, [{"name": "a|b", "value": 2.5}]), sep="\\n")
    | what | here |
    |---|---|
    | a\\|b | 2.5 |
    """
    yield _line(columns.values())
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield _line(_text(row.get(key)) for key in columns)


def aligned(columns: Columns, rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a table whose columns are padded with blanks: the first to the left, the others to the right.

    >>> print(*aligned({"name": "what", "value": "dB"}, [{"name": "lamp", "value": 17.25}]), sep="\\n")
    what     dB
    lamp  17.25
    """
    lines = [list(columns.values()), *([_text(row.get(key)) for key in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for first, *others in lines:
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        yield "  ".join(padded).rstrip()


def csv_text(columns: Columns, rows: Iterable[Row]) -> str:
    """Return rows as CSV with the columns' keys in the first line; what is None stays empty, and text is guarded.

    >>> csv_text({"name": "what", "psnr": "PSNR"}, [{"name": "a,b", "psnr": None}])
    'name,psnr\\n"a,b",\\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        cells = [row.get(key) for key in columns]
        writer.writerow([csv_cell(cell) if isinstance(cell, str) else _text(cell) for cell in cells])
    return text.getvalue()


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
    write_whole(path, utf8(json_text(record) + "\n"))


def plain(value: Any) -> Any:
    """Return a value with nothing in it that JSON does not know."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def circumstances(packages: Sequence[str] = _PACKAGES) -> dict[str, Any]:
    """Return what a result depends on besides its settings: when, on what system, with which versions.

    Args:
        packages: Names as the package index has them; one that is not installed has no version.

    >>> sorted(circumstances())
    ['date', 'system', 'versions']
    """
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(markdown_text, cells))} |"
