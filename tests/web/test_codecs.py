"""What formats cannot hold, or hold otherwise, comes out right and is said."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from tests.web.conftest import choose, save, until
from tests.web.photographs import coded, photographs, upload

pytestmark = pytest.mark.slow
D50_PRIMARIES = {
    b"rXYZ": (0.51512, 0.2412, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.1571, 0.06657, 0.78407),
}
COLOR = (120, 20, 20)


def display_p3() -> bytes:
    """Return the profile of sRGB with other primaries."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for i in range(struct.unpack_from(">I", profile, 128)[0]):
        name, start, _ = struct.unpack_from(">4sII", profile, 132 + 12 * i)
        if name in D50_PRIMARIES:
            struct.pack_into(">3i", profile, start + 8, *(round(value * 65536) for value in D50_PRIMARIES[name]))
    return bytes(profile)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shown(page: Any) -> list[int]:
    """Return the color of the middle of the stage, as a screen of sRGB shows it."""
    return list(
        page.evaluate("""() => {
        const { stage } = window.pielight;
        stage.drawNow();
        const { width, height } = stage.canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(stage.canvas, 0, 0);
        return Array.from(copy.getImageData(width >> 1, height >> 1, 1, 1).data.slice(0, 3));
    }""")
    )


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
def test_the_stage_shows_display_p3(open_page: Any, renderer: str) -> None:
    page = open_page(query=f"?renderer={renderer}")
    image = Image.new("RGB", (64, 48), COLOR)
    expected = ImageCms.profileToProfile(image, io.BytesIO(display_p3()), ImageCms.createProfile("sRGB"))
    assert expected is not None
    choose(page, upload("p3.png", file_of(image, "PNG", icc_profile=display_p3())))
    page.get_by_role("slider", name="Before and after").press("End")
    assert np.abs(np.subtract(shown(page), expected.getpixel((9, 9)))).max() <= 3
    choose(page, upload("plain.png", file_of(image, "PNG")))
    assert np.abs(np.subtract(shown(page), COLOR)).max() <= 1


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
def test_avif_is_converted_to_srgb(page: Any, tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 48), COLOR)
    choose(page, upload("p3.avif", file_of(image, "AVIF", icc_profile=display_p3(), quality=100)))
    page.get_by_label("Strength").fill("0")
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        expected = ImageCms.profileToProfile(image, io.BytesIO(display_p3()), ImageCms.createProfile("sRGB"))
        assert expected is not None
        assert result.format == "JPEG"
        assert np.abs(np.subtract(result.getpixel((9, 9)), expected.getpixel((9, 9)))).max() <= 4


def test_a_picture_too_wide_for_webp_becomes_png(page: Any, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    wide = Image.linear_gradient("L").resize((16_400, 20)).convert("RGB")
    choose(page, upload("wide.jpg", file_of(wide, "JPEG", exif=exif)))
    page.get_by_label("Format").select_option("WebP")
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        result.load()
        assert (result.format, result.size, result.getexif()[0x010F]) == ("PNG", wide.size, "Maker")
    until(page, "document.querySelector('[role=status]').innerText.includes('It is PNG')")


def test_lossless_webp_stays_lossless(page: Any, tmp_path: Path) -> None:
    image = Image.fromarray(photographs()["coffee-dark"])
    choose(page, upload("a.webp", file_of(image, "WEBP", lossless=True)))
    assert "saves PNG" in page.get_by_role("complementary").inner_text()
    page.get_by_label("Strength").fill("0")
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        assert result.format == "PNG"
        assert np.array_equal(np.asarray(result), np.asarray(image))


def test_webp_gains_no_profile(page: Any, tmp_path: Path) -> None:
    choose(page, upload("a.png", coded(photographs()["coffee-dark"])))
    page.get_by_label("Format").select_option("WebP")
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        result.load()
        assert (result.format, result.info.get("icc_profile")) == ("WEBP", None)


def test_what_is_transparent_becomes_white_in_a_jpeg(page: Any, tmp_path: Path) -> None:
    image = Image.new("RGBA", (64, 48), (20, 20, 20, 0))
    choose(page, upload("a.png", file_of(image, "PNG")))
    page.get_by_label("Format").select_option("JPEG")
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        assert (result.format, result.getpixel((9, 9))) == ("JPEG", (255, 255, 255))
    until(page, "document.querySelector('[role=status]').innerText.includes('white')")


def test_an_animated_gif_says_so_and_becomes_png(page: Any, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), (level, 30, 20)) for level in (20, 40)]
    choose(page, upload("a.gif", file_of(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)))
    assert "Only the first frame" in page.get_by_role("complementary").inner_text()
    assert save(page, "Save photo", tmp_path).suffix == ".png"


def test_strokes_at_strength_zero_hold_black_as_shown(page: Any, tmp_path: Path) -> None:
    image = Image.new("RGB", (64, 48), (8, 8, 8))
    choose(page, upload("a.png", file_of(image, "PNG")))
    for label, value in {"Strength": "0", "Keep black": "1"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Only noise that shows").uncheck()
    page.get_by_label("Remove noise").fill("0")
    page.get_by_role("radio", name="Lift").check()
    page.evaluate("window.pielight.stage.element.focus()")
    page.keyboard.press("Space")
    seen = shown(page)
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        assert np.abs(np.subtract(result.getpixel((32, 24)), seen)).max() <= 3
