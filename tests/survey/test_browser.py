"""The page in a real browser: raters of known preference vote, and the analysis gives their ranking back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight.survey.analysis import analyze
from pielight.survey.study import load, picture_path, read_votes
from tests.survey.raters import METHODS, Client, Server

SCREENS = {
    "keyboard": {"viewport": {"width": 1280, "height": 800}},
    "mouse": {"viewport": {"width": 1000, "height": 500}, "color_scheme": "dark"},
    "touch": {"viewport": {"width": 360, "height": 700}, "has_touch": True, "is_mobile": True},
}


def turn_to(page: Any, number: int) -> None:
    """Wait until a question can be answered."""
    page.locator("#count", has_text=re.compile(f"^{number} of")).wait_for()
    page.locator("#answers button:enabled").first.wait_for()


def rating(mean: float) -> str:
    return str(int(np.clip(round((mean - 14) / 45), 1, 5)))


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
        if noise > 30 or other_noise > 30:  # blocks of wrong colors
            first, second = -noise, -other_noise
        if abs(first - second) < 3:
            self.answer("No difference", "Space")
        elif first > second:
            self.answer("A is better", "ArrowLeft")
        else:
            self.answer("B is better", "ArrowRight")

    def rate(self) -> None:
        ((mean, noise),) = self.levels()
        level = rating(-1 if noise > 30 else mean)
        self.answer(level, level)


def judge(client: Client) -> None:
    """Answer all questions without a browser, by the pictures that are sent."""
    state = client.begin()
    while state["done"] < state["of"]:
        seen = [Image.open(io.BytesIO(client.ask("GET", url).body)).convert("L") for url in state["pictures"]]
        levels = [-1.0 if np.std(one) > 30 else float(np.mean(one)) for one in seen]
        answer = ("left", "right")[int(np.argmax(levels))] if len(levels) == 2 else rating(levels[0])
        state = client.vote(state["number"], answer).json()


@pytest.mark.parametrize(("mode", "screens"), [("pairs", ("mouse", "touch")), ("rating", ("keyboard", "touch"))])
def test_raters_of_known_preference(
    new_study: Callable[..., Path], serve: Callable[..., Server], browser: Any, mode: str, screens: tuple[str, ...]
) -> None:
    folder = new_study(mode=mode, questions=2, attention=1)
    address = serve(folder).address
    for how in screens:
        rater = Rater(browser, address, how)
        rater.start()
        for number in range(1, 4):
            rater.ready(number)
            assert rater.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert rater.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
            rater.compare() if mode == "pairs" else rater.rate()
        rater.page.get_by_role("heading", name="Thank you!").wait_for()
        assert (rater.complaints, rater.elsewhere) == ([], [])
        rater.context.close()
    study = load(folder)
    for vote in read_votes(folder):  # what was seen on a screen was answered as the true preference would
        if not vote.question.check:
            ranks = [METHODS.index(name) for name in (vote.question.left, vote.question.right) if name]
            expected = ("left", "right")[int(np.argmax(ranks))] if mode == "pairs" else str(ranks[0] + 1)
            assert vote.answer == expected
    for _ in range(21):
        judge(Client(address))
    votes = read_votes(folder)
    assert len(votes) == 23 * 3
    found = analyze(study, votes, rounds=100)
    assert found.methods == [*METHODS[::-1]]
    assert (found.raters, found.excluded, found.checks) == (23, 0, (23, 0))
    assert found.tie_share in (0, None)


def test_slips_reloads_and_lost_connections(
    new_study: Callable[..., Path], serve: Callable[..., Server], browser: Any
) -> None:
    folder = new_study(questions=5, attention=0, title="<b>&amp;", consent="<script>1</script>")
    address = serve(folder).address
    rater = Rater(browser, address, "mouse")
    page = rater.page
    page.get_by_role("heading", name="<b>&amp;").wait_for()  # visible, or the test ends
    page.get_by_text("<script>1</script>").wait_for()
    rater.start()
    rater.ready(1)
    page.get_by_role("button", name="A is better").dblclick()
    rater.ready(2)
    page.wait_for_timeout(300)
    assert [(vote.number, vote.answer) for vote in read_votes(folder)] == [(0, "left")]
    page.reload()
    rater.ready(2)
    rater.context.set_offline(True)  # the connection is lost, and the answer is kept
    page.keyboard.press("ArrowRight")
    page.get_by_text("No connection").wait_for()
    assert len(read_votes(folder)) == 1
    rater.context.set_offline(False)
    rater.ready(3)
    assert page.get_by_text("No connection").is_hidden()
    assert [vote.answer for vote in read_votes(folder)] == ["left", "right"]
    other = rater.context.new_page()  # the same rater in another tab, which is ahead then
    other.goto(address)
    turn_to(other, 3)
    other.keyboard.press("Space")
    turn_to(other, 4)
    other.close()  # a page behind another is drawn seldom, and clicks wait for that
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


def test_refusals_are_final(new_study: Callable[..., Path], serve: Callable[..., Server], browser: Any) -> None:
    rater = Rater(browser, serve(new_study(questions=2, attention=0)).address, "mouse")
    rater.start()
    rater.ready(1)
    rater.page.route("**/votes", lambda route: route.fulfill(status=403, content_type="text/plain", body="Go away."))
    rater.page.locator("#answers button").first.click()
    rater.page.get_by_text("The server refused this (403).").wait_for()
    assert rater.page.get_by_text("No connection").is_hidden()
    rater.page.route("**/question", lambda route: route.fulfill(status=421, json={"error": "Not served here."}))
    rater.page.reload()
    rater.page.get_by_text("Not served here.").wait_for()


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
