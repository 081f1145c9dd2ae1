"""Why a photo becomes what it becomes: the exposure map, and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.io.decode import read
from pielight.io.display import displayed
from pielight.io.metadata.exif import orientation_of
from pielight.io.orientation import upright_image
from pielight.io.size_limits import memory_for
from pielight.ops.exposure import canonical_exposure
from pielight.ops.noise import Noise, estimate
from pielight.ops.thumbnail import thumbnail
from pielight.options import EnhanceOptions


@dataclass(frozen=True)
class Explanation:
    """A photo, what it becomes, and why; pictures and map are upright.

    Attributes:
        name: The photo's file name.
        before: The photo, RGB.
        after: The result, of the same size.
        ev: Exposures as they were applied, with strength and highlights, (h, w) in EV.
        canonical_ev: The exposure that would bring the photo's mean to 0.42, in EV.
        underexposed: The network's probability that the photo lacks light; None without one.
        noise: Of the photo.
        levels: Share of the photo's values at each of 256 levels of brightness.
        strength: At which the map was applied.
    """

    name: str
    before: Image.Image
    after: Image.Image
    ev: NDArray[np.float32]
    canonical_ev: float
    underexposed: float | None
    noise: Noise
    levels: NDArray[np.float64]
    strength: float = 1.0


def explain(enhancer: Enhancer, path: Path, size: int = 640, options: EnhanceOptions | None = None) -> Explanation:
    """Enhance a photo, and keep what led to the result.

    Args:
        enhancer: With a model that predicts an exposure map.
        path: The photo.
        size: Pixels that the longer side of each picture has at most.
        options: How it is enhanced; None is the default.

    Raises:
        OptionError: The enhancer's model predicts no exposure map.
        PielightError: The photo cannot be read.
    """
    options = options or EnhanceOptions()
    options = options if options.auto is not None else replace(options, auto=enhancer.auto)
    with memory_for(shown(path)):
        picture = read(path)
        exposure = enhancer.exposure(picture.pixels)
        network: Any = enhancer.processor.network
        small = thumbnail(picture.pixels, network.thumbnail_side, enhancer.threads)
        ev = Image.fromarray(exposure.at(options, picture.pixels))
        turned = np.asarray(upright_image(ev, orientation_of(picture.metadata.exif)))
        counts = np.bincount(np.rint(small.mean(axis=0).ravel() * 255).astype(np.int64), minlength=256)
        pixels = replace(enhancer.processor, prediction=exposure).process(picture.pixels, options)
        return Explanation(
            name=shown(path.name),
            before=displayed(picture, size),
            after=displayed(replace(picture, pixels=pixels), size),
            ev=turned,
            canonical_ev=canonical_exposure(small),
            underexposed=exposure.underexposed,
            noise=estimate(picture.pixels),
            levels=counts / counts.sum(),
            strength=options.strength,
        )
