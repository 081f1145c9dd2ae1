"""A photo as it is, and at several strengths, as a screen shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.io.decode import read
from pielight.io.display import displayed
from pielight.io.size_limits import memory_for
from pielight.options import EnhanceOptions


@dataclass(frozen=True)
class Comparison:
    """A photo before and after; all pictures are upright, RGB, in sRGB and of one size."""

    name: str  # the photo's file name
    before: Image.Image  # the photo
    after: dict[float, Image.Image]  # what it becomes, by strength


def compare(
    enhancer: Enhancer, path: Path, strengths: Sequence[float], size: int = 1200, options: EnhanceOptions | None = None
) -> Comparison:
    """Enhance a photo at several strengths; the network sees it once.

    Args:
        strengths: -1.5 to 1.5 each.
        size: Pixels that the longer side of each picture has at most.

    Raises:
        PielightError: The photo cannot be read, or a strength is out of range.
    """
    options = options or EnhanceOptions(auto=enhancer.auto)
    with memory_for(shown(path)):
        picture = read(path)
        processor = enhancer.processor.for_picture(picture.pixels, options)
        after = {}
        for strength in strengths:  # one by one, so that only small ones are kept
            pixels = processor.process(picture.pixels, replace(options, strength=strength))
            after[strength] = displayed(replace(picture, pixels=pixels), size)
        return Comparison(shown(path.name), displayed(picture, size), after)
