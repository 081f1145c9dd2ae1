"""What MkDocs does to the pages: tables from CSV files, and the reference of the API from docstrings."""

from __future__ import annotations

import csv
import importlib
import inspect
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pielight
from pielight import errors

_TABLE = re.compile(r"^( *)\[([^]\n]+)\]\(([^)\n]+\.csv)\)$", re.MULTILINE)
_INTERVAL = re.compile(r" \[([^\s,\]]+), ([^\s,\]]+)\]$")
_SHORT_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc):<code>~(?:\w+\.)*(\w+)</code>")
_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc):<code>([\w.]+)</code>")
# Members that only the pipeline calls: their names have no underscore, but they are not part of the interface.
_INTERNAL = ("process", "evaluate")
_OPTIONS = f"\n    options:\n      filters: ['!^_', '^__call__$', '!^({'|'.join(_INTERNAL)})$']"
# What the pages of the API hold beside the public names: modules or objects that exist.
_TRAINING = (
    "pielight.training.schema.config_file",
    "pielight.training.recipe",
    "pielight.training.schema",
    "pielight.training.trainer",
    "pielight.training.objectives.restoration_task",
    "pielight.training.objectives.joint",
    "pielight.training.networks.joint_model",
)
_EVALUATION = (
    "pielight.evaluation.downstream.darkness",
    "pielight.evaluation.downstream.datasets",
    "pielight.evaluation.downstream.face_detection",
    "pielight.evaluation.downstream.detector",
    "pielight.evaluation.downstream.segmentation",
    "pielight.evaluation.metric_spec",
)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put tables in place of links to CSV files that stand alone on their line, and names below pages of the API."""
    markdown = "\n\n".join([markdown, *(f"::: {name}{_OPTIONS}" for name in references().get(page.file.src_uri, ()))])
    folder = Path(page.file.abs_src_path).parent if page.file.abs_src_path else Path()
    return _TABLE.sub(lambda match: _table(folder / match[3], match[2]), markdown)


def _table(path: Path, caption: str) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = ([_cell(cell) for cell in row] for row in csv.reader(file))
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([f"**{caption}**", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def _cell(text: str) -> str:
    """Escape a cell and put its interval on its own line; an apostrophe before a sign is only for spreadsheets."""
    text = re.sub(r"^'(?=[=+@-])", "", text).replace("|", "\\|").replace("<", "&lt;")
    return _INTERVAL.sub(r"<br>[\1,&nbsp;\2]", text)


def on_page_content(html: str, **_: Any) -> str:
    """Show the roles of Sphinx that docstrings contain as plain code: ``:func:`~a.b``` as ``b``."""
    html = _SHORT_ROLE.sub(r"<code>\1</code>", html)
    return _ROLE.sub(r"<code>\1</code>", html)


@cache
def references() -> dict[str, tuple[str, ...]]:
    """Return the dotted names that pages of the API describe, by the pages' paths."""
    public = [_home(name) for name in pielight.__all__ if not name.startswith("__") and not hasattr(errors, name)]
    if find_spec("pielight.nn"):
        public.append("pielight.nn")
    kinds = [
        f"pielight.errors.{name}"
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PielightError) and kind.__module__ == "pielight.errors"
    ]
    return {
        "api/python.md": tuple(public),
        "api/errors.md": tuple(kinds),
        "api/training.md": _TRAINING,
        "api/evaluation.md": _EVALUATION,
    }


def _home(name: str) -> str:
    """Return where a public name is defined."""
    value = getattr(pielight, name)
    module = getattr(value, "__module__", None) or ""
    if module.startswith("pielight.") and hasattr(importlib.import_module(module), name):
        return f"{module}.{name}"
    return f"pielight.{name}"
