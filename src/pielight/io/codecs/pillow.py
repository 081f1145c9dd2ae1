"""What Pillow reads and writes in the same way for several formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from PIL import Image

from pielight.core.atomic_file import Checked
from pielight.io.image import Picture, to_image
from pielight.io.metadata.metadata import Metadata

_MAX_DPI = 65_535


def read_metadata(image: Image.Image, _data: bytes = b"") -> Metadata:
    """Return the metadata that Pillow found in an opened file; call it before the pixels are loaded."""
    info = image.info
    xmp, dpi = info.get("xmp"), info.get("dpi")
    is_sound = dpi and len(dpi) == 2 and all(0 < value <= _MAX_DPI for value in dpi)  # else no format can hold it
    return Metadata(
        exif=info.get("exif") or b"",
        icc_profile=info.get("icc_profile") or None,
        xmp=xmp.encode() if isinstance(xmp, str) else xmp,
        dpi=dpi if is_sound else None,
        comment=info.get("comment"),
    )


def save_options(metadata: Metadata) -> dict[str, Any]:
    """Return the options of Pillow's ``save`` for the metadata that WebP, AVIF and HEIC hold."""
    options = {
        "icc_profile": metadata.icc_profile, "dpi": metadata.dpi, "exif": metadata.exif, "xmp": metadata.xmp,
    }  # fmt: skip
    return {name: value for name, value in options.items() if value}


def encodable(picture: Picture) -> Image.Image:
    """Return a picture as an image of its own mode; RGB pixels may lie in a buffer of four channels."""
    image = to_image(picture)
    return image.convert("RGB") if image.mode == "RGBX" and picture.mode != "RGBX" else image


def checked(file: BinaryIO) -> BinaryIO:
    """Return a file whose current end counts as its start, and to which Pillow cannot write unnoticed errors."""
    return cast(BinaryIO, Checked(file, file.tell()))


class HeaderRewriter:
    """A file into which Pillow writes, whose header is rewritten on the way.

    Args:
        file: Open for writing.
        size: Bytes of the header; they are held back until they are complete.
        rewrite: Returns what is written in place of the first bytes, which are ``size`` or more.
    """

    def __init__(self, file: BinaryIO, size: int, rewrite: Callable[[bytes], bytes]) -> None:
        self._file, self._size, self._rewrite, self._head = file, size, rewrite, b""
        self.flush = file.flush

    def write(self, data: bytes) -> int:
        """Write the next bytes."""
        if len(self._head) >= self._size:
            return self._file.write(data)
        self._head += data
        if len(self._head) >= self._size:
            self._file.write(self._rewrite(self._head))
        return len(data)
