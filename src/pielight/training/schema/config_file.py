"""Settings of training as YAML: read, changed by ``key.sub=value``, validated, written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from pielight.core.messages import shown
from pielight.errors import ConfigError
from pielight.training.schema.renamed import with_added, with_new_names
from pielight.training.schema.setting_errors import brief, message
from pielight.training.schema.yaml_reader import MOST_BYTES, parse_yaml

S = TypeVar("S")


def read_values(path: str | Path) -> dict[Any, Any]:
    """Read the keys and values of a YAML file, without checking names.

    Raises:
        ConfigError: if the file is missing or no YAML mapping.
    """
    name = shown(path)
    try:
        with Path(path).open("rb") as file:
            text = file.read(MOST_BYTES + 1).decode()
        loaded = parse_yaml(text)
    except FileNotFoundError:
        raise ConfigError(f"{name}: no such file") from None
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read as YAML ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: cannot be read as YAML (no text in UTF-8)") from None
    except ValueError as error:
        raise ConfigError(f"{name}: cannot be read as YAML ({error})") from None
    if loaded is not None and not isinstance(loaded, dict):
        raise ConfigError(f"{name}: should hold keys and values")
    return loaded or {}


def parse_change(change: str) -> dict[Any, Any]:
    """Return what ``key.sub=value``, the value in YAML, means as nested settings.

    Raises:
        ConfigError: if it is invalid.

    >>> parse_change("data.size=128")
    {'data': {'size': 128}}
    """
    key, equals, text = change.partition("=")
    if not equals:
        raise ConfigError(f"--set {brief(change)}: should look like key=value")
    try:
        nested = parse_yaml(text)
    except ValueError as error:
        raise ConfigError(f"--set {brief(change)}: the value is not YAML ({error})") from None
    for part in reversed(key.strip().split(".")):
        nested = {part: nested}
    assert isinstance(nested, dict)
    return nested


def apply_changes(kind: type, values: dict[Any, Any], changes: Sequence[str]) -> None:
    """Change nested settings of a section in place as ``key.sub=value`` says.

    Raises:
        ConfigError: if a change is invalid.
    """
    for change in changes:
        target, nested = values, with_new_names(kind, parse_change(change))
        name = ""
        for _ in range(change.partition("=")[0].count(".")):
            ((key, nested),) = nested.items()
            name += f"{'.' if name else ''}{key}"
            target = target.setdefault(key, {})
            if not isinstance(target, dict):
                raise ConfigError(f"--set {brief(change)}: {brief(name)} is a value, not a group")
        target.update(nested)


def changed_key(kind: type, change: str) -> str:
    """Return the dotted key that ``key.sub=value`` changes, under its name of today.

    >>> from pielight.training.schema import TrainConfig
    >>> changed_key(TrainConfig, "optimizer.rate=1e-4")
    'optimizer.lr'
    """
    nested: Any = with_new_names(kind, parse_change(change), warn=False)
    keys = []
    for _ in range(change.partition("=")[0].count(".") + 1):
        ((key, nested),) = nested.items()
        keys.append(key)
    return ".".join(keys)


def with_changes(config: S, changes: Sequence[str]) -> S:
    """Return settings with ``key.sub=value`` changes.

    Raises:
        ConfigError: if a change is invalid, names no setting or has a value that is not allowed.

    >>> from pielight.training.schema import OptimizerConfig
    >>> with_changes(OptimizerConfig(), ["warmup_steps=7"]).warmup_steps
    7
    """
    values = plain(config)
    apply_changes(type(config), values, changes)
    return validate(type(config), values)


def validate(kind: type[S], values: Mapping[Any, Any], *, warn: bool = True) -> S:
    """Validate nested settings as a section of the schema.

    Args:
        values: As read from YAML; names of the previous release are replaced.
        warn: Whether these raise a :class:`~pielight.errors.RenamedWarning`; not for what the user did not write.

    Raises:
        ConfigError: if a key is unknown (the nearest is suggested), or a value is not allowed.

    >>> from pielight.training.schema import OptimizerConfig
    >>> validate(OptimizerConfig, {"lr": "1e-4"}).lr
    0.0001
    """
    values = with_new_names(kind, values, warn=warn)
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        raise ConfigError(message(kind, values, error)) from None


def plain(config: Any) -> dict[str, Any]:
    """Return settings as nested dicts and lists."""
    values: dict[str, Any] = TypeAdapter(type(config)).dump_python(config, mode="json")
    return values


def as_yaml(config: Any) -> str:
    """Return settings as YAML that :func:`validate` accepts.

    >>> from pielight.training.schema import OptimizerConfig
    >>> "warmup_steps: 7" in as_yaml(OptimizerConfig(warmup_steps=7))
    True
    """
    return yaml.safe_dump(plain(config), sort_keys=False)


def was_written_by_us(path: Path, kind: type) -> bool:
    """Say whether a file holds every setting of a section in the form of :func:`as_yaml`, under new names or old."""
    try:
        values = read_values(path)
        unchanged = path.read_text(encoding="utf-8") == yaml.safe_dump(values, sort_keys=False)
        renamed, whole = with_new_names(kind, values, warn=False), plain(validate(kind, values, warn=False))
        return unchanged and yaml.safe_dump(with_added(renamed, whole)) == yaml.safe_dump(whole)
    except (ConfigError, OSError, UnicodeDecodeError):
        return False
