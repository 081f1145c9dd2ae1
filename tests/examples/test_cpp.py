"""The example in C++ is compiled, and brightens as pielight does; its library is that of the onnxruntime wheel."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from pielight import enhance
from pielight.training.export.graph import make_graph, read_network
from pielight.training.export.parity import pictures
from pielight.training.export.runtimes import export

SOURCE = Path(__file__).parents[2] / "examples" / "cpp" / "brighten.cpp"
INCLUDE = Path(__file__).parent / "include"  # a subset of the headers, which are in no package


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, beside a model."""
    libraries = sorted((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))
    if not (compiler := shutil.which("g++")) or sys.platform != "linux" or not libraries:
        pytest.skip("needs g++ and the Linux wheel of onnxruntime")
    folder = tmp_path_factory.mktemp("cpp")
    for name in ("libonnxruntime.so", "libonnxruntime.so.1"):  # which the wheel names by its version alone
        (folder / name).symlink_to(libraries[0])
    command = [compiler, "-O2", "-std=c++17", "-Wall", "-Wextra", "-Werror", str(SOURCE), "-I", str(INCLUDE)]
    subprocess.run([*command, "-L", str(folder), "-lonnxruntime", f"-Wl,-rpath,{folder}", "-o", "brighten"],
                   cwd=folder, check=True)  # fmt: skip
    network, path = read_network("pie")
    export(make_graph(network, "map", 0, 0), "onnx", "fp32", folder / "pie-map.onnx", path)
    return folder / "brighten"


def test_it_is_short() -> None:
    assert len(SOURCE.read_text().splitlines()) <= 150


def test_results_are_those_of_python(program: Path) -> None:
    folder = program.parent
    changed = 0
    for name, pixels in list(pictures(None, None))[3::4]:
        Image.fromarray(pixels).save(folder / "dark.ppm")
        subprocess.run([program, "pie-map.onnx", "dark.ppm", "bright.ppm"], cwd=folder, check=True, timeout=120)
        with Image.open(folder / "bright.ppm") as image:
            bright = np.asarray(image).astype(int)
        assert np.abs(bright - enhance(pixels, denoise=0)).max() <= 1, name
        changed += int((bright - pixels).max() > 20)
    assert changed >= 3


HEADERS = {
    "no.ppm": b"P5\n3 3\n255\n123456789",
    "huge.ppm": b"P6 999999999 999999999 255\n123",
    "huger.ppm": b"P6 99999999999 2147483647 255\n123",
    "cut.ppm": b"P6\n256 256\n255\n" + bytes(3 * 256 * 256 - 1),
    "missing.ppm": None,
}


def brighten(program: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run([program, *words], cwd=program.parent, capture_output=True, text=True, check=False,
                          timeout=60)  # fmt: skip
    return done.returncode, done.stderr


def test_headers_may_hold_comments(program: Path) -> None:
    folder = program.parent
    pixels = np.random.default_rng(0).integers(0, 40, (256, 300, 3)).astype(np.uint8)
    for name, header in (("plain", b"P6\n300 256\n255\n"), ("gimp", b"P6\n# by GIMP\n# 1 2\n300 # wide\n256\n255\n")):
        (folder / f"{name}.ppm").write_bytes(header + pixels.tobytes())
        assert brighten(program, "pie-map.onnx", f"{name}.ppm", f"{name}-bright.ppm") == (0, "")
    assert (folder / "gimp-bright.ppm").read_bytes() == (folder / "plain-bright.ppm").read_bytes()


@pytest.mark.parametrize("name", HEADERS)
def test_what_is_no_picture_is_said(name: str, program: Path) -> None:
    if (content := HEADERS[name]) is not None:
        (program.parent / name).write_bytes(content)
    message = f"{name}: needs a whole P6 file of 8 bits, sides 256 or more\n"
    assert brighten(program, "pie-map.onnx", name, "out.ppm") == (1, message)


def test_a_result_that_cannot_be_written_is_said(program: Path) -> None:
    (program.parent / "black.ppm").write_bytes(b"P6\n256 256\n255\n" + bytes(3 * 256 * 256))
    assert brighten(program, "pie-map.onnx", "black.ppm", "none/out.ppm") == (1, "none/out.ppm: cannot be written\n")
