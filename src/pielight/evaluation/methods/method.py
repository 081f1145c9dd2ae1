"""Methods to compare: what each is called, what its results depend on, and what it makes of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pielight.core.atomic_file import shown
from pielight.core.extras import require
from pielight.errors import DataError, ModelError, PictureError
from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.pairing import subfolders
from pielight.evaluation.datasets.pictures import Pixels, load, sha256
from pielight.evaluation.datasets.result_folders import check_results, result_in, results_in
from pielight.evaluation.methods.enhancements import Enhance, enhancement
from pielight.evaluation.methods.specs import KINDS, Spec, file_and_multiple, parse, settings
from pielight.inference.descriptor import TASKS
from pielight.models import DENOISER, find


@dataclass(frozen=True)
class Method:
    """What is compared.

    Attributes:
        spec: As the command line names it.
        sha256: Of the model's file, and the denoiser's after it if that takes part, 16 digits; or nothing.
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

        Raises:
            DataError: Several files could be it.
        """
        return None if self.folder is None else result_in(self.folder, data, sample)

    def check(self, data: DataSet) -> None:
        """Check that a ``dir:`` method has all pictures of a data set, in their sizes.

        Raises:
            DataError: Some are missing or of other sizes; lists the first few.
        """
        if self.folder is not None:
            check_results(self.folder, data)

    def identity(self, data: str, sample: Sample) -> str:
        """Return what results depend on besides the spec: a checksum of the model, or of the pictures somebody made."""
        frames = [sample] if sample.previous is None else [sample, sample.previous]
        paths = [path for frame in frames if (path := self.result_of(data, frame)) is not None]
        return sha256(*paths) if paths else self.sha256


def method(text: str) -> Method:
    """Find a method's files and check its settings, without loading a network.

    Raises:
        ConfigError: There is no such method or setting.
        DataError: The folder of a ``dir:`` method is missing.
        MissingExtraError: A package is missing that runs the method.
        ModelError: A file is missing.
    """
    spec = parse(text)
    if spec.kind == "dir":
        results_in.cache_clear()  # it may hold more by now
        folder = Path(spec.argument)
        subfolders(folder)
        return Method(spec, folder=folder)
    if spec.kind == "pielight":
        wanted = settings(spec)
        paths = [find(wanted.model, TASKS[wanted.task].model).path]
        if wanted.denoise != 0:
            paths.append(find(wanted.denoise_model, DENOISER).path)
    elif spec.kind in ("dce", "onnx"):
        paths = [file_and_multiple(spec)[0]]
    else:
        enhancement(spec)
        return Method(spec)
    try:
        found = Method(spec, sha256(*paths))
    except PictureError:
        raise ModelError(f"{shown(paths[0])}: no such file; say {KINDS[spec.kind]}") from None
    if spec.kind == "dce":
        require("train")
    return found


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
