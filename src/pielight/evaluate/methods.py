"""Methods to compare, each by a short text: what it is called, what identifies it, and what it does to a picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pielight.errors import ConfigError, DataError, ModelError, PictureError, PielightError
from pielight.evaluate.datasets import DataSet, Sample
from pielight.evaluate.pairing import check_sizes, few, pictures, subfolders
from pielight.evaluate.pictures import load, sha256
from pielight.evaluate.presets import nearest
from pielight.media.files import shown

Pixels = NDArray[np.uint8]
Enhance = Callable[[Pixels], Pixels]
KINDS = {  # what the command line says of each
    "pielight": "pielight[:model=FILE.onnx,strength=S,highlights=H,denoise=auto|D,auto=on|off]",
    "identity": "identity",
    "gamma": "gamma[:EXPONENT]",
    "clahe": "clahe",
    "equalize": "equalize",
    "lime": "lime",
    "dce": "dce:FILE.pth",
    "onnx": "onnx:FILE.onnx[,multiple=N]",
    "dir": "dir:FOLDER",
}
_LABELLED = re.compile(r"([^=:]+)=((?:" + "|".join(KINDS) + r")(?:[:,].*)?)", re.DOTALL)
_RESULT_ENDS = ("_pie", "_enhanced", "_out", "_result")


class Spec(NamedTuple):
    """A method as the command line names it, taken apart."""

    text: str
    label: str
    kind: str
    argument: str


@dataclass(frozen=True)
class Method:
    """What is compared.

    Attributes:
        spec: As the command line names it.
        sha256: Of the model's file, 16 digits, and of the denoiser's if it takes part; or nothing.
        folder: Of a ``dir:`` method.
    """

    spec: Spec
    sha256: str = ""
    folder: Path | None = None

    @property
    def label(self) -> str:
        """What tables call it."""
        return self.spec.label

    def result_of(self, data: str, sample: Sample) -> Path | None:
        """Return the file that somebody else made of a picture, if this is a ``dir:`` method and there is one.

        A folder inside with the name of the data set is looked into instead. The name is the picture's stem, alone or
        before ``_pie``, ``_enhanced``, ``_out`` or ``_result``; for SICE's ``12/3`` also ``12_3``.

        Raises:
            DataError: Several files could be it.
        """
        if self.folder is None:
            return None
        found = results_in(self.folder, data.lower())
        names = [sample.name.lower(), sample.name.lower().replace("/", "_")]
        paths = next((found[name] for name in names if name in found), [])
        if len(paths) > 1:
            raise DataError(
                f"{shown(self.folder)}: several pictures for {sample.name} of {data}: "
                f"{few([path.name for path in paths])}"
            )
        return paths[0] if paths else None

    def check(self, data: DataSet) -> None:
        """Check that a ``dir:`` method has all pictures of a data set, in their sizes.

        Raises:
            DataError: Some are missing or of other sizes; lists the first few.
        """
        if self.folder is None:
            return
        found = {sample: self.result_of(data.name, sample) for sample in data.samples}
        gone = [sample.name for sample, path in found.items() if path is None]
        if gone:
            raise DataError(f"{shown(self.folder)}: no pictures for {len(gone)} of {data.name}: {few(gone)}")
        check_sizes((sample.input, path) for sample, path in found.items() if path is not None)

    def identity(self, data: str, sample: Sample) -> str:
        """Return what results depend on besides the spec: a checksum of the model, or of the pictures somebody made."""
        frames = [sample] if sample.previous is None else [sample, sample.previous]
        paths = [path for frame in frames if (path := self.result_of(data, frame)) is not None]
        return sha256(*paths) if paths else self.sha256


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
    labelled = _LABELLED.fullmatch(text)
    label, spec = (labelled[1], labelled[2]) if labelled else (text, text)
    kind, _, argument = spec.partition(":")
    if kind not in KINDS:
        raise ConfigError(f"{shown(text)}: no such method; {nearest(kind, list(KINDS))}")
    if kind in ("dce", "onnx", "dir") and not argument:
        raise ConfigError(f"{shown(text)}: names no file; say {KINDS[kind]}")
    if kind in ("identity", "clahe", "equalize", "lime") and argument:
        raise ConfigError(f"{shown(text)}: {kind} takes no argument")
    return Spec(spec, label, kind, argument)


def method(text: str) -> Method:
    """Find a method's files and check its settings, without loading a network.

    Raises:
        ConfigError: There is no such method or setting.
        DataError: The folder of a ``dir:`` method is missing.
        ModelError: A file is missing.
    """
    spec, denoiser = parse(text), ""
    if spec.kind == "dir":
        results_in.cache_clear()  # it may hold more by now
        folder = Path(spec.argument)
        subfolders(folder)
        return Method(spec, folder=folder)
    if spec.kind == "pielight":
        from pielight.models import DENOISER, find

        settings = _pielight_settings(spec)
        path = find(settings["model"] or None).path
        if settings["denoise"] != "0":
            denoiser = sha256(find(DENOISER).path)
    elif spec.kind in ("dce", "onnx"):
        path = _file_and_multiple(spec)[0]
    else:
        enhancement(spec)
        return Method(spec)
    try:
        return Method(spec, sha256(path) + denoiser)
    except PictureError:
        raise ModelError(f"{shown(path)}: no such file; say {KINDS[spec.kind]}") from None


def enhancement(spec: Spec) -> Enhance:
    """Return what a method does to ``(H, W, 3)`` uint8 pictures, one thread each.

    Raises:
        PielightError: A setting makes no sense, or a model cannot be opened.
    """
    if spec.kind == "pielight":
        return _pielight(spec)
    if spec.kind == "dce":
        from pielight.train.published import published

        return published(Path(spec.argument))
    if spec.kind == "onnx":
        from pielight.evaluate.network import network

        return network(*_file_and_multiple(spec))
    if spec.kind == "identity":
        return lambda pixels: pixels
    if spec.kind == "lime":
        from pielight.evaluate.lime import lime

        return lime
    if spec.kind == "dir":
        raise ConfigError(f"{spec.text}: makes no pictures of its own")
    from pielight.evaluate import classic

    if spec.kind == "gamma":
        exponent = _number(spec, "exponent", spec.argument, classic.GAMMA)
        if not 0 < exponent < 100:
            raise ConfigError(f"{spec.text}: the exponent must be above 0; 0.45 brightens")
        return lambda pixels: classic.gamma(pixels, exponent)
    return {"clahe": classic.clahe, "equalize": classic.equalize}[spec.kind]


def result(method: Method, enhance: Enhance | None, data: str, sample: Sample, pixels: Pixels) -> Pixels:
    """Return what a method makes of a picture, checked.

    Raises:
        DataError: It has another size or type.
        PielightError: It cannot be made or read.
    """
    path = method.result_of(data, sample)
    found = load(path) if path is not None else enhance(pixels) if enhance else None
    if found is None:
        raise DataError(f"{method.label}: no picture for {sample.name} of {data}")
    if found.shape != pixels.shape or found.dtype != np.uint8:
        theirs = f"{found.shape[1]} x {found.shape[0]}"
        raise DataError(
            f"{method.label}: {sample.name} of {data} is {pixels.shape[1]} x {pixels.shape[0]}, its result {theirs}"
        )
    return found


def _pielight(spec: Spec) -> Enhance:
    from pielight.denoise.plan import AUTO, Denoise
    from pielight.enhancer import Enhancer

    settings = _pielight_settings(spec)
    strength, highlights = float(settings["strength"]), float(settings["highlights"])
    denoise: Denoise = AUTO if settings["denoise"] == AUTO else float(settings["denoise"])
    enhancer = Enhancer(settings["model"] or None, threads=1, auto=settings["auto"] == "on")
    return lambda pixels: enhancer(pixels, strength, highlights, denoise=denoise)


def _pielight_settings(spec: Spec) -> dict[str, str]:
    """Return all settings, checked, as text."""
    from pielight.curves.tone import HIGHLIGHTS, check_highlights, check_strength
    from pielight.denoise.plan import AUTO, check_share

    settings = {"model": "", "strength": "1", "highlights": str(HIGHLIGHTS), "denoise": "0", "auto": "on"}
    for part in filter(None, spec.argument.split(",")):
        name, _, value = part.partition("=")
        if name not in settings:
            raise ConfigError(f"{shown(spec.text)}: {name} is unknown; say {KINDS['pielight']}")
        settings[name] = value
    if settings["auto"] not in ("on", "off"):
        raise ConfigError(f"{shown(spec.text)}: auto is on or off")
    checks = {"strength": check_strength, "highlights": check_highlights}
    if settings["denoise"] != AUTO:
        checks["denoise"] = check_share
    for name, check in checks.items():
        try:
            check(_number(spec, name, settings[name], 1.0))
        except PielightError as error:
            raise ConfigError(str(error)) from None
    return settings


def _file_and_multiple(spec: Spec) -> tuple[Path, int]:
    if spec.kind != "onnx":
        return Path(spec.argument), 1
    file, _, text = spec.argument.partition(",multiple=")
    multiple = _number(spec, "multiple", text, 1)
    if multiple < 1 or multiple != int(multiple):
        raise ConfigError(f"{shown(spec.text)}: multiple must be a whole number from 1 on")
    return Path(file), int(multiple)


def _number(spec: Spec, name: str, text: str, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        raise ConfigError(f"{shown(spec.text)}: {name} {text!r} is no number") from None


@lru_cache(maxsize=64)
def results_in(folder: Path, data: str) -> Mapping[str, list[Path]]:
    """Name the results in a folder by what they were made of, in lower case; exact names come first.

    Args:
        folder: Of a ``dir:`` method; its pictures count, and those in the folders inside.
        data: Name of a data set; the folder inside that is called so counts instead.
    """
    top = subfolders(folder).get(data, folder)
    exact: dict[str, list[Path]] = {}
    ended: dict[str, list[Path]] = {}
    for prefix, place in [("", top), *((f"{name}/", path) for name, path in subfolders(top).items())]:
        for path in pictures(place):
            stem = path.stem.lower()
            exact.setdefault(prefix + stem, []).append(path)
            for end in _RESULT_ENDS:
                if stem.endswith(end):
                    ended.setdefault(prefix + stem.removesuffix(end), []).append(path)
    return ended | exact
