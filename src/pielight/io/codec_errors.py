"""Errors of decoders and encoders, converted to a PictureError of one line that names the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from pielight.core.messages import shown
from pielight.errors import MissingExtraError, PictureError, PielightError
from pielight.io.formats import KNOWN
from pielight.io.pillow_limits import own_limits

# Exceptions that Pillow's decoders and the other libraries raise on damaged files.
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
    AssertionError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


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
