"""What the page saves holds the metadata that Python keeps."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from pielight import enhance
from tests.web.conftest import choose, save
from tests.web.photographs import photographs, upload

pytestmark = pytest.mark.slow
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
TURNED = 6  # stored on its side


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(kind: str) -> bytes:
    """Return a dark photo with EXIF, profile and XMP."""
    pixels = photographs()["coffee-dark"]
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = TURNED, "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    file = io.BytesIO()
    options: dict[str, Any] = {"exif": exif, "icc_profile": profile(), "quality": 95}
    if kind == "png":
        from PIL.PngImagePlugin import PngInfo

        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"].add_text("Title", "coffee")
    else:
        options["xmp"] = XMP
    if kind == "jpg":
        options |= {"comment": b"a comment", "dpi": (300, 300)}
    Image.fromarray(pixels).save(file, KINDS[kind], **options)
    return file.getvalue()


def facts(data: bytes) -> dict[str, Any]:
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp", "").encode()
        return {
            "size": image.size,
            "exif": {tag: value for tag, value in exif.items() if tag != 0x8769},
            "taken": exif.get_ifd(0x8769).get(0x9003),
            "profile": image.info.get("icc_profile"),
            "xmp": xmp.rstrip(b"\0"),
        }


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_format_keeps_all(page: Any, tmp_path: Path, kind: str) -> None:
    source = photo(kind)
    choose(page, upload(f"photo.{kind}", source))
    result = save(page, "Save photo", tmp_path)
    assert result.name == f"photo_pie.{kind}"
    assert facts(result.read_bytes()) == facts(source)
    by_python = facts(enhance(source)) | {"xmp": facts(source)["xmp"]}  # to which Python adds a note of its own
    assert facts(result.read_bytes()) == by_python
    with Image.open(result) as image, Image.open(io.BytesIO(source)) as before:
        for key in ("comment", "Title", "dpi"):
            assert image.info.get(key) == before.info.get(key), key


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", ["JPEG", "PNG", "WebP"])
def test_another_format_keeps_exif_profile_and_xmp(page: Any, tmp_path: Path, source: str, target: str) -> None:
    data = photo(source)
    choose(page, upload(f"photo.{source}", data))
    page.get_by_label("Format").select_option(target)
    result = save(page, "Save photo", tmp_path)
    assert result.suffix.removeprefix(".") == next(name for name, kind in KINDS.items() if kind == target.upper())
    assert facts(result.read_bytes()) == facts(data)


def test_the_stage_shows_it_upright(page: Any) -> None:
    data = photo("jpg")
    choose(page, upload("photo.jpg", data))
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image)
    size = page.evaluate("[window.pielight.shown.source.size.width, window.pielight.shown.source.size.height]")
    assert tuple(size) == upright.size
    page.get_by_role("slider", name="Before and after").press("End")
    page.get_by_role("button", name="100 %").click()
    shown = page.evaluate(
        """([width, height]) => {
        const { stage } = window.pielight;
        stage.drawNow();
        const copy = new OffscreenCanvas(stage.canvas.width, stage.canvas.height).getContext("2d");
        copy.drawImage(stage.canvas, 0, 0);
        const left = Math.round((stage.canvas.width - width) / 2), top = Math.round((stage.canvas.height - height) / 2);
        return Array.from(copy.getImageData(left, top, width, height).data);
    }""",
        list(upright.size),
    )
    seen = np.array(shown, np.uint8).reshape(upright.height, upright.width, 4)[..., :3].astype(int)
    assert np.abs(seen - np.asarray(upright)).mean() < 2


def test_a_thumbnail_of_the_dark_photo_goes(page: Any, tmp_path: Path) -> None:
    data = bytearray(photo("jpg"))
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    file, small = io.BytesIO(), io.BytesIO()
    with Image.open(io.BytesIO(bytes(data))) as image:
        image.resize((64, 48)).save(small, "JPEG")
        block = exif.tobytes()
        body = block.removeprefix(b"Exif\0\0")
        link = int.from_bytes(body[4:8], "little") + 2 + 12 * int.from_bytes(body[8:10], "little")
        entries = [(0x0201, len(body) + 2 + 24 + 4), (0x0202, len(small.getvalue()))]
        second = len(entries).to_bytes(2, "little")
        second += b"".join(
            tag.to_bytes(2, "little")
            + (4).to_bytes(2, "little")
            + (1).to_bytes(4, "little")
            + value.to_bytes(4, "little")
            for tag, value in entries
        )
        body = body[:link] + len(body).to_bytes(4, "little") + body[link + 4 :] + second + bytes(4) + small.getvalue()
        image.save(file, "JPEG", exif=b"Exif\0\0" + body)
    choose(page, upload("photo.jpg", file.getvalue()))
    with Image.open(save(page, "Save photo", tmp_path)) as result:
        assert result.getexif()[0x010F] == "Maker"
        assert dict(result.getexif().get_ifd(1)) == {}


def test_what_a_browser_does_not_keep_is_said(page: Any) -> None:
    deep = np.arange(300 * 300, dtype=np.uint16).reshape(300, 300)
    file = io.BytesIO()
    Image.fromarray(deep).save(file, "PNG")
    choose(page, upload("deep.png", file.getvalue()))
    assert "The command pielight keeps them" in page.get_by_role("complementary").inner_text()


def test_what_a_browser_cannot_open_is_said(page: Any) -> None:
    page.set_input_files("input[type=file]:not([webkitdirectory])", [upload("raw.dng", b"II*\0 nothing")])
    page.get_by_text("The command pielight can").wait_for()
    assert "camera RAW" in page.get_by_role("status").inner_text()
