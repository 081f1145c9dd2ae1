"""Strips make the file that one pass makes, and the pixels of a file without restart markers."""

import errno
import io
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.io.codecs.jpeg import encoder, strips
from pielight.io.codecs.jpeg.segments import MAX_SEGMENTS, parse
from pielight.io.codecs.jpeg.strips import save_strips
from pielight.io.decode import decode
from pielight.io.encode import save
from tests.io import samples

SEGMENT = {"extra": b"\xff\xfe\0\5abc", "dpi": (300, 300)}


@pytest.fixture(autouse=True)
def small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "_PIXELS", 4000)


def saved(values: NDArray[np.uint8], threads: int, **options: Any) -> bytes:
    file = io.BytesIO(b"before")
    file.seek(0, 2)
    save_strips(values, file, options, threads)
    return file.getvalue().removeprefix(b"before")


def pixels(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)))


def photo(height: int, width: int, channels: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).integers(0, 90, (height, width, channels), np.uint8)
    ramp = np.linspace(0, 150, width)[:, np.newaxis].astype(np.uint8)
    return noise + ramp


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(701, 301), (129, 97), (97, 5000)])
def test_the_file_does_not_depend_on_threads(height: int, width: int, channels: int, subsampling: int) -> None:
    values = photo(height, width, channels)
    options = {"quality": 90, "subsampling": subsampling, **SEGMENT}
    one = saved(values, 1, **options)
    assert saved(values, 2, **options) == one == saved(values, 5, **options)
    plain = io.BytesIO()
    shown = values[..., 0] if channels == 1 else np.ascontiguousarray(values[..., :3])
    encoder.save_image(Image.fromarray(shown), plain, options)
    assert (pixels(one) == pixels(plain.getvalue())).all()
    assert len(re.findall(rb"\xff[\xd0-\xd7]", one)) >= 3
    assert one.count(b"abc") == 1
    layout = parse(one)
    assert (layout.size(), layout.scans, layout.end) == ((width, height), 1, len(one))


def test_a_source_of_many_segments_does_not_depend_on_threads() -> None:
    values, extra = photo(129, 97, 3), b"\xff\xfe\0\3a" * (MAX_SEGMENTS - 2)
    one = saved(values, 1, quality=90, subsampling=2, extra=extra)
    assert one.count(extra) == 1
    assert saved(values, 2, quality=90, subsampling=2, extra=extra) == one


def test_a_small_picture_has_no_restart_markers() -> None:
    values = photo(60, 50, 3)
    plain = io.BytesIO()
    encoder.save_image(Image.fromarray(values), plain, {"quality": 90})
    assert saved(values, 2, quality=90) == plain.getvalue()


@pytest.mark.parametrize(
    ("options", "interval"), [({}, True), ({"progressive": True}, False), ({"subsampling": "4:1:1"}, True)]
)
def test_a_result_has_them_where_it_is_one_scan(options: dict[str, Any], interval: bool) -> None:
    source = samples.saved(samples.image("RGB", 301, 203), "JPEG", quality=92, **options)
    files = []
    for threads in (1, 3):
        file = io.BytesIO()
        save(decode(source), file, threads=threads)
        files.append(file.getvalue())
    assert files[0] == files[1]
    assert any(segment.marker == 0xDD for segment in parse(files[0]).segments) is interval
    assert np.abs(decode(files[0]).pixels.astype(int) - decode(source).pixels).mean() < 1


def test_a_full_disk_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(image: Image.Image, file: io.BytesIO, options: dict[str, Any]) -> None:
        file.write(b"\xff\xd8 cut")

    monkeypatch.setattr(encoder, "_encode", cut)
    with pytest.raises(OSError, match="No space left") as failed:
        saved(photo(300, 300, 3), 2, quality=90)
    assert failed.value.errno == errno.ENOSPC
