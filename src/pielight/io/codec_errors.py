"""Errors of decoders and encoders as one line that names the file, and limits of Pillow replaced meanwhile."""

from __future__ import annotations

import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from pielight.core.messages import shown
from pielight.errors import MissingExtraError, PictureError, PielightError
from pielight.io.formats import KNOWN

# Exceptions that Pillow's decoders and the other libraries raise on damaged files.
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
    AssertionError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
_lock = threading.Lock()
_users = 0
_restore = ExitStack()
_GRAY_16_WITH_OPACITY = [(order, 1, (1,), 1, (16, 16), (2,)) for order in (TiffImagePlugin.II, TiffImagePlugin.MM)]
_LONGEST_TEXT = 1 << 24  # bytes of a PNG's text or profile, decompressed; Pillow allows 1 MB each and 64 MB in all
logging.getLogger("PIL").addHandler(logging.NullHandler())  # or its log would reach standard error


@contextmanager
def errors_named(name: str, what: str = "damaged picture", writing: bool = False) -> Iterator[None]:
    """Convert errors of decoders and encoders to a PictureError of one line that names the file.

    Args:
        what: What the error is called, as in "damaged picture".
        writing: Let errors of the system pass, such as a full disk.
    """
    try:
        with own_limits():
            yield
    except (PictureError, MissingExtraError) as error:
        raise PictureError(f"{name}: {error}") from error
    except PielightError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a {KNOWN} picture, or damaged") from error
    except MemoryError as error:
        raise PictureError(f"{name}: not enough memory") from error
    except DAMAGED as error:
        if writing and isinstance(error, OSError) and error.errno:  # an error of the disk, not of the picture
            raise
        raise PictureError(f"{name}: {what} ({shown(str(error)) or type(error).__name__})") from error


@contextmanager
def own_limits() -> Iterator[None]:
    """Replace Pillow's limits by ours, and silence its warnings, while at least one thread is in the block.

    Its pixel limit, below the largest phone pictures, is lifted, that of texts and profiles in PNG is raised, and it
    opens 16-bit gray TIFF with alpha, whose pixels tifffile decodes.
    """
    global _users
    with _lock:
        if not _users:
            _replace()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _restore.close()


def _replace() -> None:
    _restore.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", module=r"PIL\b|pillow_heif\b")
    _restore.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    Image.MAX_IMAGE_PIXELS = None
    _restore.callback(setattr, PngImagePlugin, "MAX_TEXT_CHUNK", PngImagePlugin.MAX_TEXT_CHUNK)
    PngImagePlugin.MAX_TEXT_CHUNK = _LONGEST_TEXT
    for kind in _GRAY_16_WITH_OPACITY:
        if kind not in TiffImagePlugin.OPEN_INFO:
            TiffImagePlugin.OPEN_INFO[kind] = ("RGBA", "LA;16B")
            _restore.callback(TiffImagePlugin.OPEN_INFO.pop, kind)
