"""The page as people use it: by mouse, finger and keyboard, on a desktop and a phone, with and without a network."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight import enhance
from tests.web.conftest import BUILT, PHONE, CachingHandler, choose, save, served, until
from tests.web.photographs import coded, photographs, upload

pytestmark = pytest.mark.slow
LIFTED = "window.pielight.shown.photo.brush.strokes !== undefined"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
DROP = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type: "image/png" }));
    const target = document.querySelector("main");
    for (const kind of ["dragover", "drop"]) {
        target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
}"""
PASTE = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type: "image/png" }));
    window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
}"""


@pytest.fixture(scope="module")
def dark() -> bytes:
    return coded(photographs()["coffee-dark"])


def cancel_at(page: Any, text: str) -> None:
    """Have Cancel clicked when the status says so, which a test that watches from outside may miss."""
    page.evaluate(
        """(text) => {
        const status = document.querySelector("[role=status]");
        const cancel = [...document.querySelectorAll("button")].find((each) => each.textContent === "Cancel");
        new MutationObserver(() => status.textContent === text && cancel.click()).observe(status, { childList: true });
    }""",
        text,
    )


def strength(page: Any) -> float:
    return float(page.evaluate("window.pielight.controls.options.strength"))


def center(page: Any) -> tuple[float, float]:
    box = page.locator(".stage").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def lifted(page: Any) -> bool:
    return bool(page.evaluate(LIFTED))


@pytest.mark.parametrize("script", [DROP, PASTE])
def test_dropped_and_pasted(page: Any, dark: bytes, script: str) -> None:
    import base64

    page.evaluate(script, ["night.png", base64.b64encode(dark).decode()])
    page.get_by_text("night.png is open.").wait_for()
    assert page.get_by_role("button", name="Save photo").is_visible()


def test_a_slider_by_mouse_and_keyboard(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    slider = page.get_by_label("Strength")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert strength(page) == pytest.approx(0.75, abs=0.02)
    slider.press("ArrowRight")
    assert strength(page) == pytest.approx(0.76, abs=0.02)
    page.get_by_role("button", name="Reset").click()
    assert strength(page) == 1


def test_a_slider_by_finger(open_page: Callable[..., Any], dark: bytes) -> None:
    page = open_page(PHONE)
    choose(page, upload("a.png", dark))
    slider = page.get_by_label("Strength")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    until(page, "Math.abs(window.pielight.controls.options.strength - 0.5) < 0.03")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_before_and_after(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    handle = page.get_by_role("slider", name="Before and after")
    handle.press("PageUp")
    assert handle.get_attribute("aria-valuenow") == "10"
    box, stage = handle.bounding_box(), page.locator(".stage").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] / 2, box["y"] + 20, steps=4)
    page.mouse.up()
    assert int(handle.get_attribute("aria-valuenow")) == pytest.approx(50, abs=2)


def test_zoom_and_pan(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    fitted = page.evaluate("window.pielight.stage.place.scale")
    page.mouse.move(*center(page))
    page.mouse.wheel(0, -400)
    until(page, f"window.pielight.stage.place.scale > {fitted}")
    page.locator(".stage").press("1")
    assert page.evaluate("window.pielight.stage.place.scale") == 1
    for _ in range(12):
        page.locator(".stage").press("+")
    before = page.evaluate("window.pielight.stage.place.x")
    page.locator(".stage").press("ArrowRight")
    assert page.evaluate("window.pielight.stage.place.x") > before
    page.get_by_role("button", name="Fit").click()
    assert page.evaluate("window.pielight.stage.place.scale") == fitted


def test_the_brush_by_mouse_with_undo_and_redo(page: Any, dark: bytes, tmp_path: Path) -> None:
    choose(page, upload("a.png", dark))
    before = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    page.get_by_role("radio", name="Lift").check()
    x, y = center(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    assert lifted(page)
    after = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    changed = np.abs(after - before).max(axis=2)
    rows, columns = np.nonzero(changed > 3)
    assert abs(rows.mean() / len(changed) - 0.5) < 0.1  # where it was painted
    assert columns.max() - columns.min() < changed.shape[1] * 0.6
    assert (after >= before - 2).all()  # lifted
    page.keyboard.press("Control+z")
    assert not lifted(page)
    again = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    assert (again == before).all()
    page.get_by_role("button", name="Redo").click()
    assert lifted(page)


def test_the_brush_by_keyboard_leaves_a_place_alone(page: Any, dark: bytes, tmp_path: Path) -> None:
    choose(page, upload("a.png", dark))
    page.get_by_role("radio", name="Leave as is").check()
    page.get_by_role("slider", name="Size").fill("0.4")
    page.locator(".stage").press("ArrowUp")
    page.locator(".stage").press(" ")
    result = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    source = np.asarray(Image.open(io.BytesIO(dark))).astype(int)
    middle = (len(source) // 2 - 4, source.shape[1] // 2)
    assert np.abs(result - source)[middle].max() <= 8
    assert np.abs(result - source)[4, 4].max() > 20


def test_the_brush_by_finger(open_page: Callable[..., Any], dark: bytes) -> None:
    page = open_page(PHONE)
    choose(page, upload("a.png", dark))
    page.get_by_role("radio", name="Darken").check()
    page.touchscreen.tap(*center(page))
    until(page, LIFTED)


def test_the_map(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    page.get_by_label("Show the map of exposures").check()
    legend = page.get_by_role("img", name="Stops lifted at each place")
    assert re.match(r"\+?\d+ EV", legend.inner_text())


def test_a_well_exposed_photo_is_left_alone_until_asked(page: Any, tmp_path: Path) -> None:
    pixels = photographs()["coffee-published"]
    choose(page, upload("a.png", coded(pixels)))
    assert (np.asarray(Image.open(save(page, "Save photo", tmp_path))) == pixels).all()
    page.get_by_role("button", name="Brighten anyway").click()
    result = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    assert np.abs(result - enhance(pixels, auto=False)).max() <= 2


def test_a_batch_with_a_damaged_file_goes_on(page: Any, dark: bytes, tmp_path: Path) -> None:
    choose(page, upload("a.png", dark), upload("b.png", dark[:200]), upload("a.png", dark))
    with zipfile.ZipFile(save(page, "Save all 3 as a ZIP", tmp_path)) as results:
        assert results.namelist() == ["a_pie.png", "a_pie-2.png"]
    page.get_by_text("2 saved, 1 could not be opened: b.png").wait_for()


def test_a_batch_is_cancelled(page: Any, dark: bytes) -> None:
    choose(page, *(upload(f"{i}.png", dark) for i in range(8)))
    cancel_at(page, "0 of 8 saved")
    page.get_by_role("button", name="Save all 8 as a ZIP").click()
    page.get_by_text("Stopped: 0 of 8 saved.").wait_for()
    assert page.get_by_role("button", name="Save photo").is_enabled()


def test_a_cancelled_batch_keeps_what_is_done(page: Any, dark: bytes, tmp_path: Path) -> None:
    choose(page, *(upload(f"{i}.png", dark) for i in range(8)))
    cancel_at(page, "2 of 8 saved")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all 8 as a ZIP").click()
    download.value.save_as(tmp_path / "some.zip")
    page.get_by_text("Stopped: 2 of 8 saved.").wait_for()
    assert len(zipfile.ZipFile(tmp_path / "some.zip").namelist()) == 2


def test_a_photo_opens_after_files_that_do_not(page: Any, dark: bytes, tmp_path: Path) -> None:
    files = [upload("text.jpg", b"no photo"), upload("photo.png", dark)]
    page.set_input_files("input[type=file]:not([webkitdirectory])", files)
    page.get_by_text("photo.png is open. 1 before it could not be opened.").wait_for()
    assert save(page, "Save photo", tmp_path).name == "photo_pie.png"
    page.get_by_role("button", name="text.jpg, photo 1 of 2").click()
    page.get_by_text("text.jpg is damaged, or not a photo.").wait_for()
    assert page.get_by_role("button", name="Save photo").is_disabled()
    assert not page.locator(".stage canvas").is_visible()
    page.get_by_role("button", name="photo.png, photo 2 of 2").click()
    page.get_by_text("photo.png is open.").wait_for()
    assert page.get_by_role("button", name="Save photo").is_enabled()


def test_nothing_of_a_photo_stays_with_one_that_does_not_open(page: Any) -> None:
    deep = io.BytesIO()
    Image.fromarray(np.full((300, 300), 40_000, np.uint16)).save(deep, "PNG")
    choose(page, upload("deep.png", deep.getvalue()))
    page.get_by_text("16 bits a channel").wait_for()
    page.set_input_files(
        "input[type=file]:not([webkitdirectory])", {"name": "noext", "mimeType": "", "buffer": b"no photo"}
    )
    page.get_by_text("noext is damaged, or not a photo.").wait_for()
    assert not page.get_by_text("16 bits a channel").is_visible()
    assert not page.get_by_text("looks well exposed").is_visible()


def test_a_model_that_cannot_be_loaded(browser: Any, site: str, dark: bytes) -> None:
    context = browser.new_context(service_workers="block")
    context.route("**/*.onnx", lambda route: route.abort())
    page = context.new_page()
    page.goto(site)
    page.get_by_text("The model could not be loaded.").wait_for()
    page.set_input_files("input[type=file]:not([webkitdirectory])", [upload("a.png", dark), upload("b.png", dark)])
    until(page, "window.pielight.photos.length === 2")
    page.get_by_text("The model could not be loaded.").wait_for()
    assert page.locator(".failed").count() == 0
    context.close()


def test_a_quick_stroke_is_a_line(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    page.get_by_role("radio", name="Lift").check()
    page.get_by_role("slider", name="Size").fill("0.01")
    x, y = center(page)
    page.mouse.move(x - 100, y)
    page.mouse.down()
    page.mouse.move(x + 100, y)
    page.mouse.up()
    painted = page.evaluate("""() => {
        const { width, height, lift } = window.pielight.shown.photo.brush.strokes;
        const columns = Array.from({ length: width }, (_, x) => lift.some((value, i) => value && i % width === x));
        return [columns.indexOf(true), columns.lastIndexOf(true), columns.filter(Boolean).length];
    }""")
    first, last, count = painted
    assert count == last - first + 1 > 10


def test_files_of_which_none_opens_are_listed(page: Any) -> None:
    files = [upload("a.jpg", b"no photo"), upload("b.dng", b"no photo")]
    page.set_input_files("input[type=file]:not([webkitdirectory])", files)
    page.get_by_text("a.jpg is damaged, or not a photo.").wait_for()
    assert page.get_by_role("button", name="b.dng, photo 2 of 2").is_visible()
    assert page.get_by_role("button", name="Save photo").is_disabled()


def test_a_photo_opened_while_another_is_saved(page: Any, dark: bytes, tmp_path: Path) -> None:
    choose(page, *(upload(f"{i}.png", dark) for i in range(4)))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save all 4 as a ZIP").click()
        page.get_by_role("button", name="3.png, photo 4 of 4").click()
    download.value.save_as(tmp_path / "all.zip")
    assert len(zipfile.ZipFile(tmp_path / "all.zip").namelist()) == 4
    until(page, "window.pielight.shown.photo === window.pielight.photos[3]")


def test_a_photo_is_chosen_and_removed(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark), upload("b.png", dark))
    page.get_by_role("button", name="b.png, photo 2 of 2").click()
    page.get_by_text("b.png is open.").wait_for()
    page.get_by_role("button", name="Remove this photo: b.png").click()
    page.get_by_text("a.png is open.").wait_for()
    page.get_by_role("button", name="Remove this photo: a.png").click()
    page.get_by_role("heading", name="Drop photos here").wait_for()
    choose(page, upload("c.png", dark))
    page.get_by_text("c.png is open.").wait_for()


def test_it_works_offline_after_the_first_visit(open_page: Callable[..., Any], dark: bytes, tmp_path: Path) -> None:
    page = open_page()
    until(page, "navigator.serviceWorker.ready.then((ready) => !!ready.active)")
    until(page, "!!navigator.serviceWorker.controller")
    page.context.set_offline(True)
    page.reload()
    choose(page, upload("a.png", dark))
    result = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    assert np.abs(result - enhance(np.asarray(Image.open(io.BytesIO(dark))))).max() <= 2


def test_an_update_passes_the_cache_of_the_browser(site: str, browser: Any, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    shutil.copytree(BUILT, folder)
    server = served(CachingHandler, folder)
    page = browser.new_page()
    page.goto(next(server))
    until(page, "navigator.serviceWorker.ready.then((ready) => !!ready.active)")
    for name, old, new in [("index.html", "<title>", "<title>newer "), ("sw.js", "pielight-", "pielight-newer-")]:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => undefined)")
    until(page, "navigator.serviceWorker.getRegistration().then((found) => !!found.waiting)")
    kept = page.evaluate("""async () => {
        const name = (await caches.keys()).find((each) => each.startsWith("pielight-newer-"));
        return (await (await caches.open(name)).match(new URL("index.html", location.href))).text();
    }""")
    assert "<title>newer " in kept
    page.close()
    next(server, None)


def test_threads_where_the_host_allows_them(open_page: Callable[..., Any], dark: bytes, tmp_path: Path) -> None:
    page = open_page(isolated=True)
    assert page.evaluate("window.crossOriginIsolated")
    choose(page, upload("a.png", dark))
    result = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    assert np.abs(result - enhance(np.asarray(Image.open(io.BytesIO(dark))))).max() <= 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_for_screen_readers(page: Any, dark: bytes, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("no axe-core: npm ci --prefix web")
    page.get_by_label("Theme").select_option(theme)
    for step in ("empty", "open"):
        if step == "open":
            choose(page, upload("a.png", dark), upload("b.png", dark))
        found = page.evaluate(f"(() => {{ {AXE.read_text(encoding='utf-8')} }})(), axe.run()")
        bad = [
            (each["id"], each["nodes"][0]["html"])
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert bad == [], step


def test_everything_is_reached_by_keyboard(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")
        )
        reached.add(page.evaluate("document.activeElement.labels?.[0]?.textContent"))
    wanted = {"Choose photos", "Before and after", "Strength", "Reset", "Natural", "Save photo", "Fit"}
    assert wanted <= reached


def test_right_to_left(page: Any, dark: bytes) -> None:
    page.evaluate("document.documentElement.dir = 'rtl'")
    choose(page, upload("a.png", dark))
    panel, stage = page.locator("aside").bounding_box(), page.locator(".stage").bounding_box()
    assert panel["x"] < stage["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_lost_context_comes_back(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    assert page.evaluate("window.pielight.stage.rendererKind") == "webgl"
    page.evaluate("window.pielight.controls.change({ denoise: 0 })")  # which would change what is shown
    shown = "(window.pielight.stage.drawNow(), window.pielight.stage.canvas.toDataURL())"
    before = page.evaluate(f"window.before = {shown}")
    blank = page.evaluate(f"""async () => {{
        const {{ canvas }} = window.pielight.stage;
        const context = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
        const lost = new Promise((done) => canvas.addEventListener("webglcontextlost", done));
        context.loseContext();
        await lost;
        await new Promise((done) => setTimeout(done)); // not during the event
        const blank = {shown};
        context.restoreContext(); // at once: the page waits for it only some time
        return blank;
    }}""")
    assert blank != before
    until(page, f"{shown} === window.before")


def test_without_its_context_the_processor_draws(page: Any, dark: bytes) -> None:
    choose(page, upload("a.png", dark))
    page.evaluate("window.pielight.stage.canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()")
    until(page, "window.pielight.stage.rendererKind === 'canvas'")
    middle = "[c.width / 2, c.height / 2, 1, 1]"
    drawn = f"((c) => c.getContext('2d').getImageData(...{middle}).data[3])(window.pielight.stage.canvas)"
    assert page.evaluate(drawn) == 255


@pytest.mark.parametrize("size", [(640, 400), (844, 390), (320, 568), (390, 664), (360, 640), (1280, 800)])
def test_small_windows(open_page: Callable[..., Any], dark: bytes, size: tuple[int, int]) -> None:
    width, height = size
    page = open_page({"viewport": {"width": width, "height": height}})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    choose(page, upload("a.png", dark), upload("b.png", dark))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".stage").bounding_box()["height"] >= 240
    page.get_by_label("Show the map of exposures").check()  # is reached


def test_the_theme_stays(page: Any) -> None:
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate("document.querySelector('meta[name=theme-color]').content") == "#14171c"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    page.get_by_label("Theme").select_option("light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 245, 247)"


def test_it_can_be_installed(page: Any, site: str) -> None:
    manifest = page.request.get(site + "manifest.webmanifest").json()
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert page.request.get(site + icon["src"]).ok


def test_a_folder_in_and_a_folder_out(page: Any, dark: bytes, tmp_path: Path) -> None:
    place = tmp_path / "trip"
    (place / "night").mkdir(parents=True)
    (place / "a.png").write_bytes(dark)
    (place / "night" / "b.png").write_bytes(dark)
    (place / "notes.txt").write_text("no photo")
    page.set_input_files("input[webkitdirectory]", place)
    until(page, "window.pielight.photos.length === 2 && !!window.pielight.shown")
    page.evaluate("window.showDirectoryPicker = () => navigator.storage.getDirectory()")  # one that needs no dialog
    page.get_by_role("button", name="Save all 2 into a folder").click()
    page.get_by_text("2 saved.").wait_for()
    size = page.evaluate("""async () => {
        let folder = await navigator.storage.getDirectory();
        for (const part of ["trip", "night"]) folder = await folder.getDirectoryHandle(part);
        return (await (await folder.getFileHandle("b_pie.png")).getFile()).size;
    }""")
    assert size > 1000
    page.evaluate("window.pielight.layout.say('')")
    page.get_by_role("button", name="Save all 2 into a folder").click()  # again: nothing is replaced
    page.get_by_text("2 saved.").wait_for()
    names = page.evaluate("""async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("trip");
        return Array.fromAsync(folder.keys());
    }""")
    assert {"a_pie.png", "a_pie-2.png"} <= set(names)
