"""The page as `pielight serve` sends it, with its headers; the server opens and saves what the browser cannot."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight import enhance, enhance_file
from tests.web.conftest import BUILT, DESKTOP, choose, is_problem, save, until
from tests.web.photographs import coded, photographs, upload

pytestmark = pytest.mark.slow
DESCRIPTION = 270  # a tag of EXIF
USE = "Open with the pielight server"
FILES = "input[type=file]:not([webkitdirectory])"


@contextmanager
def serving() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    if not (BUILT / "index.html").exists():
        pytest.skip("the page is not built: make page (needs node)")
    command = [sys.executable, "-m", "pielight", "serve", "--port", "0", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout
        found = next(filter(None, (re.search(r"http://[\d.:]+/?", line) for line in running.stdout)), None)
        assert found
        yield found.group(), running
        running.terminate()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving() as (address, _):
        yield address


@pytest.fixture
def open_served(browser: Any) -> Iterator[Callable[[str], Any]]:
    """Open the page of a server; at the end it must have made no error."""
    contexts, problems = [], []

    def opened(address: str) -> Any:
        contexts.append(browser.new_context(**DESKTOP))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if is_problem(message) else None)
        page.goto(address)
        page.get_by_role("heading", name="Drop photos here").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [each for each in problems if "Failed to load resource" not in each] == []  # a refusal, which is told


@pytest.fixture(scope="module")
def heic() -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    picture = Image.fromarray(photographs()["coffee-dark"])
    exif = Image.Exif()
    exif[DESCRIPTION] = "night"
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=90, exif=exif.tobytes())
    return file.getvalue()


@pytest.fixture(scope="module")
def deep() -> bytes:
    pytest.importorskip("imagecodecs")
    cv2 = pytest.importorskip("cv2")
    pixels = photographs()["rocket-dark"].astype(np.uint16) * 257 + 100
    return bytes(cv2.imencode(".png", pixels[..., ::-1])[1])


def inks() -> bytes:
    file = io.BytesIO()
    Image.fromarray(photographs()["chelsea-dark"]).convert("CMYK").save(file, "JPEG", quality=90)
    return file.getvalue()


def expected(folder: Path, name: str, content: bytes, **options: Any) -> bytes:
    """What the command saves."""
    source = folder / name
    source.write_bytes(content)
    return enhance_file(source, folder / f"{source.stem}_expected{source.suffix}", **options).read_bytes()


def test_the_page_of_the_server(open_served: Callable[[str], Any], server: str, tmp_path: Path) -> None:
    page = open_served(server)
    assert page.evaluate("window.crossOriginIsolated")
    pixels = photographs()["rocket-noisy"]
    choose(page, upload("a.png", coded(pixels)))
    result = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    assert np.abs(result - enhance(pixels)).max() <= 2
    assert not page.get_by_text(USE).is_visible()


def test_a_photo_that_the_browser_cannot_open(
    open_served: Callable[[str], Any], server: str, heic: bytes, tmp_path: Path
) -> None:
    page = open_served(server)
    page.set_input_files(FILES, upload("night.HEIC", heic))
    page.get_by_text("This browser cannot open HEIC: night.HEIC").wait_for()
    page.get_by_role("button", name=f"{USE} on this computer").click()
    page.get_by_text("night.HEIC is open.").wait_for()
    page.evaluate("window.pielight.controls.change({ strength: 0.5, targetEv: -0.25 })")
    page.get_by_text("saves the photo in full").wait_for()
    result = save(page, "Save photo", tmp_path)
    assert result.name == "night_pie.HEIC"
    assert result.read_bytes() == expected(tmp_path, "night.HEIC", heic, strength=0.5, target_ev=-0.25)

    page.get_by_role("radio", name="Lift").check()
    page.locator(".stage").press("Space")
    page.get_by_text("Strokes cannot be sent to the server.").wait_for()
    preview = Image.open(save(page, "Save photo", tmp_path))
    assert (preview.format, preview.getexif()[DESCRIPTION]) == ("JPEG", "night")


def test_a_batch_of_photos_that_lose_nothing(
    open_served: Callable[[str], Any], server: str, deep: bytes, tmp_path: Path
) -> None:
    page, sent = open_served(server), []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    pixels = photographs()["astronaut-dark"]
    choose(page, upload("deep.png", deep), upload("plain.png", coded(pixels)), upload("inks.jpg", inks()))
    page.get_by_text("16 bits a channel").wait_for()
    page.get_by_role("button", name=USE).click()
    page.get_by_text("saves the photo in full").wait_for()
    assert sent == []
    archive = zipfile.ZipFile(save(page, "Save all 3 as a ZIP", tmp_path))
    saved = {name: archive.read(name) for name in archive.namelist()}
    assert saved["deep_pie.png"] == expected(tmp_path, "deep.png", deep)
    assert saved["deep_pie.png"][24] == 16  # bits of a channel
    assert saved["inks_pie.jpg"] == expected(tmp_path, "inks.jpg", inks())
    assert np.abs(np.asarray(Image.open(io.BytesIO(saved["plain_pie.png"]))).astype(int) - enhance(pixels)).max() <= 2
    assert [re.sub(r".*name=", "", url) for url in sent] == ["deep.png", "inks.jpg"]


def test_a_refusal_and_a_server_that_is_gone(open_served: Callable[[str], Any], heic: bytes) -> None:
    with serving() as (address, running):
        page = open_served(address)
        page.set_input_files(FILES, [upload("a.heic", heic[:200]), upload("b.heic", heic)])
        page.get_by_role("button", name=USE).click()
        page.get_by_text(re.compile("^a.heic: .*damaged")).wait_for()
        page.get_by_role("button", name="b.heic, photo 2 of 2").click()
        page.get_by_text("b.heic is open.").wait_for()
        running.terminate()
        running.wait()
        page.get_by_role("button", name="Save photo").click()
        page.get_by_text("The pielight server on this computer does not answer.").wait_for()
        until(page, "document.querySelectorAll('.filmstrip li:not(.failed)').length === 1")
        assert page.evaluate("window.pielight.photos.length") == 2


def test_a_plain_host_offers_nothing(page: Any, heic: bytes) -> None:
    with page.expect_response("**/v1/info"):
        page.set_input_files(FILES, upload("night.heic", heic))
    page.get_by_text("This browser cannot open HEIC: night.heic. The command pielight can").wait_for()
    assert not page.get_by_text(USE).is_visible()
