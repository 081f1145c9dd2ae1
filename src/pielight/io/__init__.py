"""Picture files: decoding, encoding, metadata and limits.

Checks and codecs raise ``PictureError`` without a file name, which :func:`.codec_errors.errors_named` adds.
Lists of notes that functions take are extended by what the user should know.

The names here load their modules when they are first used: networks are described and run without any codec.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pielight.io.decode import open_image
    from pielight.io.image import look_different, sample, to_image
    from pielight.io.metadata.embedded_thumbnails import exif_with_new_thumbnail

_HOME = {
    "exif_with_new_thumbnail": "metadata.embedded_thumbnails",
    "look_different": "image",
    "open_image": "decode",
    "sample": "image",
    "to_image": "image",
}
__all__ = ["exif_with_new_thumbnail", "look_different", "open_image", "sample", "to_image"]


def __getattr__(name: str) -> Any:
    """Load a name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
