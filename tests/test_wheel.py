"""The wheel that `make wheel` builds, installed into a fresh environment without a network, is complete and works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pielight"
pytestmark = [pytest.mark.wheel, pytest.mark.slow]
BUILT = ("*.so", "*.pyd", "__pycache__", "*.egg-info")  # what a checkout holds beside its sources


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the source archive and of the wheel that is built from it."""
    pytest.importorskip("build")
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copyfile(ROOT / name, tree / name)
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns(*BUILT))
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", "."]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return tree / "dist"


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel; its dependencies are those of the tests."""
    place = tmp_path_factory.mktemp("fresh") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    programs = place / ("Scripts" if os.name == "nt" else "bin")
    python = programs / Path(sys.executable).name
    (wheel,) = dist.glob("*.whl")
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run(command, check=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    (Path(packages) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))  # searched after the wheel's
    return programs


def run(programs: Path, folder: Path, *words: str) -> str:
    """Run a program of the environment in a folder, without this checkout on Python's path."""
    program, *rest = words
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    found = shutil.which(program, path=str(programs))
    assert found
    done = subprocess.run([found, *rest], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [path for path in SOURCE.rglob("*") if path.is_file() and not any(map(path.match, BUILT))]
    wanted = {path.relative_to(SOURCE.parent).as_posix() for path in files if "__pycache__" not in path.parts}
    sources = {name for name in wanted if name.endswith((".c", ".h"))}
    assert wanted - sources - names == set()
    assert [name for name in names if "/_loop" in name and name.endswith((".so", ".pyd"))]
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        held = {name.partition("/src/")[2] for name in packed.getnames()}
    assert wanted - held == set()


def test_the_command_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    dark = np.random.default_rng(0).integers(0, 60, (120, 160, 3), np.uint8)
    Image.fromarray(dark).save(tmp_path / "dark.png")
    where = "import pielight, pielight.ops._loop as loop; print(pielight.__file__, loop.__file__)"
    for file in run(installed, tmp_path, "python", "-c", where).split():
        assert Path(file).is_relative_to(installed.parent)
    run(installed, tmp_path, "pielight", "dark.png")
    with Image.open(tmp_path / "dark_pie.png") as bright:
        assert np.asarray(bright).mean() > dark.mean() + 20
    run(installed, tmp_path, "pielight", "dark.png", "--task", "derain", "--model", "derain", "-o", "dry.png")
    run(installed, tmp_path, "pielight", "compare", "dark.png")  # needs a template
    assert (tmp_path / "dark_compare.html").exists()
    assert "free" in run(installed, tmp_path, "pielight", "info", "--model", "free")
