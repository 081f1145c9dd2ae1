"""What decoders and encoders raise, turned into one line that names the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from pielight.core.atomic_file import shown
from pielight.errors import MissingExtraError, PictureError, PielightError
from pielight.io.formats import KNOWN
from pielight.io.pillow_limits import own_limits

# What Pillow's decoders and the other libraries are known to raise on damaged files.
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
    AssertionError, RuntimeError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


@contextmanager
def errors_named(name: str, what: str = "damaged picture", writing: bool = False) -> Iterator[None]:
    """Turn whatever goes wrong in decoders and encoders into one line that names the file."""
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
        if writing and isinstance(error, OSError) and error.errno:  # not the picture's fault but the disk's
            raise
        raise PictureError(f"{name}: {what} ({shown(str(error)) or type(error).__name__})") from error
