"""What MkDocs does to the pages: tables from CSV files, and pages of the API made from the code itself."""

from __future__ import annotations

import csv
import importlib
import inspect
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pielight
from pielight import errors

_TABLE = re.compile(r"^( *)\[([^]\n]+)\]\(([^)\n]+\.csv)\)$", re.MULTILINE)
_SHORT_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc):<code>~(?:\w+\.)*(\w+)</code>")
_ROLE = re.compile(r":(?:func|class|meth|data|mod|attr|exc):<code>([\w.]+)</code>")
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
    """Put the table of a CSV file in place of a link to it that stands alone on its line."""
    folder = Path(page.file.abs_src_path).parent if page.file.abs_src_path else Path()
    return _TABLE.sub(lambda match: _table(folder / match[3], match[2]), markdown)


def _table(path: Path, caption: str) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = ([_cell(cell) for cell in row] for row in csv.reader(file))
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([f"**{caption}**", "", *(f"| {' | '.join(line)} |" for line in lines), ""])


def _cell(text: str) -> str:
    """Escape a cell; an apostrophe before a sign only keeps spreadsheets from running it."""
    return re.sub(r"^'(?=[=+@-])", "", text).replace("|", "\\|").replace("<", "&lt;")


def on_page_content(html: str, **_: Any) -> str:
    """Show the roles of Sphinx that docstrings contain as plain code: ``:func:`~a.b``` as ``b``."""
    html = _SHORT_ROLE.sub(r"<code>\1</code>", html)
    return _ROLE.sub(r"<code>\1</code>", html)


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages of the API."""
    from mkdocs.structure.files import File

    for name, text in pages().items():
        files.append(File.generated(config, f"api/{name}.md", content=text))
    return files


def pages() -> dict[str, str]:
    """Return the Markdown of the generated pages by their names."""
    public = [_home(name) for name in pielight.__all__ if not name.startswith("__") and not hasattr(errors, name)]
    if find_spec("pielight.nn"):
        public.append("pielight.nn")
    kinds = [
        f"pielight.errors.{name}"
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PielightError) and kind.__module__ == "pielight.errors"
    ]
    return {
        "python": _page("Python", "The names of `pielight.__all__`, which is the public interface.", public),
        "errors": _page("Errors", "Every error that pielight raises on purpose; `str(error)` is one line.", kinds),
        "training": _page("Training", "Settings, entry points and tasks (extra `train`).", _TRAINING),
        "evaluation": _page("Evaluation", "Scoring from Python (extra `evaluate`).", _EVALUATION),
    }


def _home(name: str) -> str:
    """Return where a public name is defined."""
    value = getattr(pielight, name)
    module = getattr(value, "__module__", None) or ""
    if module.startswith("pielight.") and hasattr(importlib.import_module(module), name):
        return f"{module}.{name}"
    return f"pielight.{name}"


def _page(title: str, summary: str, names: Any) -> str:
    return "\n".join([f"# {title}", "", summary, "", *(f"::: {name}\n" for name in names)])
