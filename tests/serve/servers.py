"""What the tests of the server share: a server that is a process of its own, and pictures."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from PIL import Image, ImageCms

BINARY = {"Content-Type": "application/octet-stream"}


class Running(NamedTuple):
    """A server and its address."""

    url: str
    process: subprocess.Popen[str]

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def workers(self) -> list[int]:
        """Return the numbers of the processes that it started."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()  # any of which may have started one
        found = {int(child) for thread in threads for child in (thread / "children").read_text().split()}
        return sorted(pid for pid in found if is_worker(pid))


def is_worker(pid: int) -> bool:
    with suppress(OSError):  # it has ended
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


@contextmanager
def running(command: list[str], **options: Any) -> Iterator[Running]:
    """Run a server, which prints its address."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    assert process.stdout is not None
    try:
        yield Running(process.stdout.readline().strip(), process)
    finally:
        process.kill()
        process.communicate()


def dark(height: int = 60, width: int = 80, channels: int = 3) -> np.ndarray[Any, np.dtype[np.uint8]]:
    rng = np.random.default_rng(0)
    ramp = np.linspace(5, 60, width)[None, :, None] + rng.normal(0, 2, (height, width, channels))
    return ramp.clip(0, 255).astype(np.uint8)


def jpeg(height: int = 60, width: int = 80, **options: Any) -> bytes:
    """Make a photo with everything that photos have."""
    exif = Image.Exif()
    exif[271], exif[274], exif[306] = "Maker", 6, "2026:01:02 03:04:05"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    Image.fromarray(dark(height, width)).save(
        file, "JPEG", quality=90, exif=exif, icc_profile=profile, dpi=(300, 300), comment=b"at night", **options
    )
    return file.getvalue()


def png(pixels: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
