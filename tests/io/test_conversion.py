"""From one format to another: what cannot be stored becomes the nearest that can, with a note."""

import dataclasses
import io
from functools import cache
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from pielight.errors import PictureError
from pielight.io.codecs.heif.coding import read_cicp
from pielight.io.codecs.heif.items import read_items
from pielight.io.codecs.jpeg.segments import Segment
from pielight.io.convert import fit
from pielight.io.decode import decode
from pielight.io.encode import encode
from pielight.io.formats import FORMATS, RAW
from pielight.io.image import Picture
from tests.io import samples

WRITTEN = sorted({*FORMATS} - {RAW})


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("target", WRITTEN)
@pytest.mark.parametrize("name", sorted(samples.MAKERS))
def test_every_kind_can_become_every_format(name: str, target: str) -> None:
    picture = decode(samples.sample(name), name)
    result = decode(encode(picture, target), "result")
    assert result.format == target
    assert result.pixels.shape[:2] == picture.pixels.shape[:2]
    before, after = (part.pixels / np.iinfo(part.pixels.dtype).max for part in (picture, result))
    if fit(picture, target).alpha is not None or picture.alpha is None:  # else it lies on white now
        tolerance = 0.1 if target == "GIF" else 0.03
        assert abs(after.mean() - before.mean()) < tolerance
        assert np.abs(after.mean(axis=2) - before.mean(axis=2)).mean() < tolerance


@pytest.mark.parametrize(
    ("name", "target", "mode", "note"),
    [
        ("rgba.png", "JPEG", "RGB", "transparency composited over white"),
        ("gray_alpha.png", "JPEG", "L", "transparency composited over white"),
        ("rgb_16.png", "JPEG", "RGB", "16 bits rounded to 8"),
        ("rgba_16.png", "WEBP", "RGBA", "16 bits rounded to 8"),
        ("gray_16.png", "JPEG", "L", "16 bits rounded to 8"),
        ("rgb_16.png", "TIFF", "RGB;16", ""),
        ("palette.png", "JPEG", "RGB", "transparency composited over white"),
        ("palette.gif", "WEBP", "RGBA", ""),
        ("palette.png", "TIFF", "P", ""),
        ("cmyk.jpg", "PNG", "RGB", "CMYK converted to sRGB"),
        ("cmyk.jpg", "TIFF", "CMYK", ""),
        ("rgb.png", "GIF", "P", "reduced to 256 colors"),
        ("bits.png", "JPEG", "L", ""),
        ("gray_alpha.png", "WEBP", "RGBA", ""),
        ("camera.dng", "JPEG", "RGB", "16 bits rounded to 8"),
        ("camera.dng", "TIFF", "RGB;16", ""),
    ],
)
def test_what_becomes_of_it(name: str, target: str, mode: str, note: str) -> None:
    fitted = fit(decode(samples.sample(name), name), target)
    assert fitted.mode == mode
    assert note in fitted.note
    assert bool(note) == bool(fitted.note)
    assert fit(fitted, target).note == fitted.note


def test_what_fits_is_not_touched() -> None:
    picture = decode(samples.sample("rgba.png"))
    fitted = fit(picture, "PNG")
    assert fitted.pixels is picture.pixels
    assert fitted == dataclasses.replace(picture, pixels=fitted.pixels, alpha=fitted.alpha)


def test_16_bits_are_rounded() -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    rounded = fit(Picture(values, "I;16"), "JPEG").pixels
    assert np.array_equal(rounded, np.rint(values / 257))


def test_opacity_on_white() -> None:
    alpha = np.array([[0, 128, 255]], np.uint8)
    picture = Picture(np.full((1, 3, 3), 51, np.uint8), "RGBA", alpha)
    assert fit(picture, "JPEG").pixels[0, :, 0].tolist() == [255, 153, 51]


def test_a_clear_part_stays_clear_in_a_gif() -> None:
    image = samples.image("RGBA")
    result = opened(encode(decode(samples.saved(image, "PNG")), "GIF")).convert("RGBA")
    assert np.array_equal(np.asarray(result)[..., 3] == 255, np.asarray(image)[..., 3] >= 128)


@cache  # it holds the second of its making
def profile(name: str) -> bytes:
    """A profile of far primaries: the sRGB one with red and green colorants changed places."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    if name != "sRGB":
        made = bytearray(bytes(made).replace(b"s\0R\0G\0B", b"w\0i\0d\0e").replace(b"sRGB", b"wide"))
        tags = {
            made[at : at + 4].decode(): at for at in range(132, 132 + 12 * int.from_bytes(made[128:132], "big"), 12)
        }
        red, green = tags["rXYZ"], tags["gXYZ"]
        made[red + 4 : red + 12], made[green + 4 : green + 12] = made[green + 4 : green + 12], made[red + 4 : red + 12]
    return bytes(made)


@pytest.mark.parametrize("target", ["BMP", "GIF"])
def test_formats_without_profile_get_srgb(target: str) -> None:
    source = Image.new("RGB", (8, 8), (200, 20, 20))
    wide = decode(samples.saved(source, "PNG", icc_profile=profile("wide")))
    red, green, _ = opened(encode(wide, target)).convert("RGB").getpixel((3, 3))  # type: ignore[misc]
    assert (red < 80, green > 180) == (True, True)
    assert f"sRGB: {target} stores no ICC profile" in fit(wide, target).note
    for icc in (profile("sRGB"), b"no profile at all"):
        plain = decode(samples.saved(source, "PNG", icc_profile=icc))
        assert opened(encode(plain, target)).convert("RGB").getpixel((3, 3)) == (200, 20, 20)


@pytest.mark.parametrize("target", sorted({*WRITTEN} - {"BMP", "GIF"}))
def test_wide_colors_keep_their_profile_and_values(target: str) -> None:
    source = samples.image("RGB")
    result = opened(encode(decode(samples.saved(source, "PNG", icc_profile=profile("wide"))), target))
    assert result.info["icc_profile"] == profile("wide")
    assert np.abs(np.asarray(result.convert("RGB")).astype(int) - np.asarray(source)).mean() < 3


@pytest.mark.parametrize("what", ["exif", "xmp"])
def test_what_is_too_long_for_jpeg_is_left_out_and_said(what: str) -> None:
    options: dict[str, Any] = {what: bytes(70_000)}
    if what == "exif":
        exif = Image.Exif()
        exif[270], exif[271] = "x" * 70_000, "maker"
        options = {"exif": exif}
    picture = decode(samples.saved(samples.image("RGB"), "WEBP", **options))
    assert f"{what.upper()} left out" in fit(picture, "JPEG").note
    assert opened(encode(picture, "JPEG")).format == "JPEG"


def test_raw_cannot_be_written() -> None:
    with pytest.raises(PictureError, match="RAW cannot be written"):
        encode(decode(samples.sample("rgb.png")), "RAW")


@pytest.mark.parametrize("target", ["AVIF", "HEIF", "JPEG"])
@pytest.mark.parametrize("source", ["AVIF", "HEIF"])
def test_wide_colors_named_by_a_number(source: str, target: str) -> None:
    plain = samples.saved(samples.image("RGB"), source, color_primaries=1, transfer_characteristics=13)
    wide = plain.replace(b"nclx\0\1\0\x0d", b"nclx\0\x0c\0\x0d")
    assert wide != plain
    picture = decode(wide)
    result = encode(picture, target)
    assert read_cicp(read_items(result)) == (None if target == "JPEG" else (12, 13))
    assert ("wide-gamut colors" in fit(picture, target).note) == (target == "JPEG")
    assert fit(decode(plain), target).note == ""


@pytest.mark.parametrize("name", ["deep.avif", "deep.heic"])
def test_10_bits_are_cut_and_this_is_said(name: str) -> None:
    if name == "deep.avif":
        data = bytes(imagecodecs.avif_encode(samples.deep(3) >> 6, bitspersample=10))
    else:
        file = io.BytesIO()
        pillow_heif.encode("RGB;16", (samples.WIDTH, samples.HEIGHT), samples.deep(3).tobytes(), file)
        data = file.getvalue()
    picture = decode(data, name)
    assert (picture.mode, picture.note) == ("RGB", "10 bits per channel reduced to 8")


@pytest.mark.parametrize("target", ["TIFF", "AVIF", "PNG"])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_exif_does_not_cost_the_picture(target: str) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\2\0\x12\1\2\0\1\0\0\0\6\0\0\0\x69\x87\2\0\4\0\0\0\x08\0\0\0"
    jpeg = samples.sample("rgb.jpg")
    picture = decode(jpeg[:2] + Segment(0xE1, exif).coded() + jpeg[2:])
    fitted = fit(picture, target)
    assert ("EXIF left out" in fitted.note) == (target != "PNG")
    assert opened(encode(picture, target)).format == target
