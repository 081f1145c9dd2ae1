"""Every module has a test: a file of its name, or one that names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pielight

SOURCE = Path(pielight.__file__).parent
TESTS = Path(__file__).parent


def named_in(path: Path) -> set[str]:
    """Return the modules of pielight that a test file imports or names.

    A docstring may name a package once, and its modules after it: "Of ``pielight.core``: ``strips`` and ``pixels``".
    """
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    names = set(re.findall(r"\bpielight(?:\.\w+)+", text))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pielight"):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    package = ""
    for word in re.findall(r"``([\w.]+)``", ast.get_docstring(tree) or ""):
        package = word if word.startswith("pielight.") else package
        names.add(f"{package}.{word}")
    return names


def test_every_module_has_a_test() -> None:
    files = sorted(TESTS.rglob("*.py"))
    named = set().union(*map(named_in, files))
    stems = {path.stem for path in files}
    modules = [path for path in SOURCE.rglob("*.py") if not path.stem.startswith("__")]
    assert len(modules) > 100
    dotted = {".".join(path.relative_to(SOURCE.parent).with_suffix("").parts): path.stem for path in modules}
    assert sorted(name for name, stem in dotted.items() if f"test_{stem}" not in stems and name not in named) == []
