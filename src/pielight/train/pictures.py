"""Training pictures: which files of a folder are used, and why the others are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from pielight.errors import DataError
from pielight.train.config import Data

Role = Literal["dark", "well"]
Pixels = npt.NDArray[np.uint8]

_LARGEST = 256_000_000  # pixels; more is a decompression bomb or a mistake


@dataclass(frozen=True)
class Verdict:
    """What becomes of one file: used if ``reason`` is empty."""

    path: Path
    reason: str
    mean: float = 0.0
    """Mean grey level in [0, 1], if it could be read."""
    pixels: Pixels | None = None
    """The picture as it is kept for training ``(h, w, 3)``, if it is used."""


def files(folders: Sequence[str]) -> list[Path]:
    """Return every file below the folders, sorted.

    Raises:
        DataError: if none is given or one is no folder.
    """
    if not folders:
        raise DataError("no folder is given; set data.dark and data.well")
    found = []
    for folder in folders:
        if not Path(folder).expanduser().is_dir():
            raise DataError(f"{folder}: no such folder")
        found += [path for path in Path(folder).expanduser().rglob("*") if path.is_file()]
    return sorted(found)


def read_small(path: Path, shorter: int) -> Pixels:
    """Read a picture of any size, mode and format as RGB, its shorter side reduced to ``shorter`` if it is longer.

    Raises:
        DataError: saying why it cannot be used; the text does not repeat the path.
    """
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _LARGEST:
                raise DataError(f"too large, {picture.width} x {picture.height}")
            picture.draft("RGB", (2 * shorter, 2 * shorter))
            deep = picture.mode.startswith(("I", "F"))
            if deep:
                values = np.asarray(picture, np.float32)
                values *= 255 / (65535 if values.max() > 255 else 255)
                rgb = Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).convert("RGB")
            else:
                rgb = picture.convert("RGB")
    except UnidentifiedImageError:
        raise DataError("not a picture") from None
    except Image.DecompressionBombError:
        raise DataError("too large") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # what Pillow's decoders raise
        raise DataError(f"damaged ({str(error)[:60]})") from None
    scale = shorter / min(rgb.size)
    if scale < 1:
        target = (max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale)))
        rgb = rgb.resize(target, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(rgb)


def check(folders: Sequence[str], role: Role, data: Data) -> Iterator[Verdict]:
    """Look at every file of the folders and say whether it is used in a role, and if not, why.

    Raises:
        DataError: if a folder is missing.
    """
    seen: dict[str, Path] = {}
    for path in files(folders):
        try:
            pixels = read_small(path, data.size * 5 // 4)
        except DataError as error:
            yield Verdict(path, str(error))
            continue
        mean, reason = _judge(pixels, role, data)
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        if not reason and digest in seen:
            reason = f"the same picture as {seen[digest].name}"
        seen.setdefault(digest, path)
        yield Verdict(path, reason, mean, None if reason else pixels)


def _judge(pixels: Pixels, role: Role, data: Data) -> tuple[float, str]:
    """Return the mean grey level of a picture and why it cannot play its role, or an empty text."""
    height, width = pixels.shape[:2]
    grey = np.sort((pixels @ np.array([0.299, 0.587, 0.114], np.float32)).ravel()) / 255
    mean = float(grey.mean())
    if min(height, width) < data.smallest:
        return mean, f"too small, {width} x {height}; the shorter side should be >= {data.smallest}"
    if grey[-1] - grey[0] < 0.02:
        return mean, "one flat colour"
    low, high = data.dark_mean if role == "dark" else data.well_mean
    if not low <= mean <= high:
        return mean, f"mean brightness {mean:.2f} is outside [{low:g}, {high:g}]"
    if role == "well":
        clipped = float((pixels.max(2) >= 254).mean())
        if clipped > data.well_clipped:
            return mean, f"{clipped:.0%} of it is burnt out"
        shadows = float(grey[: max(1, round(0.3 * grey.size))].mean())
        if shadows < data.well_shadows:
            return mean, f"shadows at {shadows:.2f}, below {data.well_shadows:g}"
    return mean, ""
