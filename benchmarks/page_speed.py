"""Size and speed of the page that `make page` builds, in Chromium with WebGL by software.

Usage: python benchmarks/page_speed.py PAGE [--repeats N]

PAGE is the folder that was built, src/pielight/serve/static. Sizes are those of the files after gzip -9, as a host
sends them. A dark JPEG of 12 megapixels is opened in a page that is warm: from the choice of the file until its picture
is drawn. A slider is moved in a view of 1600 pixels: from the event until the pixels can be read. Each is the median
of N, 9 by default. Saving includes denoising of all pixels.
"""

from __future__ import annotations

import functools
import gzip
import importlib
import io
import shutil
import statistics
import sys
import tempfile
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import _command as command

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
VIEW = {"width": 1600 + 320, "height": 1300}  # the panel is 320 wide
LATER = "jspi"  # the runtime for WebGPU
RUNTIME = (".wasm", ".onnx", ".mjs")
OPENED = """async (number) => {
    const { pielight } = window;
    const start = performance.now();
    pielight.add([{ file: window.benchmarkFile, path: "photo.jpg" }]);
    while (pielight.shown?.photo !== pielight.photos[number]) await new Promise((done) => setTimeout(done, 1));
    const { stage } = pielight;
    stage.drawNow();
    stage.canvas.getContext("webgl2").readPixels(0, 0, 1, 1, 6408, 5121, new Uint8Array(4));
    return performance.now() - start;
}"""
SLID = """(value) => {
    const { stage } = window.pielight;
    const slider = document.querySelector(".slider input");
    const start = performance.now();
    slider.value = value;
    slider.dispatchEvent(new Event("input"));
    stage.drawNow();
    stage.canvas.getContext("webgl2").readPixels(0, 0, 1, 1, 6408, 5121, new Uint8Array(4));
    return performance.now() - start;
}"""


class Handler(SimpleHTTPRequestHandler):
    """Serves plain files."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def dark_photo() -> bytes:
    """Return a noisy dark photo of 12 megapixels as a JPEG."""
    random = np.random.default_rng(0)
    small = Image.fromarray(random.integers(20, 235, (60, 80, 3), np.uint8))
    light = (np.asarray(small.resize((4000, 3000), Image.Resampling.BICUBIC), np.float32) / 255) ** 2.2 / 20
    light += random.standard_normal(light.shape, np.float32) * np.sqrt(light * 2e-4 + 1e-7)
    file = io.BytesIO()
    Image.fromarray((light.clip(0, 1) ** (1 / 2.2) * 255 + 0.5).astype(np.uint8)).save(file, "JPEG", quality=92)
    return file.getvalue()


def print_sizes(page: Path) -> None:
    """Print what a first visit transfers."""
    files = [path for path in sorted(page.rglob("*")) if path.is_file()]
    compressed = {path: len(gzip.compress(path.read_bytes(), 9)) for path in files}
    later = sum(size for path, size in compressed.items() if LATER in path.name)
    sizes = {path: size for path, size in compressed.items() if LATER not in path.name}
    alone = sum(size for path, size in sizes.items() if path.suffix not in RUNTIME)
    print(f"first visit, all of its files: {sum(sizes.values()) / 1e6:.2f} MB")
    print(f"page without runtime and models: {alone / 1e3:.0f} KB")
    print(f"later, where there is a GPU: {later / 1e6:.2f} MB")


def until(page: Any, expression: str) -> None:
    """Wait until an expression is true."""
    while not page.evaluate(expression):
        time.sleep(0.005)


def measure(browser: Any, address: str, photo: Path, repeats: int) -> None:
    """Print the times."""
    page = browser.new_page(viewport=VIEW)
    start = time.perf_counter()
    page.goto(address)
    page.evaluate("window.pielight.client.run({ kind: 'warm' })")
    print(f"start, from the address to a model that is ready: {time.perf_counter() - start:.2f} s")
    page.set_input_files("input[type=file]:not([webkitdirectory])", photo)  # the first one warms the caches
    until(page, "!!window.pielight.shown")
    page.evaluate("window.benchmarkFile = window.pielight.photos[0].found.file")
    opened = [page.evaluate(OPENED, number) for number in range(1, repeats + 1)]
    print(f"first picture, 12 MP: {statistics.median(opened) / 1e3:.2f} s")
    slid = []
    for number in range(repeats):
        time.sleep(1)  # the browser has shown the last picture, and rests
        slid.append(page.evaluate(SLID, 0.5 + number / repeats))
    size = page.evaluate("[window.pielight.stage.canvas.width, window.pielight.stage.canvas.height]")
    print(f"slider to picture, canvas of {size[0]} x {size[1]}: {statistics.median(slid):.0f} ms")
    page.evaluate("window.pielight.controls.change({ strength: 1, denoise: 1, auto: false })")
    start = time.perf_counter()
    with page.expect_download(timeout=600_000):
        page.get_by_role("button", name="Save photo").click()
    print(f"saved, 12 MP with all noise removed: {time.perf_counter() - start:.1f} s")


def main() -> None:
    """Measure."""
    parser = command.Command(__doc__)
    parser.add_argument("page", type=command.folder)
    parser.add_argument("--repeats", type=command.at_least(1), default=9)
    arguments = parser.parse_args()
    try:
        driver = importlib.import_module("playwright.sync_api")
    except ImportError:
        sys.exit("playwright is not installed; run: pip install playwright")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit("no Chromium is installed: apt-get install chromium")
    print_sizes(arguments.page)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(arguments.page)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as place, driver.sync_playwright() as playwright:
        photo = Path(place) / "photo.jpg"
        photo.write_bytes(dark_photo())
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        measure(browser, f"http://127.0.0.1:{server.server_port}/", photo, arguments.repeats)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    command.run(main)
