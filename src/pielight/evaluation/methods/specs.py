"""What the command line says of a method, taken apart: its label, its kind, and its settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pielight.core.atomic_file import shown
from pielight.errors import ConfigError, PielightError
from pielight.evaluation.datasets.presets import nearest
from pielight.inference.descriptor import BRIGHTEN, TASKS, check_settings
from pielight.options import HIGHLIGHTS, Denoise, check_highlights, check_strength, parse_denoise

KINDS = {  # what the command line says of each
    "pielight": "pielight[:task=dehaze|derain,model=FILE.onnx,strength=S,highlights=H,denoise=auto|D,"
    "denoise_model=FILE.onnx,auto=on|off]",
    "identity": "identity",
    "gamma": "gamma[:EXPONENT]",
    "clahe": "clahe",
    "equalize": "equalize",
    "lime": "lime",
    "dcp": "dcp",
    "median": "median",
    "guided": "guided",
    "dce": "dce:FILE.pth",
    "onnx": "onnx:FILE.onnx[,multiple=N]",
    "dir": "dir:FOLDER",
}
PLAIN = ("identity", "clahe", "equalize", "lime", "dcp", "median", "guided")  # take no argument
MULTIPLE = 1024  # the largest that sides are padded to
_LABELED = re.compile(r"([^=:]+)=((?:" + "|".join(KINDS) + r")(?:[:,].*)?)", re.DOTALL)


class Spec(NamedTuple):
    """A method as the command line names it, taken apart."""

    text: str
    label: str
    kind: str
    argument: str


class Settings(NamedTuple):
    """What the spec of a ``pielight`` method sets.

    Attributes:
        model: Name of a shipped model or path of an ONNX file; None is the default model.
        strength: -1.5 to 1.5.
        highlights: 0 to 1.
        denoise: 0 to 1, or ``"auto"``.
        denoise_model: Path of an ONNX file; None is the denoiser that comes with pielight.
        auto: Whether well-exposed pictures are left alone.
        task: What pictures are mended of.
    """

    model: str | None
    strength: float
    highlights: float
    denoise: Denoise
    denoise_model: str | None
    auto: bool
    task: str = BRIGHTEN


def parse(text: str) -> Spec:
    """Take a spec apart: ``[LABEL=]KIND[:ARGUMENT]``.

    Raises:
        ConfigError: There is no such method.

    >>> parse("mine=pielight:strength=0.8")
    Spec(text='pielight:strength=0.8', label='mine', kind='pielight', argument='strength=0.8')
    >>> parse("gama:0.5")
    Traceback (most recent call last):
        ...
    pielight.errors.ConfigError: gama:0.5: no such method; did you mean gamma?
    """
    labeled = _LABELED.fullmatch(text)
    label, spec = (labeled[1], labeled[2]) if labeled else (text, text)
    kind, _, argument = spec.partition(":")
    if kind not in KINDS:
        raise ConfigError(f"{shown(text)}: no such method; {nearest(kind, list(KINDS))}")
    if kind in ("dce", "onnx", "dir") and not argument:
        raise ConfigError(f"{shown(text)}: names no file; say {KINDS[kind]}")
    if kind in PLAIN and argument:
        raise ConfigError(f"{shown(text)}: {kind} takes no argument")
    return Spec(spec, label, kind, argument)


def settings(spec: Spec) -> Settings:
    """Return what the spec of a ``pielight`` method sets, checked.

    Raises:
        ConfigError: There is no such setting, or its value makes no sense.

    >>> settings(parse("pielight:strength=0.8,auto=off"))
    Settings(model=None, strength=0.8, highlights=0.5, denoise=0.0, denoise_model=None, auto=False, task='brighten')
    """
    texts = {
        "model": "",
        "strength": "1",
        "highlights": str(HIGHLIGHTS),
        "denoise": "0",
        "denoise_model": "",
        "auto": "on",
        "task": BRIGHTEN,
    }
    given = []
    for part in filter(None, _parts(spec.argument)):
        name, _, value = part.partition("=")
        if name not in texts:
            raise _unknown(spec, part)
        texts[name] = value
        given.append(name)
    if texts["auto"] not in ("on", "off"):
        raise ConfigError(f"{shown(spec.text)}: auto is on or off")
    if texts["task"] not in TASKS:
        raise ConfigError(f"{shown(spec.text)}: task is one of {', '.join(TASKS)}")
    try:
        check_settings(texts["task"], **{name: name in TASKS[BRIGHTEN].settings for name in given})
        denoise = parse_denoise(texts["denoise"])
        if texts["denoise_model"] and denoise == 0:
            raise ConfigError(f"{shown(spec.text)}: denoise_model is for denoise=auto, or a number above 0")
        return Settings(
            model=texts["model"] or None,
            strength=check_strength(number(spec, "strength", texts["strength"])),
            highlights=check_highlights(number(spec, "highlights", texts["highlights"])),
            denoise=denoise,
            denoise_model=texts["denoise_model"] or None,
            auto=texts["auto"] == "on",
            task=texts["task"],
        )
    except ConfigError:
        raise
    except PielightError as error:
        raise ConfigError(f"{shown(spec.text)}: {error}") from None


def file_and_multiple(spec: Spec) -> tuple[Path, int]:
    """Return the file of a ``dce`` or ``onnx`` method, and what the sides of its pictures must be a multiple of.

    Raises:
        ConfigError: The multiple is no whole number from 1 to 1024, or something else is set.

    >>> file_and_multiple(parse("onnx:theirs.onnx,multiple=32"))[1]
    32
    """
    if spec.kind != "onnx":
        return Path(spec.argument), 1
    file, *parts = _parts(spec.argument)
    multiple = 1.0
    for part in parts:
        name, _, value = part.partition("=")
        if name != "multiple":
            raise _unknown(spec, part)
        multiple = number(spec, "multiple", value)
    if not (1 <= multiple <= MULTIPLE and multiple == int(multiple)):
        raise ConfigError(f"{shown(spec.text)}: multiple must be a whole number from 1 to {MULTIPLE}")
    return Path(file), int(multiple)


def written(path: Path) -> str:
    """Return a path as it stands in a spec with settings: a comma, which parts them, is doubled.

    >>> written(Path("a,b.onnx"))
    'a,,b.onnx'
    """
    return str(path).replace(",", ",,")


def _parts(argument: str) -> list[str]:
    """Split at single commas; two stand for one in a path."""
    return [part.replace("\0", ",") for part in argument.replace(",,", "\0").split(",")]


def _unknown(spec: Spec, part: str) -> ConfigError:
    name, is_setting, _ = part.partition("=")
    hint = "" if is_setting else "; a comma in a path is doubled"
    return ConfigError(f"{shown(spec.text)}: {shown(name)} is unknown{hint}; say {KINDS[spec.kind]}")


def number(spec: Spec, name: str, text: str) -> float:
    """Read a number of a spec.

    Raises:
        ConfigError: It is none.
    """
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{shown(spec.text)}: {name} {text!r} is no number") from None
