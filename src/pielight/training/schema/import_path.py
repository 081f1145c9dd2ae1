"""Objects in a user's own code, by the import path that a setting names."""

from __future__ import annotations

import importlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pielight.errors import ConfigError


def named_object(import_path: str, setting: str) -> Any:
    """Import what ``package.module:name`` or ``file.py:name`` says; the code is run, a file once unless it changes.

    Raises:
        ConfigError: if it cannot be imported.

    >>> named_object("math:sqrt", "downstream.loss")(4)
    2.0
    """
    source, colon, name = import_path.rpartition(":")
    if not colon or not source or not name:
        raise ConfigError(f"{setting}: {import_path!r} should look like package.module:name or file.py:name")
    try:
        if source.endswith(".py"):
            path = Path(source).resolve()
            module = _load_file(path, path.stat().st_mtime_ns)
        else:
            module = importlib.import_module(source)
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        raise ConfigError(f"{setting}: {source} cannot be imported ({one_line(error)})") from None
    if not hasattr(module, name):
        raise ConfigError(f"{setting}: {source} has no {name}")
    return getattr(module, name)


@lru_cache
def _load_file(path: Path, _modified_ns: int) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def one_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of its message.

    >>> one_line(ValueError("no", "way"))
    "ValueError: ('no', 'way')"
    """
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:120]}" if text else type(error).__name__
