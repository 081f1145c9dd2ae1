"""Objects in somebody's own code, by the place that settings name."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from pielight.errors import ConfigError


def named_object(place: str, setting: str) -> Any:
    """Import what ``package.module:name`` or ``file.py:name`` says; the code is run.

    Raises:
        ConfigError: if it cannot be imported.

    >>> named_object("math:sqrt", "downstream.loss")(4)
    2.0
    """
    source, colon, name = place.rpartition(":")
    if not colon or not source or not name:
        raise ConfigError(f"{setting}: {place!r} should look like package.module:name or file.py:name")
    try:
        if source.endswith(".py"):
            spec = importlib.util.spec_from_file_location(Path(source).stem, source)
            if spec is None or spec.loader is None:
                raise ImportError("not a Python file")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(source)
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything
        raise ConfigError(f"{setting}: {source} cannot be imported ({one_line(error)})") from None
    if not hasattr(module, name):
        raise ConfigError(f"{setting}: {source} has no {name}")
    return getattr(module, name)


def one_line(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says.

    >>> one_line(ValueError("no", "way"))
    "ValueError: ('no', 'way')"
    """
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:120]}" if text else type(error).__name__
