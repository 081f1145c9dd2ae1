"""The page as `pielight serve` sends it, with its headers: threads are allowed, and the policy holds."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pielight import enhance
from tests.web.conftest import BUILT, DESKTOP, choose, save
from tests.web.photographs import coded, photographs, upload

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[str]:
    pytest.importorskip("starlette")
    pytest.importorskip("uvicorn")
    if not (BUILT / "index.html").exists():
        pytest.skip("the page is not built: make page (needs node)")
    command = [sys.executable, "-m", "pielight", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        assert running.stdout
        found = next(filter(None, (re.search(r"http://[\d.:]+/?", line) for line in running.stdout)), None)
        assert found
        yield found.group()
        running.terminate()


def test_the_page_of_the_server(browser: Any, server: str, tmp_path: Path) -> None:
    context = browser.new_context(**DESKTOP)
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(server)
    page.get_by_role("heading", name="Drop photos here").wait_for()
    assert page.evaluate("window.crossOriginIsolated")
    pixels = photographs()["rocket-noisy"]
    choose(page, upload("a.png", coded(pixels)))
    result = np.asarray(Image.open(save(page, "Save photo", tmp_path))).astype(int)
    context.close()
    assert np.abs(result - enhance(pixels)).max() <= 2
    assert problems == []
