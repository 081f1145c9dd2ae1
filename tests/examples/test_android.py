"""The example for Android brightens as pielight does.

Its Kotlin is compiled against stand-ins of Android's and LiteRT's classes, and its graph runs in LiteRT, or in ONNX
Runtime where that is not installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight import enhance
from pielight.training.export.graph import make_graph, read_network
from pielight.training.export.parity import pictures
from pielight.training.export.runtimes import RUNTIMES, export

APP = Path(__file__).parents[2] / "examples" / "android" / "app" / "src" / "main"
STAND_INS = Path(__file__).parent / "android"
SIZES = ((1024, 768), (768, 1024))


def sources() -> list[Path]:
    return sorted(APP.rglob("*.kt"))


def test_the_app_is_short_and_whole() -> None:
    assert sum(len(path.read_text().splitlines()) for path in sources()) <= 120
    manifest = ET.parse(APP / "AndroidManifest.xml").getroot()
    name = "{http://schemas.android.com/apk/res/android}name"
    assert [one.get(name) for one in manifest.iter("activity")] == ["org.pielight.example.MainActivity"]
    assert {path.stem for path in sources()} == {"Brightener", "MainActivity", "Planes"}


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=["landscape", "portrait"])
def test_results_are_those_of_python(size: tuple[int, int], jar: Path, tmp_path: Path) -> None:
    to = "litert" if find_spec("litert_torch") and find_spec("ai_edge_litert") else "onnx"
    network, path = read_network("pie")
    export(make_graph(network, "full", *size), to, "fp32",
           tmp_path / f"pie-full-{size[0]}x{size[1]}{RUNTIMES[to].suffix}", path)  # fmt: skip
    pixels = np.asarray(Image.fromarray(list(pictures(None, None))[9][1]).resize(size))
    (tmp_path / "dark.raw").write_bytes(pixels.tobytes())
    runner = f"{sys.executable} {STAND_INS / 'run_model.py'}"
    command = ["java", "-jar", str(jar), *map(str, size), "dark.raw", "bright.raw"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "MODEL_RUNNER": runner}, check=True, timeout=300)
    bright = np.frombuffer((tmp_path / "bright.raw").read_bytes(), np.uint8).reshape(pixels.shape).astype(int)
    assert np.abs(bright - enhance(pixels, denoise=0)).max() <= 1
    assert (bright - pixels).max() > 50


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "wanted"),
    [((1920, 1080), (1024, 576)), ((600, 900), (600, 900)), ((1000, 2000), (512, 1024)), ((3000, 1), (1024, 1))],
)
def test_photos_keep_their_shape(size: tuple[int, int], wanted: tuple[int, int], jar: Path, tmp_path: Path) -> None:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, width // 2 :] = 10, 100, 200
    (tmp_path / "dark.raw").write_bytes(pixels.tobytes())
    (tmp_path / "copy.py").write_text("import shutil, sys\nshutil.copy(*sys.argv[2:])\n")  # in the model's place
    done = subprocess.run(["java", "-jar", str(jar), str(width), str(height), "dark.raw", "bright.raw"], cwd=tmp_path,
                          env={**os.environ, "MODEL_RUNNER": f"{sys.executable} copy.py"}, check=True, timeout=300,
                          capture_output=True, text=True)  # fmt: skip
    assert tuple(map(int, done.stdout.split())) == wanted
    bright = np.frombuffer((tmp_path / "bright.raw").read_bytes(), np.uint8).reshape(*wanted[::-1], 3)
    assert (bright[:, : wanted[0] // 2 - 2] == 0).all()
    assert (bright[:, wanted[0] // 2 + 2 :] == (10, 100, 200)).all()


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example but for its activity, with stand-ins, as a program."""
    if not (compiler := shutil.which("kotlinc")) or not shutil.which("java"):
        pytest.skip("needs kotlinc and java")
    jar = tmp_path_factory.mktemp("android") / "example.jar"
    files = [path for path in (*sources(), *sorted(STAND_INS.glob("*.kt"))) if path.stem != "MainActivity"]
    subprocess.run([compiler, *map(str, files), "-include-runtime", "-d", str(jar)], check=True, capture_output=True,
                   timeout=300)  # fmt: skip
    return jar
