"""Methods to compare: what each is called, what its results depend on, and its result of a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from pielight.core.extras import require
from pielight.core.messages import nearest, shown
from pielight.errors import ConfigError, DataError, ModelError, PictureError
from pielight.evaluation.datasets.dataset import Dataset, Sample
from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.datasets.film import film_of, load_frame, open_cursor
from pielight.evaluation.datasets.pairing import pictures, subfolders
from pielight.evaluation.methods import METHODS
from pielight.evaluation.methods.result_folder import check_results, result_file, results_in
from pielight.evaluation.methods.spec import Enhance, Spec
from pielight.evaluation.methods.stream import StreamResults
from pielight.evaluation.metric_spec import size_text
from pielight.io.load_rgb import Pixels
from pielight.video.containers import is_clip_name

_LABELED = re.compile(r"([^=:]+)=((?:" + "|".join(METHODS) + r")(?:[:,].*)?)", re.DOTALL)


@dataclass(frozen=True)
class Method:
    """One of the methods that are compared.

    Attributes:
        spec: As the command line names it.
        sha256: 16 digits of the checksum of its model's file, and the denoiser's if that takes part; or nothing.
        folder: Of a ``dir:`` method.
    """

    spec: Spec
    sha256: str = ""
    folder: Path | None = None

    @property
    def label(self) -> str:
        """Its name in tables."""
        return self.spec.label

    def result_file(self, dataset: str, sample: Sample) -> Path | None:
        """Return the result of a ``dir:`` method for a picture of a dataset, if any; DataError if several match."""
        return None if self.folder is None else result_file(self.folder, dataset, sample)

    def check(self, dataset: Dataset) -> None:
        """Check that a ``dir:`` method has results of all pictures of a dataset, in their sizes; else DataError."""
        if self.folder is not None:
            check_results(self.folder, dataset)

    def identity(self, dataset: str, sample: Sample) -> str:
        """Return what results depend on besides the spec: a checksum of the model, or of a folder's results."""
        frames = [sample] if sample.previous is None else [sample, sample.previous]
        paths = [path for frame in frames if (path := self.result_file(dataset, frame)) is not None]
        if sample.frame and not is_clip_name(sample.input) and _stream(self.spec) is not None:
            folder = pictures(sample.input.parent)
            return sha256(*folder[: sample.frame + 1]) + self.sha256  # what a stream has seen before
        return sha256(*paths) if paths else self.sha256

    def enhanced(self, dataset: str, sample: Sample) -> Pixels:
        """Return its result of a picture of a dataset.

        DataError if there is none, or one of another size or type; PielightError if it cannot be made or read.
        """
        if self == CLEAN:
            return sample.clean()
        pixels, path = source(sample), self.result_file(dataset, sample)
        if path is None and self.folder is not None:
            raise DataError(f"{self.label}: no picture for {sample.name} of {dataset}")
        if path is not None:
            result = load_frame(path, sample.frame)
        elif sample.frame is not None and (stream := _stream(self.spec)) is not None:
            result = stream.at(film_of(sample.input), sample.frame)
        else:
            result = _enhancer(self.spec)(pixels)
        if result.shape != pixels.shape or result.dtype != np.uint8:
            sizes = f"{size_text(pixels)}, its result {size_text(result)}"
            raise DataError(f"{self.label}: {sample.name} of {dataset} is {sizes}")
        return result


CLEAN = Method(Spec("clean", "clean", "clean", ""))
"""A perfect enhancement, which restores the picture before it was darkened: a bound that is not compared."""


def parse(text: str) -> Spec:
    """Split a spec ``[LABEL=]KIND[:ARGUMENT]`` into its parts; ConfigError if there is no such method.

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
    if kind not in METHODS:
        raise ConfigError(f"{shown(text)}: no such method; {nearest(kind, METHODS)}")
    if METHODS[kind].argument == "required" and not argument:
        raise ConfigError(f"{shown(text)}: names no file; use {METHODS[kind].usage}")
    if METHODS[kind].argument == "none" and argument:
        raise ConfigError(f"{shown(text)}: {kind} takes no argument")
    return Spec(spec, label, kind, argument)


def find_method(text: str) -> Method:
    """Find a method's files and check its settings, without loading a network.

    PielightError if there is no such method, setting, folder or file, or a package is missing that runs it.
    """
    spec = parse(text)
    method_kind = METHODS[spec.kind]
    if spec.kind == "dir":
        results_in.cache_clear()  # the folder may have changed
        folder = Path(spec.argument)
        subfolders(folder)
        return Method(spec, folder=folder)
    if method_kind.files is None:
        method_kind.enhancer(spec)
        return Method(spec)
    paths = method_kind.files(spec)
    try:
        method = Method(spec, sha256(*paths))
    except PictureError:
        raise ModelError(f"{shown(paths[0])}: no such file; use {method_kind.usage}") from None
    if method_kind.extra:
        require(method_kind.extra)
    return method


def open_enhancer(spec: Spec) -> Enhance:
    """Return a function that enhances ``(H, W, 3)`` uint8 pictures; see :attr:`MethodKind.enhancer`."""
    return METHODS[spec.kind].enhancer(spec)


@lru_cache(maxsize=2)
def source(sample: Sample) -> Pixels:
    """Return the input of methods, read-only: the last two are cached and shared by all methods."""
    pixels = sample.pixels()
    pixels.flags.writeable = False
    return pixels


def clear_caches() -> None:
    """Clear the caches of pictures, models and folders, whose files may have changed since the last run."""
    source.cache_clear()
    open_cursor.cache_clear()
    _enhancer.cache_clear()
    _stream.cache_clear()
    results_in.cache_clear()


@lru_cache(maxsize=64)
def _stream(spec: Spec) -> StreamResults | None:
    """Return the results of a method that remembers the frames of a film, or None."""
    open_stream = METHODS[spec.kind].stream(spec)
    return None if open_stream is None else StreamResults(open_stream)


_enhancer = lru_cache(maxsize=64)(open_enhancer)
