"""Names of results: where the result of a picture goes, and which picture a result was made of."""

from __future__ import annotations

import re
from pathlib import Path

from pielight.core.messages import shown
from pielight.errors import PictureError
from pielight.io.codecs.raw.develop import is_raw_file
from pielight.io.formats import RAW, format_of, result_suffix, written_format

_SUFFIX = "_pie"
_RESULT = re.compile(rf"(.+){_SUFFIX}(-\d+)?", re.DOTALL)


def result_beside(path: Path) -> Path:
    """Name the result of a picture: beside it, with ``_pie`` after its stem; that of camera RAW ends in .tif.

    >>> [result_beside(Path("trip") / name).name for name in ("night.jpg", "night.dng")]
    ['night_pie.jpg', 'night_pie.tif']
    """
    if not path.name:
        raise PictureError(f"{shown(path)}: no picture is named")
    return path.with_name(f"{path.stem}{_SUFFIX}{suffix_of_result(path)}")


def origin(path: Path) -> str | None:
    """Return the stem of the picture that a result was made of, or None if the name is not that of a result.

    >>> origin(Path("a_pie.jpg")), origin(Path("a_pie-2.jpg")), origin(Path("a.jpg"))
    ('a', 'a', None)
    """
    match = _RESULT.fullmatch(path.stem)
    return match[1] if match else None


def suffix_of_result(path: Path, file_format: str | None = None) -> str:
    """Return the extension of a picture's result; a picture whose own says nothing is looked into.

    Args:
        file_format: Pillow's name of the format to write; None is the one it comes in, TIFF for camera RAW.
    """
    if file_format is None and not format_of(path, "") and is_raw_file(path):
        file_format = written_format(RAW)
    return result_suffix(path, file_format)
