"""Which extra reads a picture, told by the head of its file, so that what is missing is said before any work."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from pielight.errors import MissingExtraError, PictureError
from pielight.extras import require
from pielight.media.files import shown
from pielight.media.formats import READABLE, is_deep
from pielight.media.heif import is_heif
from pielight.media.raw import is_raw

_HEAD = 1 << 16  # bytes: the first directory of a TIFF is mostly among them


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
    """Return the extra that reads a picture; nothing for one that Pillow reads, or that will be found damaged."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if is_raw(head, path.name):
            return "raw"
        if is_heif(head):
            return "heif"
        with Image.open(path, formats=READABLE) as image:
            return "deep" if is_deep(image, head) else ""
    except Exception:  # noqa: BLE001 - what is wrong with a picture is said when it is decoded
        return ""
