"""What the client checks and converts before it sends anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pielight.core.atomic_file import check_writable, is_same_file
from pielight.core.messages import shown
from pielight.errors import ExistsError, PictureError
from pielight.inference.pipeline_arrays import split_opacity
from pielight.io.codecs.raw.develop import is_raw_file
from pielight.io.formats import RAW, format_of
from pielight.io.image import Picture
from pielight.options import EnhanceOptions

MODES = {"uint8": ("L", "LA", "RGB", "RGBA"), "uint16": ("I;16", "LA;16", "RGB;16", "RGBA;16")}


def parameters_of(options: EnhanceOptions, task: str) -> dict[str, Any]:
    """Return options as parameters of a request.

    >>> parameters_of(EnhanceOptions(0.5, auto=False), "brighten")
    {'task': 'brighten', 'strength': 0.5, 'auto': 'false'}
    """
    given = changed(options, EnhanceOptions())
    return {"task": task} | {name: str(value).lower() if isinstance(value, bool) else value
                             for name, value in given.items()}  # fmt: skip


def changed(options: object, default: object) -> dict[str, Any]:
    """Return the attributes in which options differ from the default ones.

    >>> changed(EnhanceOptions(0.5), EnhanceOptions())
    {'strength': 0.5}
    """
    return {name: value for name, value in vars(options).items() if value != getattr(default, name)}


def check_target(source: Path, target: Path, exist_ok: bool) -> None:
    """Check, before anything is sent, that the result can be written.

    Raises:
        ExistsError: The target exists, and is to be kept.
        PictureError: It is the source, or cannot be written.
    """
    if is_same_file(source, target):
        raise PictureError(f"{shown(target)}: the result would overwrite its source; choose another target")
    if target.exists() and not exist_ok:
        raise ExistsError(f"{shown(target)}: already exists; pass exist_ok=True to replace it", str(target))
    check_writable(target)


def wanted_format(source: Path, target: Path) -> str | None:
    """Return the format that a target asks for, as :func:`pielight.enhance_file` does; None is the source's own.

    Raises:
        PictureError: It is camera RAW.
    """
    if target.suffix.lower() == source.suffix.lower() and not is_raw_file(source):
        return None
    found = format_of(target, "")
    if found == RAW:
        raise PictureError(f"{shown(target)}: RAW cannot be written; name the result .tif or .jpg")
    return found or None


def picture_of(array: NDArray[Any]) -> Picture:
    """Return an array as a picture, of a mode that TIFF can hold."""
    colors, opacity = split_opacity(array)
    channels = colors.shape[2] + (opacity is not None)
    return Picture(colors, MODES[str(array.dtype)][channels - 1], None if opacity is None else opacity[..., 0])
