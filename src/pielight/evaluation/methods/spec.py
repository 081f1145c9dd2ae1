"""Specs of methods as the command line writes them, ``[LABEL=]KIND[:ARGUMENT]``, and kinds of methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pielight.core.messages import shown
from pielight.errors import ConfigError
from pielight.io.load_rgb import Pixels

Enhance = Callable[[Pixels], Pixels]
OpenStream = Callable[[float], Enhance]
"""Takes frames per second; returns a function that enhances the frames of one stream, one call for each, in order."""


class Spec(NamedTuple):
    """A method as the command line names it, split into its parts; its methods raise ConfigError."""

    text: str
    label: str
    kind: str
    argument: str

    def error(self, reason: str) -> ConfigError:
        """Return the error of an invalid spec."""
        return ConfigError(f"{shown(self.text)}: {reason}")

    def parts(self) -> list[str]:
        """Split the argument at its commas; two commas stand for one in a path.

        >>> Spec("", "", "onnx", "a,,b.onnx,multiple=32").parts()
        ['a,b.onnx', 'multiple=32']
        """
        return [part.replace("\0", ",") for part in self.argument.replace(",,", "\0").split(",")]

    def settings(self, parts: list[str], known: tuple[str, ...], usage: str) -> dict[str, str]:
        """Return the settings ``NAME=VALUE`` among parts of the argument, all of which must be known."""
        values = {}
        for part in filter(None, parts):
            name, equals, value = part.partition("=")
            if name not in known:
                hint = "" if equals else "; a comma in a path is doubled"
                raise self.error(f"{shown(name)} is unknown{hint}; use {usage}")
            values[name] = value
        return values

    def number(self, name: str, text: str) -> float:
        """Return the number that a setting has as text."""
        try:
            return float(text)
        except ValueError:
            raise self.error(f"{name} {text!r} is not a number") from None


def escaped(path: Path) -> str:
    """Return a path as specs with settings write it, each comma doubled.

    >>> escaped(Path("a,b.onnx"))
    'a,,b.onnx'
    """
    return str(path).replace(",", ",,")


@dataclass(frozen=True)
class MethodKind:
    """A kind of method; ``METHODS`` has all of them by name.

    Attributes:
        usage: How specs are written.
        enhancer: Takes a spec; returns a function that enhances ``(H, W, 3)`` uint8 pictures in one thread. Raises
            PielightError if a setting is invalid or a model cannot be opened.
        argument: Whether ``:ARGUMENT`` follows.
        files: Takes a spec; returns the model files that results depend on, or raises PielightError as above.
        extra: The extra that it needs beside ``evaluate``.
        stream: Takes a spec; returns what opens streams of a method that remembers earlier frames of a film, or None
            if each frame is enhanced by itself.
    """

    usage: str
    enhancer: Callable[[Spec], Enhance]
    argument: Literal["none", "optional", "required"] = "none"
    files: Callable[[Spec], list[Path]] | None = None
    extra: str = ""
    stream: Callable[[Spec], OpenStream | None] = lambda _: None


def without_settings(name: str, enhance: Enhance) -> MethodKind:
    """Return the kind of a method that has no settings."""
    return MethodKind(name, lambda _: enhance)
