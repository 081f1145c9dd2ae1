"""Names of files in CSV, JSON and Markdown: distinguished, shown unchanged, and never interpreted."""

from __future__ import annotations

import csv
import io
import json
import os
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pielight.core.json_file import json_text
from pielight.core.messages import utf8
from pielight.core.tables import csv_cell, csv_text, fenced, markdown, markdown_text, read_csv

ODD = [
    os.fsdecode(b"caf\xe9.png"), "caf\\udce9.png", "caf\\\\udce9.png", "=1+1", "'=1+1", "''=1+1", "'plain", "+a", "-a",
    "@a", "\ta", "\ra", "\na", "a,b", 'a"b', "a\nb", "a\r\nb", "back\\slash", "\\", "\\udc", "\\\\udc", "",
    "a\0b", "a\\u000db",
]  # fmt: skip
TEXTS = st.text(
    st.one_of(st.sampled_from("=+-@\t\r\n'\\udc80a,\"|"), st.characters(), st.sampled_from("\udc80\udcff\ud800"))
)


def test_cells_tell_odd_names_apart_and_no_spreadsheet_runs_them() -> None:
    text = utf8(csv_text({"name": "name", "value": "value"}, [{"name": one, "value": -0.5} for one in ODD])).decode()
    assert [row["name"] for row in read_csv(text)] == ODD
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert not any(row[0].startswith(tuple("=+-@\t\r\n")) for row in rows)
    assert {row[1] for row in rows} == {"-0.5"}  # numbers stay numbers
    assert len({row[0] for row in rows}) == len(ODD)


@given(st.lists(TEXTS, min_size=1))
def test_cells_are_read_back(texts: list[str]) -> None:
    written = utf8(csv_text({"a": "a", "b": "b"}, [{"a": one, "b": 1} for one in texts])).decode("utf-8")
    assert [row["a"] for row in read_csv(written)] == texts
    assert not any(csv_cell(one).startswith(tuple("=+-@\t\r\n")) for one in texts)


@given(TEXTS)
def test_json_is_read_back(text: str) -> None:
    assert json.loads(utf8(json_text({"name": text}))) == {"name": text}


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a|b", "`code`", "**bold**", "_soft_", "[link](x://y)",
    "a\n\n# b", "a\r<b>c</b>", "&lt;b>", "\\<b>", "\\`x`", "<!-- x -->", "<http://a.b>", "a \u2028 b", "\\|x",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_names_as_they_are(text: str) -> None:
    written = markdown_text(text)
    assert "\n" not in written
    assert not any(f"<{letter}" in written for letter in "sibh!/")
    lines = list(markdown({"a": "a", "b": "b"}, [{"a": text, "b": 1}]))
    assert len(lines) == 3
    renderer = pytest.importorskip("markdown", reason="no Markdown renderer installed")
    page = renderer.markdown("\n".join(lines), extensions=["tables"])
    seen = Seen(page)
    assert seen.tags <= {"table", "thead", "tbody", "tr", "th", "td"}
    assert seen.cells == ["a", "b", " ".join(text.splitlines()), "1"]


def test_markdown_leaves_figures_and_paths_alone() -> None:
    plain = "C:\\nets\\my_net.onnx 5 * 3 <= 20 & < 0.001 [0.5, 2.5] x^2"
    assert markdown_text(plain) == plain


def test_nothing_ends_a_block_of_code() -> None:
    first, text, last = fenced("pielight x\n```\n<script>")
    assert first == last == "````"
    assert first not in text


class Seen(HTMLParser):
    """The tags and the cells of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells and data.strip("\n"):
            self.cells[-1] += data
