"""Specs of methods as the command line writes them, ``[LABEL=]KIND[:ARGUMENT]``, and what a kind of method is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pielight.core.messages import shown
from pielight.errors import ConfigError
from pielight.io.load_rgb import Pixels

Enhance = Callable[[Pixels], Pixels]


class Spec(NamedTuple):
    """A method as the command line names it, split into its parts."""

    text: str
    label: str
    kind: str
    argument: str

    def error(self, reason: str) -> ConfigError:
        """Return the error of a spec that makes no sense."""
        return ConfigError(f"{shown(self.text)}: {reason}")


@dataclass(frozen=True)
class MethodKind:
    """A kind of method; ``METHODS`` has all of them by name.

    Attributes:
        usage: How specs are written.
        enhancer: Takes a spec; returns what enhances ``(H, W, 3)`` uint8 pictures in one thread. Raises PielightError
            if a setting makes no sense or a model cannot be opened.
        argument: Whether ``:ARGUMENT`` follows.
        files: Takes a spec; returns the model files that results depend on, and raises PielightError as above.
        extra: The extra that it needs beside ``evaluate``.
    """

    usage: str
    enhancer: Callable[[Spec], Enhance]
    argument: Literal["none", "optional", "required"] = "none"
    files: Callable[[Spec], list[Path]] | None = None
    extra: str = ""


def without_settings(name: str, enhance: Enhance) -> MethodKind:
    """Return the kind of a method that has no settings."""
    return MethodKind(name, lambda _: enhance)


def parts(spec: Spec) -> list[str]:
    """Split the argument of a spec at its commas; two commas stand for one in a path.

    >>> parts(Spec("", "", "onnx", "a,,b.onnx,multiple=32"))
    ['a,b.onnx', 'multiple=32']
    """
    return [part.replace("\0", ",") for part in spec.argument.replace(",,", "\0").split(",")]


def escaped(path: Path) -> str:
    """Return a path as specs with settings write it: with each comma doubled.

    >>> escaped(Path("a,b.onnx"))
    'a,,b.onnx'
    """
    return str(path).replace(",", ",,")


def settings(spec: Spec, given: list[str], known: tuple[str, ...], usage: str) -> dict[str, str]:
    """Return the settings ``NAME=VALUE`` of a spec.

    Raises:
        ConfigError: One is not known.
    """
    values = {}
    for part in filter(None, given):
        name, equals, value = part.partition("=")
        if name not in known:
            hint = "" if equals else "; a comma in a path is doubled"
            raise spec.error(f"{shown(name)} is unknown{hint}; say {usage}")
        values[name] = value
    return values


def number(spec: Spec, name: str, text: str) -> float:
    """Read a number of a spec.

    Raises:
        ConfigError: It is none.
    """
    try:
        return float(text)
    except ValueError:
        raise spec.error(f"{name} {text!r} is no number") from None
