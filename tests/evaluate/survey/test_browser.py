"""The page in a real browser: raters of known preference vote, and the analysis gives their ranking back."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight.evaluate.survey.analysis import analyse
from pielight.evaluate.survey.study import load, picture_path
from pielight.evaluate.survey.votes import read_votes
from tests.evaluate.survey.raters import METHODS, Server

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENS = {
    "keyboard": {"viewport": {"width": 1280, "height": 800}},
    "mouse": {"viewport": {"width": 1000, "height": 500}, "color_scheme": "dark"},
    "touch": {"viewport": {"width": 360, "height": 700}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[dev]'")
    found = os.environ.get("PIELIGHT_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()


def turn_to(page: Any, number: int) -> None:
    """Wait until a question can be answered."""
    page.locator("#count", has_text=re.compile(f"^{number} of")).wait_for()
    page.locator("#answers button:enabled").first.wait_for()


class Rater:
    """Someone at a screen who likes light, as far as can be seen on the screen."""

    def __init__(self, browser: Any, address: str, how: str) -> None:
        self.how, self.complaints, self.elsewhere = how, [], []
        self.context = browser.new_context(**SCREENS[how])
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda sent: sent.url.startswith((address, "data:")) or self.elsewhere.append(sent.url))
        self.page.goto(address)

    def press(self, locator: Any) -> None:
        if self.how == "touch":
            locator.tap()
        elif self.how == "mouse":
            locator.click()
        else:
            locator.focus()
            self.page.keyboard.press("Enter")

    def start(self) -> None:
        self.press(self.page.get_by_role("button", name="I agree"))

    def ready(self, number: int) -> None:
        turn_to(self.page, number)

    def levels(self) -> list[tuple[float, float]]:
        """Mean and spread of what is seen of each picture."""
        seen = Image.open(io.BytesIO(self.page.screenshot())).convert("L")
        found = []
        for stage in self.page.locator(".stage").all():
            box = stage.bounding_box()
            across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            pixels = np.asarray(seen)[int(down - 40) : int(down + 40), int(across - 60) : int(across + 60)].astype(
                float
            )
            found.append((float(pixels.mean()), float(pixels.std())))
        return found

    def answer(self, name: str, key: str) -> None:
        if self.how == "keyboard":
            self.page.keyboard.press(key)
        else:
            self.press(self.page.get_by_role("button", name=name))

    def compare(self) -> None:
        (first, noise), (second, other_noise) = self.levels()
        if noise > 30 or other_noise > 30:  # blocks of wrong colours
            first, second = -noise, -other_noise
        if abs(first - second) < 3:
            self.answer("No difference", "Space")
        elif first > second:
            self.answer("A is better", "ArrowLeft")
        else:
            self.answer("B is better", "ArrowRight")

    def rate(self) -> None:
        ((mean, noise),) = self.levels()
        level = 1 if noise > 30 else int(np.clip(1 + (mean - 14) // 45, 1, 5))
        self.answer(str(level), str(level))


@pytest.mark.parametrize("mode", ["pairs", "rating"])
def test_raters_of_known_preference(
    new_study: Callable[..., Path], serve: Callable[..., Server], browser: Any, mode: str
) -> None:
    folder = new_study(mode=mode, questions=8, attention=1)
    address = serve(folder).address
    for how in SCREENS:
        rater = Rater(browser, address, how)
        rater.start()
        for number in range(1, 10):
            rater.ready(number)
            assert rater.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert rater.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            rater.compare() if mode == "pairs" else rater.rate()
        rater.page.get_by_role("heading", name="Thank you!").wait_for()
        assert (rater.complaints, rater.elsewhere) == ([], [])
        rater.context.close()
    votes = read_votes(folder)
    assert len(votes) == 3 * 9
    found = analyse(load(folder), votes, rounds=100)
    assert found.methods == METHODS[::-1]
    assert (found.raters, found.excluded, found.checks) == (3, 0, (3, 0))
    assert found.tie_share in (0, None)


def test_slips_reloads_and_lost_connections(
    new_study: Callable[..., Path], serve: Callable[..., Server], browser: Any
) -> None:
    folder = new_study(questions=5, attention=0, title="<b>&amp;", consent="<script>1</script>")
    server = serve(folder)
    rater = Rater(browser, server.address, "mouse")
    page = rater.page
    assert page.get_by_role("heading", name="<b>&amp;").is_visible()
    assert page.get_by_text("<script>1</script>").is_visible()
    rater.start()
    rater.ready(1)
    page.get_by_role("button", name="A is better").dblclick()
    rater.ready(2)
    page.wait_for_timeout(300)
    assert [(vote.number, vote.answer) for vote in read_votes(folder)] == [(0, "left")]
    page.reload()
    rater.ready(2)
    server.process.kill()  # the connection is lost, and the answer is kept
    server.process.wait()
    page.keyboard.press("ArrowRight")
    page.get_by_text("No connection").wait_for()
    assert len(read_votes(folder)) == 1
    serve(folder, int(server.address.rsplit(":", 1)[1].strip("/")))
    rater.ready(3)
    assert page.get_by_text("No connection").is_hidden()
    assert [vote.answer for vote in read_votes(folder)] == ["left", "right"]
    other = rater.context.new_page()  # the same rater in another tab, which is ahead then
    other.goto(server.address)
    turn_to(other, 3)
    other.keyboard.press("Space")
    turn_to(other, 4)
    page.keyboard.press("ArrowLeft")
    rater.ready(4)
    assert [vote.answer for vote in read_votes(folder)] == ["left", "right", "tie"]
    for number in (4, 5):
        rater.ready(number)
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Another person").click()
    rater.start()
    rater.ready(1)
    assert len({vote.rater for vote in read_votes(folder)}) == 1


def test_looking_closely(new_study: Callable[..., Path], serve: Callable[..., Server], browser: Any) -> None:
    folder = new_study(questions=5, attention=0)
    rater = Rater(browser, serve(folder).address, "keyboard")
    page = rater.page
    rater.start()
    rater.ready(1)
    before = rater.levels()
    page.keyboard.press("o")
    dark = np.asarray(Image.open(picture_path(folder, load(folder).scenes[0].dark)).convert("L")).mean()
    assert [level for level, _ in rater.levels()] == pytest.approx([dark, dark], abs=4)
    assert page.get_by_role("button", name="Original").get_attribute("aria-pressed") == "true"
    page.keyboard.press("o")
    assert rater.levels() == before
    page.keyboard.press("z")
    shapes = [
        page.evaluate("(one) => getComputedStyle(one).transform", shot)
        for shot in page.query_selector_all(".stage img")
    ]
    assert {shape[:9] for shape in shapes} == {"matrix(3,"}
    page.locator(".stage").first.click()
    assert page.get_by_role("button", name="Zoom").get_attribute("aria-pressed") == "false"
    page.get_by_role("button", name="No difference").focus()
    page.keyboard.press("Space")  # of a button that has the focus: once, not twice
    rater.ready(2)
    assert [vote.answer for vote in read_votes(folder)] == ["tie"]
    page.keyboard.press("Control+ArrowLeft")
    page.keyboard.press("x")
    assert len(read_votes(folder)) == 1
