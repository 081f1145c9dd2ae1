"""The extra that decodes a picture, determined from the head of its file, so that a missing one is reported early."""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from pielight.core.extras import require
from pielight.core.messages import shown
from pielight.errors import MissingExtraError, PictureError
from pielight.io import preflight
from pielight.io.codec_errors import own_limits
from pielight.io.codecs.heif.container import container
from pielight.io.codecs.png.chunks import is_high_bit_depth
from pielight.io.codecs.raw.develop import is_raw
from pielight.io.codecs.tiff.sample_format import read_sample_format
from pielight.io.formats import HEIF, READABLE

_HEAD = 1 << 16  # bytes, which mostly include the first directory of a TIFF


def require_readers(paths: Iterable[Path]) -> None:
    """Check that the extras that read some pictures are installed; no pixels are decoded.

    Raises:
        PictureError: An extra is missing; names the first picture that needs it, and how to install it.
    """
    missing: dict[str, MissingExtraError] = {}
    for extra in ("raw", "heif", "deep"):
        try:
            require(extra)
        except MissingExtraError as error:
            missing[extra] = error
    for path in paths if missing else ():
        lacking = missing.get(_reader(path))
        if lacking is not None:
            raise PictureError(f"{shown(path)}: {lacking}") from lacking


def _reader(path: Path) -> str:
    """Return the extra that decodes a picture; empty if Pillow decodes it, or if it is damaged."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            head = data[:_HEAD]
            if is_raw(head, path.name):
                return "raw"
            if container(head) == HEIF:
                return "heif"
            sample_format = read_sample_format(data)
            if sample_format is not None:
                return "deep" if sample_format.needs_tifffile else ""
            preflight.check(data)
            with own_limits(), Image.open(path, formats=READABLE) as image:
                return "deep" if is_high_bit_depth(image, head) else ""
    except Exception:  # noqa: BLE001 - decoding the picture reports what is wrong
        return ""
