"""A dataset: samples, each a picture with what it should become, and what degrades it before methods get it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.datasets.film import load_frame
from pielight.io.load_rgb import Pixels

Box = tuple[float, float, float, float]


class Degradation(Protocol):
    """Degradation of a picture before methods get it; its ``repr`` names every setting that the result depends on."""

    def clean(self, pixels: Pixels) -> Pixels:
        """Return the picture as a perfect enhancement would restore it."""

    def degrade(self, pixels: Pixels, name: str) -> Pixels:
        """Return the picture as methods get it, of the same size as the clean one; the name seeds random numbers."""


@dataclass(frozen=True)
class Sample:
    """A picture to enhance.

    Attributes:
        name: Unique in its dataset: the stem, in SICE after that of the scene, as in ``12/3``.
        input: The file of the picture, or the clip that holds it.
        reference: The file of what it should become, if there is one; a clip's for a frame of a clip.
        previous: The frame before it in a film, unless it is the first.
        scene: Scene of SICE or clip of a film. Statistics resample the pictures of one scene together.
        boxes: The boxes that a detector should return, ``(x, y, w, h)`` in pixels of the file.
        labels: The file of what a downstream model should return, such as the label map of a segmenter.
        frame: Its number in its film, from 0; None if it is no frame.
        degradation: Applied before methods get it.
    """

    name: str
    input: Path
    reference: Path | None = None
    previous: Sample | None = None
    scene: str = ""
    boxes: tuple[Box, ...] | None = None
    labels: Path | None = None
    degradation: Degradation | None = None
    frame: int | None = None

    def pixels(self) -> Pixels:
        """Return the input of methods; PictureError if the file cannot be read."""
        pixels = load_frame(self.input, self.frame)
        return pixels if self.degradation is None else self.degradation.degrade(pixels, self.name)

    def clean(self) -> Pixels:
        """Return the result of a perfect enhancement, as far as it is known; PictureError as above."""
        pixels = load_frame(self.input, self.frame)
        return pixels if self.degradation is None else self.degradation.clean(pixels)

    def files(self) -> list[Path]:
        """Return the files that its measurements depend on."""
        before = None if self.previous is None else self.previous.input
        return [path for path in (self.input, self.reference, before, self.labels) if path is not None]

    def sha256(self) -> str:
        """Return 16 digits of a checksum of all that its measurements depend on; PictureError as above."""
        digits = sha256(*self.files())
        if self.boxes is None and self.degradation is None:
            return digits
        return hashlib.sha256(f"{digits} {self.boxes} {self.degradation!r}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Dataset:
    """Pictures that are measured together.

    Attributes:
        name: As given by the user.
        layout: How its files are arranged, in words.
        samples: The pictures, sorted.
        notes: What is missing or left out.
    """

    name: str
    layout: str
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_paired(self) -> bool:
        """Whether there are references."""
        return self.samples[0].reference is not None

    @property
    def groups(self) -> list[str] | None:
        """The scene of every picture, or None if there is one of each."""
        return [sample.scene for sample in self.samples] if self.samples[0].scene else None

    @property
    def is_film(self) -> bool:
        """Whether the pictures are consecutive frames."""
        return any(sample.previous is not None for sample in self.samples)

    def first(self, limit: int | None) -> Dataset:
        """Keep only the first pictures, with a note."""
        if limit is None or limit >= len(self.samples):
            return self
        note = f"the first {limit} of {len(self.samples)} pictures"
        return replace(self, samples=self.samples[:limit], notes=(*self.notes, note))
