"""Every page of a TIFF is changed by one set of curves and keeps its tags."""

import io
import shutil
import struct
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from pielight.enhancer import Enhancer
from pielight.errors import PictureError
from pielight.io import size_limits as sizes
from pielight.io.codecs.tiff import pages
from pielight.io.decode import decode
from pielight.io.metadata.ifd import Entry, Ifd, tiff_header
from pielight.io.metadata.metadata import Metadata
from pielight.io.metadata.tiff_tags import Tag
from tests.io import samples


def document(*pages: tuple[NDArray[Any], dict[str, Any]], **options: Any) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **options) as writer:
        for values, page in pages:
            colors = "rgb" if values.ndim == 3 else "minisblack"
            writer.write(values, **({"photometric": colors, "metadata": None, "software": False} | page))
    return file.getvalue()


def opened(data: bytes) -> list[Image.Image]:
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(image.copy())
            found[-1].info["tags"] = dict(image.tag_v2)  # type: ignore[attr-defined]
        return found


def mixed() -> bytes:
    """Pages of other sizes, modes, compressions and resolutions."""
    pages = [samples.image("RGB"), samples.image("L", 30, 50), samples.image("P", 64, 8), samples.image("1")]
    how = ("tiff_lzw", "tiff_adobe_deflate", "packbits", "group4")
    file = io.BytesIO()
    with AppendingTiffWriter(file) as writer:
        for number, page in enumerate(pages):
            tags = {270: f"page {number}", 297: (number, 4)}
            page.save(writer, "TIFF", compression=how[number], dpi=(100 + number, 100 + number), tiffinfo=tags)
            writer.newFrame()
    return file.getvalue()


def test_pages_of_any_size_and_mode_keep_their_tags(enhancer: Enhancer) -> None:
    data = mixed()
    result, note = enhancer.enhance_bytes(data)
    before, after = opened(data), opened(result)
    assert note == ""
    assert len(before) == len(after) == 4
    for old, new in zip(before, after, strict=True):
        assert (new.mode, new.size) == (old.mode, old.size)
        for name in ("compression", "dpi"):
            assert new.info[name] == old.info[name]
        for tag in (270, 297):
            assert new.info["tags"][tag] == old.info["tags"][tag]
        if old.mode != "1":
            assert np.asarray(new.convert("L")).mean() > np.asarray(old.convert("L")).mean() * 1.1


def test_one_set_of_curves_for_all(enhancer: Enhancer) -> None:
    page = samples.colors()
    result = opened(enhancer(document((page, {}), (page // 2, {}), (page, {"compression": "lzw"}))))
    assert np.array_equal(result[0], result[2])
    assert np.asarray(result[1]).mean() < np.asarray(result[0]).mean()
    twice = opened(enhancer(document((page, {}), (page, {}))))
    assert np.array_equal(twice[0], decode(enhancer(document((page, {})))).pixels)


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}])
def test_16_bits(enhancer: Enhancer, options: dict[str, Any]) -> None:
    values = samples.deep(3)
    data = document((values, {"compression": "adobe_deflate"}), (values[..., 0], {}), **options)
    result, note = enhancer.enhance_bytes(data)
    assert note == ""
    with tifffile.TiffFile(io.BytesIO(result)) as file:
        pages = [page.asarray() for page in file.pages]
    assert [(page.dtype, page.shape) for page in pages] == [(np.uint16, values.shape), (np.uint16, values.shape[:2])]
    assert pages[0].mean() > values.mean() * 1.1
    assert pages[1].mean() > values[..., 0].mean() * 1.1


def test_thumbnails_are_made_of_the_same_curves(enhancer: Enhancer) -> None:
    page = samples.colors(96, 64)
    data = document((page, {"subfiletype": 2}), (page[::4, ::4], {"subfiletype": 1}), (page, {"subfiletype": 2}))
    result = opened(enhancer(data, denoise=0))  # thumbnails have other noise than pages
    assert [image.info["tags"].get(254, 0) for image in result] == [2, 1, 2]
    shrunk = np.asarray(result[0])[::4, ::4].astype(int)
    assert np.abs(shrunk - np.asarray(result[1])).mean() < 2


def test_what_is_not_supported_is_left_out_and_said(enhancer: Enhancer) -> None:
    page, floats = samples.colors(), np.zeros((5, 6, 3), np.float32)
    result, note = enhancer.enhance_bytes(document((page, {}), (floats, {}), (page, {}), (floats, {})), name="scan.tif")
    assert len(opened(result)) == 2
    assert note.startswith("pages 2, 4 left out: ")


def test_the_first_page_is_written_as_alone(enhancer: Enhancer) -> None:
    alone = enhancer(samples.sample("rgb.tif"))
    image = samples.image("RGB")
    both = enhancer(samples.saved(image, "TIFF", compression="tiff_lzw", save_all=True, append_images=[image]))
    assert np.array_equal(opened(both)[0], opened(alone)[0])
    assert opened(both)[0].info["compression"] == "tiff_lzw"


def test_another_format_takes_the_first_page(enhancer: Enhancer, tmp_path: Path) -> None:
    source = tmp_path / "scan.tif"
    source.write_bytes(mixed())
    assert "only the first" in enhancer.enhance_and_save(source, tmp_path / "a.png").note
    assert enhancer.enhance_and_save(source, tmp_path / "b.tif").note == ""
    assert (tmp_path / "b.tif").read_bytes() == enhancer(source.read_bytes())
    assert enhancer(source.read_bytes(), 0) == source.read_bytes()


def test_exiftool_finds_nothing_wrong(enhancer: Enhancer, tmp_path: Path) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("no exiftool is installed: apt-get install libimage-exiftool-perl")
    (tmp_path / "a.tif").write_bytes(enhancer(mixed()))
    run = subprocess.run(
        ["exiftool", "-validate", "-warning", "-error", "-a", "-G1", "-ImageDescription", str(tmp_path / "a.tif")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [line.split(": ")[1] for line in run.stdout.splitlines() if "Description" in line] == [
        f"page {number}" for number in range(4)
    ]
    assert "Error" not in run.stdout


def chain(count: int, places: list[int] | None = None) -> bytes:
    """A TIFF of many directories, or of some that lead in a circle."""
    entries = [(256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 0), (277, 1), (278, 1), (279, 1)]
    rows = b"".join(struct.pack("<HHLL", tag, 4, 1, value) for tag, value in entries)
    size = 2 + len(rows) + 4
    parts = [struct.pack("<H", len(entries)) + rows for _ in range(count)]
    following = [8 + size * (number + 1) for number in range(count - 1)] + [0] if places is None else places
    return tiff_header("<", 8) + b"".join(
        part + struct.pack("<L", place) for part, place in zip(parts, following, strict=True)
    )


@pytest.mark.parametrize("count", [3000, 100_000])
def test_thousands_of_pages_are_refused_soon(enhancer: Enhancer, count: int) -> None:
    start = time.process_time()
    with pytest.raises(PictureError, match=r"^a\.tif: more than (2,000 frames|10,000 directories)"):
        enhancer.enhance_bytes(chain(count), name="a.tif")
    assert time.process_time() - start < 8
    assert len(opened(enhancer(chain(3)))) == 3
    assert len(opened(enhancer(chain(3, [122, 236, 8])))) == 3


def test_limits(enhancer: Enhancer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "MAX_FRAMES_PIXELS", 5000)
    with pytest.raises(PictureError, match=r"^a\.tif: 4 frames of 0 megapixels; the limit is"):
        enhancer.enhance_bytes(mixed(), name="a.tif")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits(flips: list[tuple[int, int]], enhancer: Enhancer) -> None:
    data = bytearray(mixed())
    for place, bits in flips:
        data[place % len(data)] ^= bits
    try:
        enhancer.enhance_bytes(bytes(data), name="a.tif")
    except PictureError as error:
        assert str(error).startswith("a.tif: ")  # noqa: PT017
        assert str(error).isprintable()  # noqa: PT017


def test_pages_whose_copies_would_take_minutes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = mixed()
    monkeypatch.setattr(pages, "_MAX_COPIED", 4 * len(data) - 1)
    monkeypatch.setattr(pages, "_MAX_COPIED_PER_PIXEL", 0)
    with pytest.raises(PictureError, match=r"^a: 4 pages in 0 MB would take minutes; split it"):
        pages.TiffPages(data, "a")


def test_a_page_of_another_byte_order_is_left_out_where_its_pixels_cannot_turn() -> None:
    data = document((samples.deep(3), {}), (samples.deep(3), {}))
    source, first, file = pages.TiffPages(data, "a"), decode(data), io.BytesIO()
    exif = Ifd(
        ">", {271: Entry(2, b"maker\0")}, {Tag.EXIF_IFD: Ifd(">", {37500: Entry(7, bytes(40))}, note_offset=200)}
    )
    turned = [replace(frame, picture=replace(frame.picture, metadata=Metadata(exif=exif.exif_block())))
              if frame.number == 2 else frame for frame in source]  # fmt: skip
    assert source.write(file, turned, first, None) == (
        "page 2 left out: its byte order cannot be that of the first page"
    )
    assert not decode(file.getvalue()).is_one_of_several


def test_a_chain_of_pages_ends_where_it_is_damaged() -> None:
    data = bytearray(mixed())
    whole = pages.TiffPages(bytes(data), "a")
    (first, *_) = whole._pages
    struct.pack_into("<L", data, first.link, len(data) - 1)
    assert len(pages.TiffPages(bytes(data), "a")) == 1
