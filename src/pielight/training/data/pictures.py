"""Training pictures: which files of a folder are used, and why the others are not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from pielight.core.color import luma
from pielight.core.messages import shown
from pielight.core.progress import track
from pielight.errors import DataError, PictureError
from pielight.io.formats import KNOWN
from pielight.io.load_rgb import Pixels, header_size, load_rgb8, rgb8
from pielight.training import processes
from pielight.training.data.shards import Member, members, names_shards, shards
from pielight.training.schema import DataConfig

_DUPLICATE = "duplicate"
Role = Literal["dark", "well"]
Source = Path | Member
"""A picture's file, or its place in a tar."""


@dataclass(frozen=True)
class CheckedFile:
    """What becomes of one file: used if ``reason`` is empty."""

    path: Source
    kind: str
    """The reason in a word or two, to count by, for example "too small"; empty if the file is used."""
    reason: str
    """Why it is left out, with its figures."""
    mean: float = 0.0
    """Mean gray level in [0, 1], if it could be read."""
    pixels: Pixels | None = None
    """The picture as it is kept for training ``(h, w, 3)``, if it is used."""


def files(folders: Sequence[str]) -> list[Path]:
    """Return every file below the folders, sorted.

    Raises:
        DataError: if none is given or one is no folder.
    """
    check_folders(folders)
    paths: set[Path] = set()
    for folder in folders:
        paths |= {path for path in Path(folder).expanduser().rglob("*") if path.is_file() or _broken_link(path)}
    return sorted(paths)


def check_folders(folders: Sequence[str]) -> None:
    """Check that folders exist.

    Raises:
        DataError: if none is given or one is no folder.
    """
    if not folders:
        raise DataError("no folder is given; set data.dark and data.well")
    for folder in folders:
        if not Path(folder).expanduser().is_dir():
            raise DataError(f"{folder}: no such folder")


def sources(folders: Sequence[str]) -> list[Source]:
    """Return every file below the folders, and every picture in tar files, sorted.

    Args:
        folders: Or names of tar files, as in ``shards/{000..010}.tar`` or ``shards/*.tar``.

    Raises:
        DataError: if none is given, one is no folder, or a tar cannot be read.
    """
    check_sources(folders)
    below = [folder for folder in folders if not names_shards(folder)]
    packed = {member for folder in folders if names_shards(folder) for member in members(folder)}
    return [*(files(below) if below else ()), *sorted(packed)]


def check_sources(folders: Sequence[str]) -> None:
    """Check that folders and tar files exist.

    Raises:
        DataError: if none is given, or one is missing.
    """
    for folder in folders:
        if names_shards(folder):
            shards(folder)
    below = [folder for folder in folders if not names_shards(folder)]
    if below or not folders:
        check_folders(below)


def read_small(path: Source, shorter: int, smallest: int = 1) -> Pixels:
    """Read a picture as RGB, its shorter side reduced to ``shorter`` if it is longer.

    Pixels stay as they lie in the file, whatever EXIF says of its orientation, as the enhancer sees them too.

    Args:
        shorter: Largest length of the shorter side of the result.
        smallest: Least length of the shorter side in the file.

    Raises:
        DataError: saying why it cannot be used; the text, "kind: figures", does not repeat the path.
    """
    source = path if isinstance(path, Path) else path.read()
    try:
        size = header_size(source, turn=False)
        if size is not None and min(size) < smallest:
            pixels = None
        elif isinstance(source, Path):
            pixels = load_rgb8(source, turn=False, at_least=2 * shorter)
        else:
            pixels = rgb8(source, shown(str(path)), turn=False, at_least=2 * shorter)
    except PictureError as error:
        raise DataError(_why(str(error).removeprefix(f"{shown(str(path))}: "))) from None
    width, height = size or pixels.shape[1::-1]  # type: ignore[union-attr]
    if pixels is None or min(width, height) < smallest:
        raise DataError(f"too small: {width} x {height}, the shorter side is below {smallest}")
    return reduced(pixels, shorter)


def _why(error: str) -> str:
    """Return "kind: figures" of what is wrong with a file."""
    if error == "empty file" or KNOWN in error:
        return "not a picture"
    if "; the limit is " in error or "bomb" in error:
        return f"too large: {error}"
    return f"{'damaged' if error.startswith('damaged') else 'unreadable'}: {error}"


def reduced(picture: Image.Image | Pixels, shorter: int) -> Pixels:
    """Return an RGB picture with its shorter side reduced to ``shorter`` if it is longer.

    >>> reduced(np.zeros((40, 60, 3), np.uint8), 20).shape
    (20, 30, 3)
    """
    rgb = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    scale = shorter / min(rgb.size)
    if scale < 1:
        target = (max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale)))
        rgb = rgb.resize(target, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(rgb)


def check(folders: Sequence[str], role: Role, data: DataConfig) -> Iterator[CheckedFile]:
    """Look at every file of the folders and say whether it is used in a role, and if not, why.

    Raises:
        DataError: if a folder is missing.
    """
    seen: dict[str, Source] = {}

    def read(path: Source) -> Pixels | str:
        try:
            return read_small(path, data.stored_size or data.size * 5 // 4, data.min_size)
        except DataError as error:
            return str(error)

    paths = sources(folders)
    for path, pixels in zip(paths, processes.share(paths, read), strict=True):
        if isinstance(pixels, str):
            yield CheckedFile(path, pixels.partition(":")[0], pixels)
            continue
        mean, kind, reason = check_exposure(pixels, role, data)
        digest = hashlib.sha256(pixels.tobytes() + repr(pixels.shape).encode()).hexdigest()
        if not kind and digest in seen:
            kind, reason = _DUPLICATE, f"the same picture as {seen[digest]}"
        seen.setdefault(digest, path)
        yield CheckedFile(path, kind, reason, mean, None if kind else pixels)


def usable(
    folders: Sequence[str], role: Role, data: DataConfig, log: Callable[[str], None] = lambda _: None
) -> list[Pixels]:
    """Read every picture of the folders that can play a role; ``log`` is called with a line from time to time.

    Raises:
        DataError: if a folder is missing, or holds no such picture.
    """
    seen = list(track(check(folders, role, data), len(sources(folders)), f"reading {role} pictures", log))
    used = {one.path for one in seen if one.kind in ("", _DUPLICATE)}
    for folder in folders:
        if not used or (len(folders) > 1 and used.isdisjoint(sources([folder]))):
            named = folder if used else ", ".join(folders)
            raise DataError(f"{shown(named)}: no usable {role} picture; `pielight data check` says why")
    return [one.pixels for one in seen if one.pixels is not None]


def _broken_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def check_exposure(pixels: Pixels, role: Role, data: DataConfig) -> tuple[float, str, str]:
    """Return the mean gray level of a picture, and why it cannot play its role: kind and reason, or empty texts."""
    gray = np.sort(luma(pixels, np.float32).ravel()) / 255
    mean = float(gray.mean())
    if gray[-1] - gray[0] < 0.02:
        return mean, "one flat color", "one flat color"
    low, high = data.dark_mean if role == "dark" else data.well_mean
    if mean < low:
        return mean, "too dark", f"too dark: mean brightness {mean:.3f}, below {low:g}"
    if mean > high:
        return mean, "too bright", f"too bright: mean brightness {mean:.3f}, above {high:g}"
    if role == "well":
        clipped = float((pixels.max(2) >= 254).mean())
        if clipped > data.well_clipped:
            return mean, "burnt out", f"burnt out: {clipped:.0%} of it, more than {data.well_clipped:.0%}"
        shadows = float(gray[: max(1, round(0.3 * gray.size))].mean())
        if shadows < data.well_shadows:
            return mean, "dark shadows", f"dark shadows: {shadows:.3f}, below {data.well_shadows:g}"
    return mean, "", ""
