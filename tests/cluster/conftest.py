"""Photos with metadata, in the shards that they come in."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from pielight.cluster.photos import Enhanced

BAD = b"no photo"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # once, since it holds the time


def jpeg(seed: int = 0, size: tuple[int, int] = (96, 64)) -> bytes:
    """Return a dark photo with EXIF and a profile."""
    exif = Image.Exif()
    exif[271], exif[306] = "Maker", f"2026:01:02 03:04:{seed % 60:02}"
    pixels = np.random.default_rng(seed).integers(0, 50, (size[1] // 8, size[0] // 8, 3), np.uint8).repeat(8, 0)
    file = io.BytesIO()
    Image.fromarray(pixels.repeat(8, 1)).save(file, "JPEG", exif=exif, icc_profile=PROFILE)
    return file.getvalue()


def write_tar(path: Path, members: Sequence[tuple[str, bytes]]) -> Path:
    """Write a tar file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(data), 1_700_000_000, 0o640
            archive.addfile(member, io.BytesIO(data))
    return path


def read_tar(path: Path | bytes) -> list[tuple[str, bytes]]:
    """Read names and contents of a tar file."""
    file = io.BytesIO(path if isinstance(path, bytes) else path.read_bytes())
    with tarfile.open(fileobj=file) as archive:
        return [(one.name, archive.extractfile(one).read() if one.isreg() else b"") for one in archive]  # type: ignore[union-attr]


def samples(
    start: int, count: int, bad: Sequence[int] = (), size: tuple[int, int] = (96, 64)
) -> list[tuple[str, bytes]]:
    """Return members in WebDataset's form: a photo and its label each."""
    members = []
    for number in range(start, start + count):
        members.append((f"{number:04d}.jpg", BAD if number in bad else jpeg(number, size)))
        members.append((f"{number:04d}.json", json.dumps({"number": number}).encode()))
    return members


class Reversed:
    """Stands for an engine: turns bytes around, and fails where they are bad."""

    def enhance(self, data: bytes, name: str) -> Enhanced:
        if data.startswith(BAD):
            return Enhanced(None, f"{name}: bad", None, 0.0, None)
        return Enhanced(data[::-1], "", (2, 1), 0.0, "0" * 64)

    def close(self) -> None:
        """Nothing was started."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of photos."""
    root = tmp_path / "photos"
    (root / "trip").mkdir(parents=True)
    for number in range(8):
        (root / ("trip" if number > 4 else "") / f"{number}.jpg").write_bytes(jpeg(number))
    (root / "trip/bad.jpg").write_bytes(BAD)
    (root / "trip/notes.txt").write_text("no picture")
    (root / ".hidden.jpg").write_bytes(jpeg())
    (root / "8.psd").write_bytes(b"8BPS")
    return root


@pytest.fixture
def make_tars(tmp_path: Path) -> Callable[..., Path]:
    """Give the function that writes a folder of tar files of a few samples each."""

    def make(count: int = 3, each: int = 4, bad: Sequence[int] = (), name: str = "tars", **size: Any) -> Path:
        for number in range(count):
            write_tar(tmp_path / name / f"{number:04d}.tar", samples(number * each, each, bad, **size))
        return tmp_path / name

    return make
