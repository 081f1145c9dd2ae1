"""Sheets of photos, the page in a real browser.

Covers ``pielight.cli.compare``.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pielight.cli import main
from pielight.comparison.comparison import Comparison, compare
from pielight.comparison.html import html_sheet
from pielight.comparison.png import png_sheet
from pielight.enhancer import Enhancer
from pielight.inference.lattice import LatticeNetwork
from pielight.io.metadata.tiff_tags import Tag


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("night.jpg", quality=90)
    Image.fromarray(photo[:, :64]).save("<b>é & 夜.png")
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["compare", *arguments], prog_name="pielight")


def mean(image: Image.Image) -> float:
    return float(np.asarray(image).mean())


def test_the_network_looks_once(folder: Path, bright_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    predict = LatticeNetwork.predict

    def count(self: LatticeNetwork, *arguments: Any) -> Any:
        looks.append(1)
        return predict(self, *arguments)

    monkeypatch.setattr(LatticeNetwork, "predict", count)
    enhancer = Enhancer(bright_model)
    sheet = compare(enhancer, Path("night.jpg"), [0.5, 1.0, 1.5], size=64)
    assert looks == [1]
    levels = [mean(image) for image in (sheet.before, *sheet.after.values())]
    assert levels == sorted(levels)
    assert {image.size for image in (sheet.before, *sheet.after.values())} == {(64, 48)}
    whole = compare(enhancer, Path("<b>é & 夜.png"), [0.5])
    enhanced = enhancer(Image.open("<b>é & 夜.png"), 0.5)
    assert np.array_equal(np.asarray(whole.after[0.5]), np.asarray(enhanced))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["turned.jpg", "turned.png", "turned.tif"])
def test_every_photo_stands_upright(
    folder: Path, bright_model: Path, photo: NDArray[np.uint8], name: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[Tag.ORIENTATION] = orientation
    Image.fromarray(photo).save(name, exif=exif)
    with Image.open(name) as image:
        from PIL import ImageOps

        upright = ImageOps.exif_transpose(image).convert("RGB")
    sheet = compare(Enhancer(bright_model), Path(name), [0.0])
    for image in (sheet.before, sheet.after[0.0]):
        assert image.size == upright.size
        assert np.abs(np.asarray(image).astype(int) - np.asarray(upright)).max() <= 3  # two JPEG decoders may differ


def test_other_kinds_of_photos(folder: Path, bright_model: Path, photo: NDArray[np.uint8]) -> None:
    Image.fromarray(photo[..., 0].astype(np.uint16) * 257).save("deep.png")
    opacity = np.zeros(photo.shape[:2], np.uint8)
    Image.fromarray(np.dstack([photo, opacity])).save("clear.png")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photo).save("profile.png", icc_profile=profile)
    Image.fromarray(photo).save("damaged.png", icc_profile=b"nonsense")
    sheets = {
        name: compare(Enhancer(bright_model), Path(f"{name}.png"), [1]).before
        for name in ("deep", "clear", "profile", "damaged")
    }
    assert abs(mean(sheets["deep"]) - mean(Image.fromarray(photo[..., 0]))) < 1
    assert mean(sheets["clear"]) == 255
    assert np.abs(np.asarray(sheets["profile"]).astype(int) - photo).max() <= 2
    assert np.array_equal(np.asarray(sheets["damaged"]), photo)


def test_a_clear_entry_of_a_palette_is_on_white(folder: Path, bright_model: Path) -> None:
    clear = Image.new("P", (20, 20), 3)
    clear.putpalette(bytes(768))
    for name in ("clear.gif", "clear.png"):
        clear.save(name, transparency=3)
    for name in ("clear.gif", "clear.png"):
        assert mean(compare(Enhancer(bright_model), Path(name), [1]).before) == 255


def test_a_picture_of_rows(folder: Path) -> None:
    before = Image.new("RGB", (300, 200), "navy")
    after = {0.5: Image.new("RGB", (300, 200), "blue"), 1.0: Image.new("RGB", (300, 200), "cyan")}
    names = ("x" * 500, "café 夜.jpg")
    sheet = Image.open(io.BytesIO(png_sheet([Comparison(name, before, after) for name in names])))
    assert sheet.format == "PNG"
    assert 3 * 300 < sheet.width < 3 * 300 + 100
    for color in ("navy", "blue", "cyan"):
        pixels = np.asarray(sheet) == np.asarray(Image.new("RGB", (1, 1), color))
        assert pixels.all(-1).sum() == 2 * 300 * 200


def test_the_command(folder: Path) -> None:
    done = invoke("night.jpg", "--size", "64")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "night_compare.html\n")
    first = Path("night_compare.html").read_bytes()
    assert invoke("night.jpg", "--size", "64", "--strengths", "0.3").stderr == "night_compare.html\n"
    assert Path("night_compare.html").read_bytes() != first
    assert invoke("night.jpg", "-q", "--size", "64", "--existing", "rename").stderr == ""
    assert Path("night_compare-2.html").exists()
    Path("broken.jpg").write_bytes(b"")
    done = invoke(".", "-o", "sheets/all.png", "--strengths", "1,-0.0,1", "--size", "64")
    assert (done.exit_code, done.stderr) == (1, "broken.jpg: empty file\nsheets/all.png\n")
    assert Image.open("sheets/all.png").format == "PNG"
    assert invoke("broken.jpg").exit_code == 1
    assert not Path("broken_compare.html").exists()


def test_a_sheet_that_appears_meanwhile_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*arguments: Any) -> Comparison:
        Path("night_compare.html").write_text("mine")
        return compare(*arguments)

    monkeypatch.setattr("pielight.comparison.comparison.compare", late)
    done = invoke("night.jpg", "--size", "64", "--existing", "skip")
    assert (done.exit_code, done.stderr.startswith("night_compare.html: skipped")) == (0, True)
    Path("night_compare.html").unlink()
    done = invoke("night.jpg", "--size", "64", "--existing", "rename")
    assert (done.exit_code, done.stderr) == (0, "night_compare-2.html\n")
    assert Path("night_compare.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("night.jpg", "-o", "sheet.gif"), "sheet.gif: must end in .html or .png"),
        (("night.jpg", "<b>é & 夜.png", "-o", "<b>é & 夜.png"), "overwrite a picture"),
        (("night.jpg", "--strengths", "1,two"), "two"),
        (("night.jpg", "--strengths", "9"), "9"),
        (("night.jpg", "--size", "1"), "size"),
    ],
)
def test_usage_errors(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert reason in done.stderr


def test_a_page_needs_nothing_else(folder: Path, bright_model: Path) -> None:
    enhancer = Enhancer(bright_model)
    page = html_sheet([compare(enhancer, path, [0.5, 1.0], size=64) for path in sorted(Path().iterdir())])
    assert "&lt;b&gt;é &amp; 夜.png" in page
    assert "<b>" not in page
    assert set(re.findall(r'(?:src|href)="(.{5})', page)) == {"data:"}
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_the_page_in_a_browser(folder: Path, browser: Any) -> None:
    assert invoke(".", "-o", "sheet.html", "--strengths", "0.5,1,1.5").exit_code == 0
    context = browser.new_context(viewport={"width": 800, "height": 600}, has_touch=True)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url[:5]))
    page.goto((folder / "sheet.html").as_uri())
    figure = page.locator("figure").last
    divide = figure.get_by_role("slider")
    assert divide.get_attribute("aria-label") == "Share of night.jpg shown as before"
    figure.scroll_into_view_if_needed()
    box = figure.locator(".stage").bounding_box()
    assert box["width"] == pytest.approx(20 * 16, abs=1)  # small photos are enlarged to have room for the choices

    def shown() -> tuple[float, float]:
        """The levels left and right of a line that was drawn to the middle of the right half."""
        shot = Image.open(io.BytesIO(page.screenshot(clip={**box, "height": box["height"] * 0.35})))
        pixels = np.asarray(shot.convert("L")).astype(float)
        half = pixels.shape[1] // 2
        return float(pixels[:, 2 : half - 4].mean()), float(pixels[:, half + 4 : half + half // 3].mean())

    def value() -> int:
        return int(divide.input_value())

    across, down = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(across + box["width"] * 0.5, down)
    page.mouse.down()
    page.mouse.move(across + box["width"] * 0.9, down, steps=4)
    page.mouse.up()
    assert value() == pytest.approx(90, abs=2)
    before = shown()
    page.touchscreen.tap(across + box["width"] * 0.1, down)
    assert value() == pytest.approx(10, abs=2)
    after = shown()
    assert after[1] > before[1] + 5  # the middle of the photo has become brighter
    divide.focus()
    page.keyboard.press("End")
    assert value() == 100
    page.keyboard.press("ArrowLeft")
    assert value() == 99
    assert divide.get_attribute("aria-valuetext") == "99 % before, 1 % after"
    page.keyboard.press("Home")
    levels = []
    for strength in ("0.5", "1", "1.5"):
        figure.get_by_role("radio", name=strength, exact=True).check()
        assert figure.locator("img.after:visible").get_attribute("data-strength") == strength
        levels.append(sum(shown()))
    assert levels == sorted(levels)
    assert levels[0] < levels[-1] - 5

    page.set_viewport_size({"width": 320, "height": 568})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    colors = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        colors.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colors[0] != colors[1]
    assert complaints == []
    assert set(requests) <= {"file:", "data:"}
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")


def test_messages_name_what_this_command_can_do(folder: Path) -> None:
    (folder / "empty").mkdir()
    empty = invoke("empty")
    assert (empty.exit_code, "empty: no pictures in this folder" in empty.stderr, "-r" in empty.stderr) == (
        2,
        True,
        False,
    )
    assert invoke("night.jpg", "--size", "64").exit_code == 0
    again = invoke("night.jpg", "--size", "64", "--existing", "skip")
    assert again.stderr == "night_compare.html: skipped, it already exists (--existing overwrite replaces it)\n"
