"""The layers of pyproject.toml hold, there are no import cycles, and no function hides an import."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

import pielight

SOURCE = Path(pielight.__file__).parent
# Modules whose functions may import own modules: commands, public names that are loaded lazily, and heavy libraries.
LAZY = (
    "pielight.cli",
    "pielight.__main__",
    "pielight._deprecated",
    "pielight.evaluation.methods.network_files",
    "pielight.inference.devices",
)


def imports_inside_functions(path: Path) -> list[str]:
    return [
        str(node.module)
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "pielight"
    ]


def test_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SOURCE.parents[1])
    assert lint_imports(no_cache=True) == 0


def test_there_are_no_cycles() -> None:
    graph = grimp.build_graph("pielight", cache_dir=None)
    below = {
        module: {other for other in graph.find_modules_directly_imported_by(module) if other != "pielight"}
        for module in graph.modules - {"pielight", "pielight._deprecated"}
    }
    assert len(below) > 150
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_function_hides_an_import() -> None:
    hidden = {}
    for path in SOURCE.rglob("*.py"):
        module = ".".join(("pielight", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
        if not module.startswith(LAZY) and (found := imports_inside_functions(path)):
            hidden[module] = found
    assert hidden == {}
