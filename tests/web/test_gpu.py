"""Noise removed by WebGPU, for which Chromium's software stands in: pixels, what is loaded when, and failures."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight import enhance
from tests.web.conftest import SOFTWARE_GL, choose, save, until
from tests.web.photographs import coded, photographs, upload

pytestmark = pytest.mark.slow
STATE = "window.pielight.client.gpu"
KEPT = """caches.keys().then(([name]) => caches.open(name)).then((cache) => cache.keys())
    .then((all) => all.filter(({ url }) => url.includes("jspi")).length)"""
HOLD_DEVICE = """() => {
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...all) {
        return (self.device = await request.apply(this, all));
    };
}"""


@pytest.fixture(scope="module")
def browser_flags() -> list[str]:
    """Let Chromium run WebGPU by software, too."""
    return [*SOFTWARE_GL, "--enable-unsafe-webgpu"]


@pytest.fixture(scope="module")
def noisy() -> NDArray[np.uint8]:
    return photographs()["rocket-noisy"][100:196, 100:228]  # software takes its time


@pytest.fixture(scope="module")
def expected(noisy: NDArray[np.uint8]) -> NDArray[np.int64]:
    return enhance(noisy, denoise=1).astype(int)


def in_worker(page: Any, script: str) -> None:
    page.evaluate("window.pielight.client.run({ kind: 'warm' })")  # then there is one
    page.workers[0].evaluate(script)


def opened(page: Any, noisy: NDArray[np.uint8]) -> None:
    choose(page, upload("a.png", coded(noisy)))
    page.get_by_label("Only noise that shows").uncheck()
    page.get_by_label("Remove noise").fill("1")


def saved(page: Any, folder: Path) -> NDArray[np.int64]:
    return np.asarray(Image.open(io.BytesIO(save(page, "Save photo", folder).read_bytes()))).astype(int)


def proved(page: Any, folder: Path) -> None:
    """Save until the GPU has been loaded and tried."""
    while (state := page.evaluate(STATE)) != "gpu":
        assert state in ("processor", "loading", "trial"), state
        saved(page, folder)
        until(page, f"{STATE} !== 'loading'")


def test_a_gpu_that_is_there_lost_and_offline(
    open_page: Callable[..., Any], noisy: NDArray[np.uint8], expected: NDArray[np.int64], tmp_path: Path
) -> None:
    page = open_page(query="?gpu=any")
    if not page.evaluate("navigator.gpu?.requestAdapter().then((found) => !!found)"):
        pytest.skip("this Chromium has no WebGPU, not even by software")
    until(page, "!!navigator.serviceWorker.controller")
    assert page.evaluate(KEPT) == 0  # the runtime is no part of a first visit
    in_worker(page, HOLD_DEVICE)
    opened(page, noisy)
    proved(page, tmp_path)
    assert np.abs(saved(page, tmp_path) - expected).max() <= 2
    assert page.evaluate(STATE) == "gpu"

    in_worker(page, "self.device.destroy()")
    assert np.abs(saved(page, tmp_path) - expected).max() <= 2
    assert "lost" in page.evaluate(STATE)

    until(page, f"{KEPT}.then((count) => count === 3)")
    page.context.set_offline(True)
    page.reload()
    opened(page, noisy)
    until(page, f"['trial', 'gpu'].includes({STATE})")


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        ("async () => { throw new Error('the driver is blocked') }", "the driver is blocked"),
        ("async () => ({ info: { isFallbackAdapter: true } })", "no GPU"),
    ],
)
def test_the_processor_where_there_is_no_gpu(
    open_page: Callable[..., Any],
    noisy: NDArray[np.uint8],
    expected: NDArray[np.int64],
    tmp_path: Path,
    fake: str,
    said: str,
) -> None:
    page = open_page()
    in_worker(page, f"Object.defineProperty(navigator, 'gpu', {{ value: {{ requestAdapter: {fake} }} }})")
    opened(page, noisy)
    assert np.abs(saved(page, tmp_path) - expected).max() <= 2
    until(page, f"{STATE}.includes('Error')")
    assert said in page.evaluate(STATE)
