"""Text of others, such as file names, in the cells of CSV and Markdown: shown as it is, and never obeyed.

File names need not be UTF-8; Python holds their foreign bytes as surrogates (``\\udc80`` to ``\\udcff``).
"""

from __future__ import annotations

import csv
import io
import re

_FORMULA = ("=", "+", "-", "@")  # what spreadsheets tell a formula by (OWASP, CSV injection)
_FOREIGN = re.compile("[\\x00-\\x1f\ud800-\udfff]")  # tabs and new lines too, which readers of CSV disagree about
_WRITTEN = re.compile(r"\\(\\|u[0-9a-f]{4})")
_MARK = re.compile(r"\\u(?:00[01]|d[89a-f])")  # how they begin when they are written
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
    """Text that is Markdown already."""


def utf8(text: str) -> bytes:
    """Encode text; foreign bytes of file names become escapes, which are those of JSON, so that it reads them back.

    >>> utf8("caf\\udce9")
    b'caf\\\\udce9'
    """
    return text.encode("utf-8", "backslashreplace")


def csv_cell(text: str) -> str:
    """Write text for a cell of a CSV file, so that no spreadsheet takes it for a formula; see :func:`read_csv`.

    An apostrophe comes before what begins like a formula. Where the text has foreign bytes or control characters, or
    looks as if they had been escaped, these and backslashes are escaped. No two texts give the same cell.

    >>> csv_cell("=1+1"), csv_cell("caf\\udce9"), csv_cell("night.jpg")
    ("'=1+1", 'caf\\\\udce9', 'night.jpg')
    """
    if _FOREIGN.search(text) or _MARK.search(text):
        text = _FOREIGN.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\\", "\\\\"))
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def read_csv(text: str) -> list[dict[str, str]]:
    """Read a CSV file of pielight: a record for each line after the first, with what :func:`csv_cell` did undone.

    >>> read_csv("picture,psnr\\n'=1+1,17.5\\n")
    [{'picture': '=1+1', 'psnr': '17.5'}]
    """
    return [{key: _read_cell(cell) for key, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]


def markdown_text(text: str) -> str:
    """Write text in a line of Markdown, so that it shows as it is: no tags, code, links, emphasis or new lines.

    >>> print(markdown_text("<b>a|b</b> *c* 5 * 3 <= 20"))
    &lt;b>a\\|b&lt;/b> \\*c\\* 5 * 3 <= 20
    """
    if isinstance(text, Markup):
        return text
    line = _INLINE.sub(r"\\\g<0>", " ".join(text.splitlines()))
    return _HTML.sub(lambda found: "&lt;" if found[0] == "<" else "&amp;", line)


def fenced(text: str) -> list[str]:
    """Return text as a code block of Markdown that nothing in it can end.

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
    return _WRITTEN.sub(lambda found: "\\" if found[1] == "\\" else chr(int(found[1][1:], 16)), cell)
