"""Training pictures: which files of a folder are used, and why the others are not."""

from __future__ import annotations

import hashlib
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from pielight.core.color import luma
from pielight.errors import DataError, PictureError
from pielight.io.preflight import check_file
from pielight.training.schema import DataConfig

Role = Literal["dark", "well"]
Pixels = npt.NDArray[np.uint8]

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error)  # what Pillow's decoders raise


@dataclass(frozen=True)
class Verdict:
    """What becomes of one file: used if ``reason`` is empty."""

    path: Path
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
    found = []
    for folder in folders:
        found += [path for path in Path(folder).expanduser().rglob("*") if path.is_file() or _broken_link(path)]
    return sorted(set(found))


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


def read_small(path: Path, shorter: int, smallest: int = 1) -> Pixels:
    """Read a picture of any size, mode and format as RGB, its shorter side reduced to ``shorter`` if it is longer.

    Pixels stay as they lie in the file, whatever EXIF says of its orientation, as the enhancer sees them too.

    Args:
        path: The file.
        shorter: Largest length of the shorter side of the result.
        smallest: Least length of the shorter side in the file.

    Raises:
        DataError: saying why it cannot be used; the text, "kind: figures", does not repeat the path.
    """
    try:
        check_file(path)
        with (
            warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning),
            Image.open(path) as picture,
        ):
            if min(picture.size) < smallest:
                raise DataError(f"too small: {picture.width} x {picture.height}, the shorter side is below {smallest}")
            picture.draft("RGB", (2 * shorter, 2 * shorter))
            deep = picture.mode.startswith(("I", "F"))
            if deep:
                values = np.nan_to_num(np.asarray(picture, np.float32))
                most = next((top for top in (1, 255) if values.max() <= top), 65535)  # the scale is a guess
                rgb = Image.fromarray((values * (255 / most)).clip(0, 255).round().astype(np.uint8)).convert("RGB")
            else:
                rgb = picture.convert("RGB")
    except PictureError as error:
        raise DataError(f"damaged: {error}") from None
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError("not a picture") from None
    except Image.DecompressionBombError:
        raise DataError(f"too large: more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels") from None
    except _DAMAGED as error:
        raise DataError(f"damaged: {str(error)[:60]}") from None
    return reduced(rgb, shorter)


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


def check(folders: Sequence[str], role: Role, data: DataConfig) -> Iterator[Verdict]:
    """Look at every file of the folders and say whether it is used in a role, and if not, why.

    Raises:
        DataError: if a folder is missing.
    """
    seen: dict[str, Path] = {}
    for path in files(folders):
        try:
            pixels = read_small(path, data.stored_size or data.size * 5 // 4, data.min_size)
        except DataError as error:
            yield Verdict(path, str(error).partition(":")[0], str(error))
            continue
        mean, kind, reason = judge(pixels, role, data)
        digest = hashlib.sha256(pixels.tobytes() + repr(pixels.shape).encode()).hexdigest()
        if not kind and digest in seen:
            kind, reason = "duplicate", f"the same picture as {seen[digest]}"
        seen.setdefault(digest, path)
        yield Verdict(path, kind, reason, mean, None if kind else pixels)


def _broken_link(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def judge(pixels: Pixels, role: Role, data: DataConfig) -> tuple[float, str, str]:
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
