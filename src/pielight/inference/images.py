"""Arrays and Pillow images in, the same kind out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import full_scale
from pielight.errors import OptionError
from pielight.inference.denoise import network, render
from pielight.io.decode import open_image
from pielight.io.image import Picture, to_image
from pielight.io.metadata.embedded_thumbnails import exif_with_new_thumbnail
from pielight.ops.apply import apply as apply_to_pixels
from pielight.ops.haze_lattice import Lattice
from pielight.options import HIGHLIGHTS, Denoise, check_denoise, check_highlights, check_strength

Array = NDArray[Any]
Change = Callable[..., Array]  # of pixels, into another array or a given one


class FramesChange(Protocol):
    """A change of one picture's pixels that can do the same to all the frames of a file."""

    def __call__(self, pixels: Array, out: Array | None = None) -> Array:
        """Change pixels (H, W, 1 or 3), into another array or a given one."""

    def alike(self, frames: Iterable[Array]) -> FramesChange:
        """Return the change with one set of curves for all frames: what is alike in two of them stays alike."""


@overload
def apply(
    image: Image.Image,
    lattice: Lattice,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    threads: int | None = None,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
) -> Image.Image: ...
@overload
def apply(
    image: Array,
    lattice: Lattice,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    threads: int | None = None,
    out: Array | None = None,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
) -> Array: ...


def apply(
    image: Image.Image | Array,
    lattice: Lattice,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    threads: int | None = None,
    out: Array | None = None,
    *,
    denoise: Denoise = 0.0,
    denoise_model: str | Path | None = None,
) -> Image.Image | Array:
    """Enhance a picture with curves that :meth:`pielight.Enhancer.curves` predicted, of it or of another.

    Args:
        image: A Pillow image, or a uint8, uint16 or float array as :class:`pielight.Enhancer` takes it.
        lattice: The curves.
        strength: 0 is the identity, bit for bit; 1 the model; -1.5 (darker) to 1.5.
        highlights: How far bright pixels are spared, 0 to 1.
        threads: Threads to share the rows among; None takes every core that the process may use.
        denoise: How much of the noise that the curves show is taken out, 0 to 1, or ``"auto"``.
        denoise_model: Path of an ONNX file with the network for it; None is the one that comes with pielight.
        out: For an array only: where to put the result, like the array; may be the array itself.

    Returns:
        ``out``, or a new picture of the same kind.

    Raises:
        OptionError: It is no picture, or an argument is out of range.

    >>> from pielight.ops.lattice import CurveLattice
    >>> dark = np.full((6, 8), 51, np.uint8)
    >>> lattice = CurveLattice(np.full((1, 3, 2, 2), -1.0))
    >>> [int(apply(dark, lattice, strength)[0, 0]) for strength in (-1, 0, 0.5, 1)]
    [27, 51, 71, 91]
    """

    denoiser = network(denoise_model, threads)

    def change(pixels: Array, out: Array | None = None) -> Array:
        applier = partial(apply_to_pixels, threads=threads)
        return render(applier, pixels, lattice, strength, highlights, denoise, denoiser, threads, out)

    if not isinstance(lattice, Lattice):
        raise OptionError(f"{type(lattice).__name__}: expected the CurveLattice that Enhancer.curves returns")
    if isinstance(image, Image.Image):
        if out is not None:
            raise OptionError("out is only for an array")
        check_strength(strength)
        check_highlights(highlights)
        check_denoise(denoise)
        return changed_image(image, change, strength)
    if isinstance(image, np.ndarray):
        return changed_array(image, change, out)
    raise OptionError(f"{type(image).__name__}: expected a Pillow image or NumPy array")


def changed_picture(picture: Picture, change: Change) -> Picture:
    """Change the pixels of a picture that nobody else holds, in its own memory if that can be written to."""
    pixels = picture.pixels
    return replace(picture, pixels=change(pixels, out=pixels if pixels.flags.writeable else None))


def changed_image(image: Image.Image, change: Change, strength: float) -> Image.Image:
    """Change a Pillow image into another of the same mode.

    Raises:
        PictureError: Its mode is not supported, or it is damaged.
    """
    if strength == 0:
        return image.copy()
    picture = changed_picture(open_image(image), change)
    result = to_image(picture)
    kept = {key: value for key, value in image.info.items() if key != "transparency"}
    if isinstance(exif := kept.get("exif"), bytes):
        kept["exif"] = exif_with_new_thumbnail(exif, picture)
    result.info = kept | result.info  # the transparency of a palette
    return result


def changed_array(image: Array, change: Change, out: Array | None = None) -> Array:
    """Change an array of any shape that pictures have; opacity stays.

    Raises:
        OptionError: It is no picture, or ``out`` is not like it.
    """
    colors, opacity = colors_of(image)
    if out is not None:
        if out.shape != image.shape or out.dtype != image.dtype:
            raise OptionError(f"out of shape {out.shape}, {out.dtype}: must be like the array")
        place, place_of_opacity = colors_of(out)
        change(colors, out=place)
        if place_of_opacity is not None:
            place_of_opacity[...] = opacity
        return out
    result = change(colors)
    return (result if opacity is None else np.concatenate([result, opacity], axis=2)).reshape(image.shape)


def colors_of(image: Array) -> tuple[Array, Array | None]:
    """Take an array apart into (H, W, 1 or 3) colors and (H, W, 1) opacity, or None without it.

    Raises:
        OptionError: The array has another shape or type than a picture's.

    >>> [None if part is None else part.shape for part in colors_of(np.zeros((2, 3, 4)))]
    [(2, 3, 3), (2, 3, 1)]
    """
    full_scale(image.dtype)
    shaped = image[..., np.newaxis] if image.ndim == 2 else image
    if shaped.ndim != 3 or shaped.shape[2] not in (1, 2, 3, 4):
        raise OptionError(f"array of shape {image.shape}: expected (H, W) or (H, W, 1 to 4)")
    if shaped.shape[2] in (2, 4):
        return shaped[..., :-1], shaped[..., -1:]
    return shaped, None
