"""TIFF of rarer depths, numbers and colors: read where a library can, else called by its right name."""

import io
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pielight.errors import PictureError
from pielight.io.codecs.png.chunks import with_chunks
from pielight.io.codecs.tiff.sample_format import read_sample_format
from pielight.io.color.lab import lab_to_srgb
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.image import Picture
from pielight.io.metadata.ifd import Entry, read_ifd
from pielight.io.required_extra import require_readers
from tests.io import samples


def written(values: NDArray[Any], photometric: int, **options: Any) -> bytes:
    """A TIFF whose photometric tag is changed by hand, since few writers know them all."""
    file = io.BytesIO()
    color = "minisblack" if values.ndim == 2 else "rgb" if values.shape[2] == 3 else "separated"
    extra = {"extrasamples": ["unassalpha"]} if values.ndim == 3 and values.shape[2] == 4 and photometric != 5 else {}
    color = "rgb" if extra else color
    tifffile.imwrite(file, values, photometric=color, metadata=None, **extra, **options)
    data = bytearray(file.getvalue())
    place = int.from_bytes(data[4:8], "little")
    for row in range(place + 2, place + 2 + 12 * data[place], 12):
        if data[row : row + 2] == b"\x06\x01":
            data[row + 8 : row + 10] = photometric.to_bytes(2, "little")
    return bytes(data)


def gray_16() -> NDArray[np.uint16]:
    return samples.deep(3)[..., 0].copy()


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("channels", [1, 3])
def test_packed_depths_are_widened(bits: int, channels: int) -> None:
    values = (samples.deep(3) >> (16 - bits))[..., 0] if channels == 1 else samples.deep(3) >> (16 - bits)
    picture = decode(written(values, 1 if channels == 1 else 2, bitspersample=bits))
    expected = np.rint(values.astype(float) * 65535 / ((1 << bits) - 1))
    assert np.array_equal(picture.pixels.reshape(values.shape), expected)
    assert picture.note == f"{bits} bits per channel widened to 16"
    result = encode(picture)
    assert np.array_equal(tifffile.imread(io.BytesIO(result)), expected)
    assert decode(result).note == ""


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("compression", [None, "adobe_deflate"])
def test_32_bits_are_rounded(channels: int, compression: str | None) -> None:
    deep = samples.deep(channels).astype(np.uint32) * 65537
    data = written(deep[..., 0] if channels == 1 else deep, 1 if channels == 1 else 2, compression=compression)
    picture = decode(data)
    assert np.array_equal(picture.pixels, samples.deep(channels)[..., : min(channels, 3)])
    assert picture.note == "32 bits per channel rounded to 16"
    assert picture.mode == {1: "I;16", 3: "RGB;16", 4: "RGBA;16"}[channels]


@pytest.mark.parametrize("bits", [12, 16])
def test_white_is_zero(bits: int) -> None:
    values = gray_16() >> (16 - bits)
    options = {"bitspersample": bits} if bits < 16 else {}
    dark = decode(written(values, 1, **options)).pixels
    assert np.array_equal(decode(written(values, 0, **options)).pixels, 65535 - dark)


def lab(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """L*a*b* of sRGB pixels by another library, a* and b* with an offset."""
    space, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    turned = ImageCms.applyTransform(
        Image.fromarray(picture), ImageCms.buildTransform(srgb, space, "RGB", "LAB", intent)
    )
    return np.array(turned) ^ np.array([0, 128, 128], np.uint8)  # Pillow shows them with a sign


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("icc", [False, True])
def test_lab_becomes_srgb(bits: int, icc: bool) -> None:
    colors = np.dstack([samples.colors()[..., 0] * 2, samples.colors()[..., 1], samples.colors()[..., 2]])
    values = lab(colors)
    if bits == 16:
        wide = values.astype(np.uint16)
        values = np.dstack([wide[..., 0] * (256 if icc else 257), wide[..., 1] << 8, wide[..., 2] << 8])
    if not icc:
        values = values.copy()
        values[..., 1:] ^= 1 << (bits - 1)
    data = written(values, 9 if icc else 8, iccprofile=b"of Lab")
    picture = decode(data)
    assert picture.note == "Lab converted to sRGB"
    assert picture.metadata.icc_profile is None
    assert picture.pixels.dtype == values.dtype
    shown = picture.pixels if bits == 8 else picture.pixels / 257
    error = np.abs(shown - colors.astype(float))
    assert (error.mean() < 1.5, error.max() < 12) == (True, True)
    assert decode(encode(picture)).mode == ("RGB" if bits == 8 else "RGB;16")


def test_known_colors_of_lab() -> None:
    """sRGB's red under D50, after Lindbloom."""
    red = np.array([54.29, 80.81, 69.89])
    coded = np.array([[red * [65535 / 100, 256, 256]]]).astype(np.uint16)
    assert np.abs(lab_to_srgb(coded, icc_coding=False)[0, 0] / 257 - [255, 0, 0]).max() < 1


def test_cmyk_of_16_bits() -> None:
    eight = np.asarray(samples.image("CMYK"))
    picture = decode(written(eight.astype(np.uint16) * 257, 5))
    assert (picture.mode, picture.note) == ("CMYK", "16-bit CMYK rounded to 8 bits")
    with Image.open(io.BytesIO(encode(picture))) as image:
        assert np.array_equal(np.asarray(image), eight)


@pytest.mark.parametrize(
    ("compression", "depth"), [("jpeg2000", 8), ("jpeg2000", 16), ("jpegxl", 8), ("jpegxl", 16), ("webp", 8)]
)
def test_rarer_compressions(compression: str, depth: int) -> None:
    values = samples.colors() if depth == 8 else samples.deep(3)
    data = written(values, 2, compression=compression)
    picture = decode(data)
    assert np.array_equal(picture.pixels, tifffile.imread(io.BytesIO(data)))
    assert np.array_equal(decode(encode(picture)).pixels, picture.pixels)


@pytest.mark.parametrize(
    ("dtype", "channels", "photometric", "name"),
    [
        (np.int16, 1, 1, "signed 16-bit gray TIFF"),
        (np.int16, 3, 2, "signed 16-bit RGB TIFF"),
        (np.int32, 1, 1, "signed 32-bit gray TIFF"),
        (np.float32, 1, 1, "32-bit float gray TIFF"),
        (np.float16, 3, 2, "16-bit float RGB TIFF"),
        (np.float64, 3, 2, "64-bit float RGB TIFF"),
        (np.uint64, 1, 1, "64-bit gray TIFF"),
        (np.complex64, 1, 1, "complex 64-bit gray TIFF"),
        (np.uint16, 1, 3, "16-bit palette TIFF"),
        (np.uint16, 3, 6, "16-bit YCbCr TIFF"),
        (np.uint16, 3, 32845, "16-bit LogLuv TIFF"),
        (np.float32, 3, 8, "32-bit float CIELab TIFF"),
    ],
)
def test_others_are_called_by_their_names(dtype: Any, channels: int, photometric: int, name: str) -> None:
    values = np.full((8, 9) if channels == 1 else (8, 9, channels), 5, dtype)
    with pytest.raises(PictureError) as caught:
        decode(written(values, photometric), "a.tif")
    assert str(caught.value) == f"a.tif: {name} is not supported; convert it to 16-bit RGB or gray first"


def test_unequal_depths_and_many_channels() -> None:
    data = written(samples.deep(3), 2)
    tags = read_ifd(data)
    assert tags is not None
    tags.entries[258] = Entry(3, b"\5\0\x0a\0\5\0")
    moved = data[:4] + len(data).to_bytes(4, "little") + data[8:] + tags.encode(len(data))
    with pytest.raises(PictureError, match="5, 10-bit RGB TIFF is not supported"):
        decode(moved)
    file = io.BytesIO()
    five = np.zeros((8, 9, 5), np.uint16)
    tifffile.imwrite(file, five, photometric="rgb", extrasamples=["unspecified"] * 2, metadata=None)
    with pytest.raises(PictureError, match="16-bit RGB TIFF of 5 channels is not supported"):
        decode(file.getvalue())


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("channels", "photometric", "extras"),
    [(4, "rgb", (0,)), (2, "minisblack", (0,)), (5, "rgb", (0, 0)), (5, "rgb", (2, 0)), (5, "separated", (0,))],
)
def test_samples_without_a_name_are_no_opacity(
    depth: Any, channels: int, photometric: Any, extras: tuple[int, ...]
) -> None:
    values = np.random.default_rng(1).integers(0, np.iinfo(depth).max, (6, 7, channels), depth)
    file = io.BytesIO()
    tifffile.imwrite(file, values, photometric=photometric, extrasamples=extras, planarconfig="contig")
    if depth == np.uint16 and channels == 5:  # refused by name
        return
    made = decode(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(encode(made, "TIFF"))) as coded:
        kept = coded.pages.first.asarray()
        assert coded.pages.first.extrasamples in (extras, extras[:-1], ())
    kept = kept[..., np.newaxis] if kept.ndim == 2 else kept
    assert np.array_equal(kept, values[..., : kept.shape[2]]) or photometric == "separated"
    lost = channels - kept.shape[2]
    told = f"left out: {lost} unnamed extra sample{'s' if lost > 1 else ''}" if lost else ""
    assert made.note == told
    assert ("A" in made.mode) == (2 in extras)
    if depth == np.uint16:
        assert not lost
        png = fit(made, "PNG")
        assert (png.mode, png.note) == ({4: "RGB;16", 2: "I;16"}[channels], "unnamed channel left out")


def test_pages_of_rare_kinds_are_noted() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for _ in range(2):
            writer.write(samples.deep(3).astype(np.uint32) * 65537, photometric="rgb", metadata=None)
    picture = decode(file.getvalue())
    assert picture.is_one_of_several
    assert "only the first is kept" in fit(picture, "JPEG").note


def test_damaged_kinds_are_left_to_readers() -> None:
    data = written(samples.deep(3), 2)
    assert (
        read_sample_format(b"no TIFF")
        is read_sample_format(data[:4])
        is read_sample_format(data[:4] + b"\xff" * 4)
        is None
    )
    for place in range(0, 400):
        read_sample_format(data[:place])


def test_a_missing_extra_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(written(samples.deep(3).astype(np.uint32), 2))
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(PictureError, match=r"a\.tif: .*tifffile"):
        require_readers([path])


def test_what_libraries_say_of_odd_files_does_not_reach_the_screen(tmp_path: Path) -> None:
    chunks = [(b"eXIf", b"II*\0" + bytes(8))] * 2 + [(b"iCCP", b"a\0\0no profile"), (b"tEXt", b"a\0b")] * 2
    path = tmp_path / "odd.png"
    path.write_bytes(with_chunks(bytes(imagecodecs.png_encode(samples.deep(3))), chunks))
    code = f"""
from pathlib import Path
from pielight.io.decode import read
from pielight.io.encode import encode

encode(read(Path({str(path)!r})))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert logging.getLogger("imagecodecs").handlers


def test_plain_kinds_need_no_extra() -> None:
    for name in ("rgb.tif", "palette.tif", "cmyk.tif"):
        sample_format = read_sample_format(samples.sample(name))
        assert sample_format is not None
        assert not sample_format.needs_tifffile
    sample_format = read_sample_format(samples.saved(samples.image("I;16"), "TIFF"))
    assert (sample_format is not None, sample_format and sample_format.needs_tifffile) == (True, False)
    assert isinstance(decode(samples.sample("rgb_16.tif")), Picture)
