"""The page and Python return the same pixels, within two levels of 255."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight import enhance
from tests.web.conftest import choose, save, until
from tests.web.photographs import coded, photographs, upload

pytestmark = pytest.mark.slow
LEVELS = 2


def difference(result: bytes, expected: np.ndarray[Any, Any]) -> int:
    """Return the largest difference of a file's pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(result)))
    return int(np.abs(pixels.astype(int) - expected).max())


def test_twenty_photographs_as_a_batch(page: Any, tmp_path: Path) -> None:
    photos = photographs()
    assert len(photos) == 20
    choose(page, *(upload(f"{name}.png", coded(pixels)) for name, pixels in photos.items()))
    archive = save(page, "Save all 20 as a ZIP", tmp_path)
    with zipfile.ZipFile(archive) as results:
        assert results.testzip() is None
        found = {name: difference(results.read(f"{name}_pie.png"), enhance(pixels)) for name, pixels in photos.items()}
    assert max(found.values()) <= LEVELS, found
    page.get_by_text("20 saved.").wait_for()


@pytest.mark.parametrize("preset", ["Night", "Backlit", "Subtle"])
def test_presets(page: Any, tmp_path: Path, preset: str) -> None:
    pixels = photographs()["coffee-backlit"]
    choose(page, upload("a.png", coded(pixels)))
    page.get_by_role("radio", name=preset).check()
    result = save(page, "Save photo", tmp_path).read_bytes()
    assert difference(result, enhance(pixels, preset=preset.lower())) <= LEVELS


@pytest.mark.parametrize("options", [{"strength": 0.5}, {"highlights": 1.0}, {"denoise": 0.6}, {"denoise": 0.0}])
def test_sliders(page: Any, tmp_path: Path, options: dict[str, float]) -> None:
    pixels = photographs()["rocket-noisy"]
    choose(page, upload("a.png", coded(pixels)))
    label, value = (
        {"strength": "Strength", "highlights": "Protect highlights", "denoise": "Remove noise"},
        options.copy(),
    )
    if "denoise" in options:
        page.get_by_label("Only noise that shows").uncheck()
    ((name, number),) = value.items()
    page.get_by_label(label[name]).fill(str(number))
    result = save(page, "Save photo", tmp_path).read_bytes()
    assert difference(result, enhance(pixels, **options)) <= LEVELS


def test_gray_and_strength_zero(page: Any, tmp_path: Path) -> None:
    gray = photographs()["astronaut-noisy"][..., 1]
    choose(page, upload("a.png", coded(gray)))
    assert difference(save(page, "Save photo", tmp_path).read_bytes(), enhance(gray)) <= LEVELS
    page.get_by_label("Strength").fill("0")
    assert difference(save(page, "Save photo", tmp_path).read_bytes(), gray) == 0


@pytest.mark.parametrize("renderer", ["webgl", "canvas"])
@pytest.mark.parametrize("black", [0.0, 0.5])
def test_what_is_shown_is_what_is_saved(open_page: Any, renderer: str, black: float) -> None:
    page = open_page(query=f"?renderer={renderer}")
    pixels = photographs()["coffee-backlit"]
    choose(page, upload("a.png", coded(pixels)))
    assert page.evaluate("window.pielight.stage.rendererKind") == renderer
    page.get_by_label("Only noise that shows").uncheck()
    page.get_by_label("Remove noise").fill("0")
    page.get_by_label("Keep black").fill(str(black))
    page.get_by_role("button", name="100 %").click()
    until(page, "window.pielight.stage.place.scale === 1")
    shown = page.evaluate("""() => {
        const { stage } = window.pielight;
        stage.drawNow();
        const { width, height } = stage.canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(stage.canvas, 0, 0);
        const left = Math.round(width / 2 - 196), top = Math.round(height / 2 - 144);
        return Array.from(copy.getImageData(left, top, 392, 288).data);
    }""")
    seen = np.array(shown, np.uint8).reshape(288, 392, 4)[..., :3]
    expected = enhance(pixels, denoise=0, black=black)
    assert np.abs(seen[2:-2, 2:-2].astype(int) - expected[2:-2, 2:-2]).max() <= LEVELS + 1


def test_opacity_stays(page: Any, tmp_path: Path) -> None:
    colors = photographs()["coffee-dark"]
    opacity = np.linspace(0, 255, colors.shape[1]).astype(np.uint8)[np.newaxis, :, np.newaxis].repeat(len(colors), 0)
    pixels = np.concatenate([colors, opacity], axis=2)
    choose(page, upload("a.png", coded(pixels)))
    assert difference(save(page, "Save photo", tmp_path).read_bytes(), enhance(pixels)) <= LEVELS
