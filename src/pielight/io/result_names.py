"""Names of results: where the result of a picture goes, and which picture a result was made of."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pielight.core.atomic_file import is_same_file
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


def result_target(source: Path, target: str | Path | None, file_format: str | None = None) -> Path:
    """Return the file to write: beside the source if there is no target, and within it if that is a folder.

    Args:
        file_format: See :func:`suffix_of_result`.

    >>> result_target(Path("night.jpg"), "new/").as_posix(), result_target(Path("night.jpg"), "a.png").as_posix()
    ('new/night.jpg', 'a.png')
    """
    if target is not None and not os.fspath(target).endswith(("/", os.sep)) and not Path(target).is_dir():
        return Path(target)
    beside = result_beside(source)
    beside = beside.with_name(beside.stem + suffix_of_result(source, file_format))
    if target is None:
        return beside
    result = Path(target) / f"{source.stem}{beside.suffix}"
    return Path(target) / beside.name if is_same_file(result, source) else result
