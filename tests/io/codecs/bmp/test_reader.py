"""BMP and DIB: bit fields, opacity, profiles, and the kinds that are refused by name.

Also tests :mod:`pielight.io.codecs.bmp.writer`.
"""

import io
import json
import shutil
import struct
import subprocess
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pielight.enhancer import Enhancer
from pielight.errors import PictureError
from pielight.io.codecs.bmp.reader import _RLE_BYTES, is_bmp, is_headless
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.image import Picture
from tests.io import samples
from tests.io.bitmaps import BGRA, RGB565, bmp

WIDTH, HEIGHT = 13, 7
RGB555, ARGB1555 = (0x7C00, 0x3E0, 0x1F), (0x7C00, 0x3E0, 0x1F, 0x8000)
DEEP = (0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000)


def values(masks: tuple[int, ...]) -> NDArray[np.uint32]:
    """Random pixels of bit fields."""
    rng = np.random.default_rng(len(masks))
    made = np.zeros((HEIGHT, WIDTH), np.uint32)
    for mask in masks:
        made |= rng.integers(0, 1 << 32, made.shape, np.uint32) & np.uint32(mask)
    return made


def fields(made: NDArray[np.uint32], masks: tuple[int, ...]) -> NDArray[np.uint8]:
    """What they show, worked out one by one."""
    shown = np.zeros((*made.shape, len(masks)), np.uint8)
    for place in np.ndindex(*made.shape):
        for channel, mask in enumerate(masks):
            shift = bin(mask)[::-1].index("1")
            shown[place][channel] = ((int(made[place]) & mask) >> shift) * 255 // (mask >> shift)
    return shown


@pytest.mark.parametrize("top_down", [False, True])
@pytest.mark.parametrize(
    ("bits", "masks", "size", "coding"),
    [
        (16, RGB565, 40, 3), (16, RGB555, 40, 3), (16, ARGB1555, 56, 3), (16, ARGB1555, 40, 6), (16, ARGB1555, 124, 3),
        (16, (0xF00, 0xF0, 0xF, 0xF000), 108, 3), (32, BGRA, 108, 3), (32, BGRA, 124, 3), (32, BGRA, 56, 3),
        (32, BGRA, 124, 0), (32, BGRA[:3], 40, 3), (32, DEEP, 108, 3), (32, DEEP[:3], 52, 3),
        (32, (0xFF, 0xFF00, 0xFF0000, 0xFF000000), 108, 3), (32, (0x1F, 0xFFFF00, 0xC0000000), 40, 3),
    ],
)  # fmt: skip
def test_bit_fields(bits: int, masks: tuple[int, ...], size: int, coding: int, top_down: bool) -> None:
    made = values(masks)
    picture = decode(bmp(made, bits, masks, size, coding, top_down))
    shown = fields(made, masks)
    assert picture.mode == ("RGBA" if len(masks) > 3 else "RGB")
    assert np.array_equal(picture.pixels, shown[..., :3])
    if len(masks) > 3:
        assert picture.alpha is not None
        assert np.array_equal(picture.alpha, shown[..., 3])
    deepest = max(bin(mask).count("1") for mask in masks)
    assert picture.note == (f"{deepest} bits per channel reduced to 8" if deepest > 8 else "")


@pytest.mark.parametrize(("bits", "masks"), [(16, RGB565), (16, RGB555), (32, BGRA[:3])])
def test_bit_fields_as_pillow_reads_them(bits: int, masks: tuple[int, ...]) -> None:
    data = bmp(values(masks), bits, masks)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(decode(data).pixels, np.asarray(image))


@pytest.mark.parametrize("size", [56, 108, 124])
def test_opacity_stays_and_other_readers_see_it(enhancer: Enhancer, size: int) -> None:
    made = values(BGRA)
    data = bmp(made, 32, BGRA, size)
    result = enhancer(data)
    alpha = fields(made, BGRA)[..., 3]
    with Image.open(io.BytesIO(result)) as image:
        assert image.mode == "RGBA"
        assert np.array_equal(np.asarray(image)[..., 3], alpha)
    size, _, _, _, bits, coding = struct.unpack_from("<L2l2HL", result, 14)
    assert (size, bits, coding, struct.unpack_from("<4L", result, 54)) == (124, 32, 3, BGRA)
    assert int.from_bytes(result[2:6], "little") == len(result)


def test_opacity_of_other_formats_goes_into_a_bmp() -> None:
    picture = decode(samples.sample("rgba.png"))
    result = decode(encode(picture, "BMP"))
    assert result.mode == "RGBA"
    assert result.alpha is not None
    assert np.array_equal(result.alpha, picture.alpha)
    assert np.array_equal(result.pixels, picture.pixels)


def test_a_fourth_byte_without_a_name_stays_and_is_not_taken_for_opacity(enhancer: Enhancer) -> None:
    made = values(BGRA)
    data = bmp(made, 32)
    result = enhancer(data)
    size, _, height, _, bits, coding = struct.unpack_from("<L2l2HL", result, 14)
    assert (size, height, bits, coding) == (40, HEIGHT, 32, 0)
    fourth = np.frombuffer(result[54:], np.uint8).reshape(HEIGHT, WIDTH, 4)[::-1, :, 3]
    assert np.array_equal(fourth, fields(made, BGRA)[..., 3])
    assert fit(decode(data), "PNG").note == "unnamed channel left out"
    plain = bmp(made & np.uint32(0xFFFFFF), 32)
    assert (decode(plain).mode, fit(decode(plain), "PNG").note) == ("RGB", "")


@cache  # the time of its making is in it
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()


@pytest.mark.parametrize("name", ["rgb", "fields", "palette"])
def test_an_embedded_profile_stays(enhancer: Enhancer, name: str) -> None:
    made = values(BGRA)
    if name == "palette":
        data = encode(palette_with_profile(), "BMP")
    else:
        data = bmp(made, 32, BGRA if name == "fields" else (), 124, space=b"DEBM", profile=profile(), per_metre=3000)
    before, result = decode(data), enhancer(data)
    after = decode(result)
    assert before.metadata.icc_profile == after.metadata.icc_profile == profile()
    assert (after.mode, after.metadata.dpi) == (before.mode, before.metadata.dpi)
    assert result.endswith(profile())
    assert int.from_bytes(result[2:6], "little") == len(result)
    assert decode(encode(after, "PNG")).metadata.icc_profile == profile()


def palette_with_profile() -> Picture:
    picture = decode(samples.sample("palette.bmp"))
    return replace(picture, metadata=replace(picture.metadata, icc_profile=profile()))


def test_linked_and_calibrated_colors_stay_and_are_noted_elsewhere(enhancer: Enhancer) -> None:
    linked = bmp(values(BGRA), 32, BGRA, 124, space=b"KNIL", profile=b"C:\\wide.icc\0")
    calibrated = bmp(values(BGRA), 32, BGRA, 108, space=b"\0\0\0\0" + bytes(range(48)))
    for data, end in ((linked, b"C:\\wide.icc\0"), (calibrated, b"")):
        result = enhancer(data)
        assert result[70 : 70 + 52] == data[70 : 70 + 52]
        assert result.endswith(end)
        assert "treated as sRGB" in fit(decode(data), "PNG").note
        assert fit(decode(data), "BMP").note == ""


@pytest.mark.parametrize("per_metre", [0, 3937, 2835])
def test_resolution_stays(enhancer: Enhancer, per_metre: int) -> None:
    result = enhancer(bmp(values(BGRA[:3]), 32, BGRA[:3], per_metre=per_metre))
    assert struct.unpack_from("<2L", result, 38) == (per_metre, per_metre)


@pytest.mark.parametrize("kind", ["rgb.bmp", "palette.bmp", "fields", "opacity"])
def test_a_dib_without_a_header_of_a_file(enhancer: Enhancer, kind: str, tmp_path: Path) -> None:
    whole = {
        "fields": bmp(values(RGB565), 16, RGB565),
        "opacity": bmp(values(BGRA), 32, BGRA, 124, space=b"DEBM", profile=profile()),
    }.get(kind) or samples.sample(kind)
    assert is_headless(whole[14:])
    result = enhancer(whole[14:])
    assert result == enhancer(whole)[14:]
    (tmp_path / "a.dib").write_bytes(whole[14:])
    assert enhancer.enhance_and_save(tmp_path / "a.dib", tmp_path / "a.png").note == ""
    assert np.array_equal(decode((tmp_path / "a.png").read_bytes()).pixels, decode(result).pixels)


def test_old_headers_and_run_lengths(enhancer: Enhancer) -> None:
    pixels = b"".join(bytes(range(20, 59)) + b"\0" for _ in range(HEIGHT))
    core = b"BM" + struct.pack("<3L", 0, 0, 26) + struct.pack("<L4H", 12, WIDTH, HEIGHT, 1, 24) + pixels
    palette = bytes(range(0, 240, 10)) * 43
    head = struct.pack("<L2l2H6L", 40, WIDTH, HEIGHT, 1, 8, 1, 0, 0, 0, 256, 0) + palette[:1024]
    rle = bytes((WIDTH, 3, 0, 0, 5, 4, 0, 2, 2, 1, 4, 9, 0, 0, *((WIDTH, 7, 0, 0) * 5), 0, 1))
    runs = b"BM" + struct.pack("<3L", 0, 0, 14 + len(head)) + head + rle
    for data in (core, runs):
        assert decode(enhancer(data)).pixels.mean() > decode(data).pixels.mean()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bmp(values(BGRA), 32, BGRA, 40, 4), "JPEG inside a BMP is not supported"),
        (bmp(values(BGRA), 32, BGRA, 40, 5), "PNG inside a BMP is not supported"),
        (bmp(values(BGRA), 32, BGRA, 40, 12), "CMYK inside a BMP is not supported"),
        (bmp(values(BGRA), 32, (), 64, 3), "coding of OS/2 is not supported"),
        (bmp(values(BGRA), 32, (), 16), "header of 16 bytes is not supported"),
        (bmp(values(BGRA), 64), "64-bit BMP is not supported"),
        (bmp(values(BGRA), 32, (0xF0F, 0xF0, 0xF000)), "bit fields is not supported"),
        (bmp(values(BGRA), 32, (0xFF, 0xFF, 0xFF00)), "bit fields is not supported"),
        (bmp(values(BGRA), 32, (0, 0xFF, 0xFF00)), "bit fields is not supported"),
        (bmp(values(BGRA), 16, BGRA), "bit fields is not supported"),
        (bmp(values(BGRA), 32, BGRA, 108)[:200], "damaged picture"),
        (b"\0\0\1\0\1\0" + bytes(100), r"icons \(ICO, CUR\) are not supported"),
    ],
)
def test_what_is_refused_is_named(data: bytes, message: str) -> None:
    with pytest.raises(PictureError, match=rf"^a\.bmp: .*{message}"):
        decode(data, "a.bmp")


def test_run_lengths_of_a_bomb(enhancer: Enhancer) -> None:
    head = struct.pack("<L2l2H6L", 40, 5000, 5000, 1, 8, 1, 0, 0, 0, 256, 0) + bytes(1024)
    for runs in (b"\0\2\0\0" * 5_000_000, b"\0\2\0\0" * 1_000_000, b"\0\2\xff\0" * 90_000, b"\0\0" * 2_000_000):
        data = b"BM" + struct.pack("<3L", 0, 0, 14 + len(head)) + head + runs
        start = time.process_time()
        with pytest.raises(PictureError, match=r"^a\.bmp: (RLE-coded BMP of 19 MB|damaged picture)"):
            decode(data, "a.bmp")
        assert time.process_time() - start < 8


def test_exiftool_reads_what_is_written(enhancer: Enhancer, tmp_path: Path) -> None:
    if not shutil.which("exiftool"):
        pytest.skip("no exiftool is installed: apt-get install libimage-exiftool-perl")
    path = tmp_path / "a.bmp"
    path.write_bytes(enhancer(bmp(values(BGRA), 32, BGRA, 124, space=b"DEBM", profile=profile(), per_metre=3937)))
    run = subprocess.run(["exiftool", "-j", "-a", "-G1", path], capture_output=True, text=True, check=True)
    (found,) = json.loads(run.stdout)
    assert found["File:AlphaMask"] == "0xff000000"
    assert found["File:ColorSpace"] == "Embedded Color Profile"
    assert found["File:PixelsPerMeterX"] == 3937
    assert not [name for name in found if "Warning" in name or "Error" in name]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    flips=st.lists(st.tuples(st.integers(0, 150), st.integers(1, 255)), min_size=1, max_size=6), headless=st.booleans()
)
def test_flipped_bits(flips: list[tuple[int, int]], headless: bool) -> None:
    data = bytearray(bmp(values(BGRA), 32, BGRA, 124, space=b"DEBM", profile=profile()))
    for place, bits in flips:
        data[place] ^= bits
    try:
        encode(decode(bytes(data[14 if headless else 0 :]), "a.bmp"), "BMP")
    except PictureError as error:
        assert str(error).isprintable()  # noqa: PT017


def test_old_headers_and_damaged_ones_are_distinguished() -> None:
    core = struct.pack("<LHHHH", 12, 2, 2, 1, 24) + bytes(16)
    assert (is_headless(core), is_bmp(core)) == (True, True)
    assert decode(core).pixels.shape == (2, 2, 3)
    palette = struct.pack("<LHHHH", 12, 4, 1, 1, 8) + bytes(3 * 256) + bytes(4)
    assert decode(palette).mode == "P"
    file_header = b"BM" + struct.pack("<3L", 54, 0, 54)
    with pytest.raises(PictureError, match="no header"):
        decode(file_header + struct.pack("<L", 3) + bytes(40))
    with pytest.raises(PictureError, match="no pixels"):
        decode(file_header + struct.pack("<LllHHL", 40, 0, 3, 1, 24, 0) + bytes(40))


def test_a_long_run_length_coding_is_refused_before_it_takes_seconds() -> None:
    header = struct.pack("<LllHHL", 40, 9, 9, 1, 8, 1) + bytes(20)
    with pytest.raises(PictureError, match="RLE-coded BMP"):
        decode(b"BM" + struct.pack("<3L", 54, 0, 54) + header + bytes(_RLE_BYTES))
