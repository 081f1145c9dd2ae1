"""A photo as it is, and at several strengths, as a screen shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from pielight.core.atomic_file import shown
from pielight.enhancer import Enhancer
from pielight.inference.descriptor import TASKS
from pielight.inference.images import apply
from pielight.io.decode import read
from pielight.io.display import displayed
from pielight.io.size_limits import memory_for
from pielight.options import HIGHLIGHTS, Denoise


@dataclass(frozen=True)
class Comparison:
    """A photo before and after; all pictures are upright, RGB, in sRGB and of one size.

    Attributes:
        name: The photo's file name.
        before: The photo.
        after: What it becomes, by strength.
    """

    name: str
    before: Image.Image
    after: dict[float, Image.Image]


def compare(
    enhancer: Enhancer,
    path: Path,
    strengths: Sequence[float],
    highlights: float = HIGHLIGHTS,
    size: int = 1200,
    denoise: Denoise = 0.0,
) -> Comparison:
    """Enhance a photo at several strengths; a network of curves looks at it once.

    Args:
        enhancer: The model.
        path: The photo.
        strengths: -1.5 to 1.5 each.
        highlights: 0 to 1.
        size: Pixels that the longer side of each picture has at most.
        denoise: 0 to 1, or ``"auto"``.

    Raises:
        PielightError: The photo cannot be read, or a strength is out of range.
    """
    with memory_for(shown(path)):
        return _compared(enhancer, path, strengths, highlights, size, denoise)


def _compared(
    enhancer: Enhancer, path: Path, strengths: Sequence[float], highlights: float, size: int, denoise: Denoise
) -> Comparison:
    picture = read(path)
    curves = enhancer.curves(picture.pixels) if TASKS[enhancer.task].has_curves else None
    after = {}
    for strength in strengths:  # one by one, so that only small ones are kept
        if curves is None:
            pixels = enhancer(picture.pixels, strength, highlights, denoise=denoise)
        else:
            pixels = apply(
                picture.pixels, curves, strength, highlights, enhancer.threads, denoise=denoise,
                denoise_model=enhancer.denoiser.path,
            )  # fmt: skip
        after[strength] = displayed(replace(picture, pixels=pixels), size)
    return Comparison(shown(path.name), displayed(picture, size), after)
