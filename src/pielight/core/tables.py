"""Tables as Markdown, aligned text and CSV; text from outside, such as file names, is escaped.

A table is its columns, ``{key: title}``, and rows, ``{key: value}``.

File names need not be UTF-8; Python represents their invalid bytes as surrogates (``\\udc80`` to ``\\udcff``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Columns = Mapping[str, str]
Row = Mapping[str, Any]

_FORMULA = ("=", "+", "-", "@")  # first characters of formulas in spreadsheets (OWASP, CSV injection)
_FOREIGN = re.compile("[\\x00-\\x1f\ud800-\udfff]")  # tabs and newlines too, which readers of CSV treat differently
_WRITTEN = re.compile(r"\\(\\|u[0-9a-f]{4})")
_MARK = re.compile(r"\\u(?:00[01]|d[89a-f])")  # the start of an escape
_HTML = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)")
_INLINE = re.compile(
    r"""[`|]                          # code, and the walls of a table
    | \\(?=[!-/:-@\[-`{-~])          # a backslash that would take the meaning of what follows
    | \*(?=\S) | (?<=\S)\*           # emphasis
    | (?<!\w)_ | _(?!\w)
    | (?<=\])[(\[]                   # a link""",
    re.VERBOSE,
)


class Markup(str):
    """Text that is Markdown, and is not escaped."""


def markdown(columns: Columns, rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table, each as soon as its row is available; all but ``Markup`` is escaped.

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
    """Yield the lines of a table padded with spaces: the first column is left-aligned, the others right-aligned.

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
    """Return rows as CSV with the columns' keys in the first line; None is an empty cell, and text is escaped.

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


def csv_cell(text: str) -> str:
    """Return the cell of a CSV file for a text, which no spreadsheet takes for a formula; see :func:`read_csv`.

    An apostrophe is put before what begins like a formula. Surrogates, control characters and existing escapes are
    escaped, with all backslashes of the text. The encoding is reversible.

    >>> csv_cell("=1+1"), csv_cell("caf\\udce9"), csv_cell("night.jpg")
    ("'=1+1", 'caf\\\\udce9', 'night.jpg')
    """
    if _FOREIGN.search(text) or _MARK.search(text):
        text = _FOREIGN.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\\", "\\\\"))
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def read_csv(text: str) -> list[dict[str, str]]:
    """Read a CSV file of pielight: a record for each row, with :func:`csv_cell` reversed.

    >>> read_csv("picture,psnr\\n'=1+1,17.5\\n")
    [{'picture': '=1+1', 'psnr': '17.5'}]
    """
    return [{key: _read_cell(cell) for key, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]


def markdown_text(text: str) -> str:
    """Return text for a line of Markdown, escaped: no tags, code, links, emphasis or newlines.

    >>> print(markdown_text("<b>a|b</b> *c* 5 * 3 <= 20"))
    &lt;b>a\\|b&lt;/b> \\*c\\* 5 * 3 <= 20
    """
    if isinstance(text, Markup):
        return text
    line = _INLINE.sub(r"\\\g<0>", " ".join(text.splitlines()))
    return _HTML.sub(lambda match: "&lt;" if match[0] == "<" else "&amp;", line)


def fenced(text: str) -> list[str]:
    """Return text as a fenced code block of Markdown, with a fence that is longer than any in it.

    >>> fenced("a ``` b")
    ['````', 'a ``` b', '````']
    """
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return [fence, text, fence]


def _read_cell(cell: str) -> str:
    if cell[:1] == "'" and cell.lstrip("'").startswith(_FORMULA):
        cell = cell[1:]
    if not _MARK.search(cell):
        return cell
    return _WRITTEN.sub(lambda match: "\\" if match[1] == "\\" else chr(int(match[1][1:], 16)), cell)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(markdown_text, cells))} |"
