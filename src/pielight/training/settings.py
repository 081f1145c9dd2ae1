"""Settings of any recipe: frozen dataclasses, read from YAML, every name and type checked."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from pielight.core.atomic_file import shown
from pielight.errors import ConfigError
from pielight.training.yaml_reader import MOST_BYTES, parse_yaml

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S", bound="DataclassInstance")
_RENAMED = {"optimiser": "optimizer", "colour": "color"}  # of earlier releases  # codespell:ignore optimiser,colour
_LONGEST = 4096  # characters of a text


def read_values(path: str | Path | None, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Read the settings of any recipe from YAML and apply ``key.sub=value`` changes, without checking names.

    Raises:
        ConfigError: if the file is missing or no YAML mapping, or a change makes no sense.

    >>> read_values(None, ["data.size=128"])
    {'data': {'size': 128}}
    """
    values: dict[str, Any] = {}
    if path is not None:
        values = _read(Path(path))
    apply_changes(values, changes)
    return values


def apply_changes(values: dict[str, Any], changes: Sequence[str]) -> None:
    """Change nested settings as ``key.sub=value`` says, values in YAML.

    Raises:
        ConfigError: if a change makes no sense.
    """
    for change in changes:
        key, equals, text = change.partition("=")
        told = _brief(change)
        if not equals:
            raise ConfigError(f"--set {told}: should look like key=value")
        try:
            value = parse_yaml(text)
        except ValueError as error:
            raise ConfigError(f"--set {told}: the value is not YAML ({error})") from None
        *groups, last = key.strip().split(".")
        target = values
        for depth, group in enumerate(groups, 1):
            target = target.setdefault(group, {})
            if not isinstance(target, dict):
                raise ConfigError(f"--set {told}: {_brief('.'.join(groups[:depth]))} is a value, not a group")
        target[last] = value


@contextmanager
def told_of(path: str | Path | None, changes: Sequence[str]) -> Iterator[None]:
    """Name the file in what is wrong with its settings, unless changes may be to blame.

    Raises:
        ConfigError: as it came, the file before it.
    """
    try:
        yield
    except ConfigError as error:
        if path is None or changes:
            raise
        raise ConfigError(f"{shown(path)}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    """Read the keys and values of a file."""
    name = shown(path)
    try:
        with path.open("rb") as file:
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


def _brief(text: object) -> str:
    """Return a key or a text of somebody's as it can stand in a one-line message."""
    whole = shown(str(text))
    return whole if len(whole) <= 80 else f"{whole[:80]}..."


def as_yaml(config: Any) -> str:
    """Return settings as YAML that :func:`read_values` reads back.

    >>> from pielight.training.networks.exposure_estimator_config import Judging
    >>> "steps: 7" in as_yaml(Judging(steps=7))
    True
    """
    return yaml.safe_dump(_plain(dataclasses.asdict(config)), sort_keys=False)


def changed(config: S, changes: Sequence[str]) -> S:
    """Return settings with ``key.sub=value`` changes.

    Raises:
        ConfigError: if a change makes no sense, names no setting or has a value of the wrong type.

    >>> from pielight.training.networks.exposure_estimator_config import Judging
    >>> changed(Judging(), ["steps=7"]).steps
    7
    """
    values = _plain(dataclasses.asdict(config))
    apply_changes(values, changes)
    made: S = build_settings(type(config), values)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def build_settings(kind: Any, values: dict[str, Any], prefix: str = "") -> Any:
    """Make a dataclass of settings from values, every name and type checked.

    Raises:
        ConfigError: if a key is unknown (the nearest is suggested), or a value has the wrong type.

    >>> from pielight.training.networks.exposure_estimator_config import Judging
    >>> build_settings(Judging, {"rate": "1e-4"}).rate
    0.0001
    """
    hints = typing.get_type_hints(kind)
    settings = {}
    for given, value in values.items():
        key = _RENAMED.get(given, given)
        if key not in hints:
            near = difflib.get_close_matches(_brief(key), hints, 1, 0.0)
            raise ConfigError(f"unknown setting {prefix}{_brief(key)}; did you mean {prefix}{near[0]}?")
        settings[key] = _cast(hints[key], value, f"{prefix}{key}")
    return kind(**settings)


def _cast(hint: Any, value: Any, name: str) -> Any:
    """Return ``value`` as the type that a setting is annotated with, or raise."""
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigError(f"{name} is a group of settings, not a value")
        return build_settings(hint, value, f"{name}.")
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return None if value is None else _cast(arguments[0], value, name)
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        if arguments[-1] is not Ellipsis and len(items) != len(arguments):
            raise ConfigError(f"{name}: {len(arguments)} values are expected, as in [0.1, 0.5]")
        return tuple(_cast(arguments[0], item, name) for item in items)
    if hint is str and value is False:  # YAML reads no as a boolean
        return "no"
    if hint is float and isinstance(value, str):  # YAML reads 1e-3 as text
        try:
            return float(value)
        except ValueError:
            raise ConfigError(f"{name}: {_brief(repr(value))} is not a number") from None
    if isinstance(value, str) and len(value) > _LONGEST:
        raise ConfigError(f"{name}: a text of {len(value):,} characters; at most {_LONGEST:,} make sense")
    wrong_kind = isinstance(value, bool) and hint is not bool  # Python counts True as a number
    if wrong_kind or not isinstance(value, (int, float) if hint is float else hint):
        raise ConfigError(f"{name}: {_brief(repr(value))} should be of type {hint.__name__}")
    return float(value) if hint is float else value
