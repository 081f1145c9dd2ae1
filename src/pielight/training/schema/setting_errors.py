"""Errors of pydantic in one line that names the setting, its value and what it should be."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pielight.core.messages import shown

_UNKNOWN = ("unexpected_keyword_argument", "invalid_key")
_TYPES = {"int_type": "int", "float_type": "float", "string_type": "str", "bool_type": "bool"}
_TEXTS = {  # by the kind of an error: the setting, its whole value, the part of it that is wrong, and what is allowed
    "dataclass_type": "{name} is a group of settings, not a value",
    "finite_number": "{name}: {value} should be finite",
    "greater_than": "{name}: {value} should be {limits}",
    "greater_than_equal": "{name}: {value} should be {limits}",
    "interval_order": "{name}: the interval {value} is the wrong way round",
    "less_than": "{name}: {value} should be {limits}",
    "less_than_equal": "{name}: {value} should be {limits}",
    "literal_error": "{name}: {value} is unknown; choose {expected}",
    "missing": "{name}: {count} values are expected, as in [0.1, 0.5]",
    "multiple_of": "{name}: {value} should be {limits}",
    "not_a_number": "{name}: {part} is not a number",
    "too_long": "{name}: {count} values are expected, as in [0.1, 0.5]",
}
_LIMITS = {"gt": "above", "ge": "at least", "le": "at most", "lt": "below", "multiple_of": "a multiple of"}


def message(section: type, values: Any, errors: ValidationError) -> str:
    """Return the first error of a validation in one line, unknown keys before all others."""
    error = min(errors.errors(include_url=False), key=lambda error: error["type"] not in _UNKNOWN)
    reason, context, path = error["type"], error.get("ctx", {}), error["loc"]
    whole = path
    while path and isinstance(path[-1], int) and reason not in _UNKNOWN:  # the end of an interval, or one of some texts
        path = path[:-1]
    keys = [str(key) for key in path]
    name = brief(".".join(keys))
    for key in path[:-1]:
        if isinstance(key, int):  # one of some groups
            section, values = typing.get_args(section)[0], values[key]
        else:
            section, values = typing.get_type_hints(section)[key], values.get(key)
    if reason in _UNKNOWN:
        names = [field.name for field in dataclasses.fields(section)]
        near = difflib.get_close_matches(brief(keys[-1]), names, 1)
        advice = (
            f"did you mean {'.'.join([*keys[:-1], *near])}?" if near else f"choose one of {', '.join(sorted(names))}"
        )
        return f"unknown setting {name}; {advice}"
    if reason == "value_error":
        return f"{name}: {context['error']}" if name else str(context["error"])
    if reason == "missing" and len(whole) == len(keys):
        return f"{name}: is missing"
    if reason == "too_long" and isinstance(error["input"], str):
        most = context["max_length"]
        return f"{name}: a text of {context['actual_length']:,} characters; at most {most:,} make sense"
    value, hint = values.get(keys[-1]), typing.get_type_hints(section, include_extras=True)[keys[-1]]
    return _TEXTS.get(reason, "{name}: {part} should be of type {type}").format(
        name=name, value=brief(list(value) if isinstance(value, list | tuple) else repr(value)),
        part=brief(repr(error["input"])), type=_TYPES.get(reason, reason), limits=_limits(hint),
        count=len(typing.get_args(typing.get_type_hints(section)[keys[-1]])),
        expected=str(context.get("expected", "")).replace("'", ""),
    )  # fmt: skip


def _limits(hint: Any) -> str:
    """Return the limits of a number, or of the numbers of an interval, in words.

    >>> from pielight.training.schema.fields import PositiveShare, Share
    >>> _limits(Share), _limits(PositiveShare)
    ('between 0 and 1', 'above 0 and at most 1')
    """
    limits: dict[str, float] = {}

    def collect(hint: Any) -> None:
        for part in typing.get_args(hint):
            for limit in part.metadata if isinstance(part, FieldInfo) else ():
                limits.update((name, getattr(limit, name)) for name in _LIMITS if hasattr(limit, name))
            collect(part)

    collect(hint)
    if {"ge", "le"} <= limits.keys():
        return f"between {limits['ge']:g} and {limits['le']:g}"
    return " and ".join(f"{word} {limits[name]:g}" for name, word in _LIMITS.items() if name in limits)


def brief(text: object) -> str:
    """Return a key or text of the user's as it can stand in a one-line message."""
    whole = shown(str(text))
    return whole if len(whole) <= 80 else f"{whole[:80]}..."
