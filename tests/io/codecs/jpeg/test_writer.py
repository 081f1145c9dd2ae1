"""JPEG files are written whole, or the error of the disk is raised."""

import errno
import io

import numpy as np
import pytest
from PIL import Image

from pielight.io.codecs.jpeg import encoder
from pielight.io.codecs.jpeg.encoder import save_image
from pielight.io.codecs.jpeg.segments import parse
from pielight.io.codecs.jpeg.writer import save_options
from pielight.io.metadata.metadata import Metadata
from tests.io import samples


class FullDisk(io.BytesIO):
    """A file that takes only so many bytes."""

    room = 600

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_is_reported() -> None:
    with pytest.raises(OSError, match="No space left"):
        save_image(samples.image("RGB"), FullDisk(), {"quality": 95})


def test_a_file_that_lost_its_end_is_an_error_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_encode", lambda image, file, options: file.write(b"\xff\xd8 cut"))
    with pytest.raises(OSError, match="No space left"):
        save_image(samples.image("RGB"), io.BytesIO(), {})


def test_noise_that_overflows_a_progressive_file_is_written_in_one_scan() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (700, 700, 3), np.uint8)
    file = io.BytesIO(b"before")
    file.seek(0, 2)
    save_image(Image.fromarray(noise), file, {"quality": 100, "subsampling": 0, "progressive": True})
    data = file.getvalue().removeprefix(b"before")
    assert parse(data).scans in (1, 10)
    assert np.abs(np.asarray(Image.open(io.BytesIO(data))).astype(int) - noise).mean() < 2


def test_an_error_that_is_not_the_disks_is_raised() -> None:
    with pytest.raises(OSError, match="mode"):
        save_image(Image.new("RGBA", (8, 8)), io.BytesIO(), {"quality": 95})


def test_a_quality_takes_the_place_of_the_tables() -> None:
    metadata = Metadata(quantization={0: [9] * 64, 1: [7] * 64})
    assert save_options(metadata, "RGB", None)["qtables"] == [[9] * 64, [7] * 64]
    assert save_options(metadata, "L", None)["qtables"] == [[9] * 64]
    assert save_options(metadata, "RGB", 80)["quality"] == 80
