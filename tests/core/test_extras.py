"""Extras: each is named before any work begins, with a command that installs it where pielight runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight import errors
from pielight.core import extras
from pielight.errors import MissingExtraError, PictureError
from pielight.io.required_extra import require_readers
from tests.io import samples

ROOT = Path(__file__).parents[2]
# Runs commands, one after the other in one process that lacks some modules, and prints [exit code, last line] of each.
COMMANDS = textwrap.dedent("""
    import json, sys
    from importlib.machinery import PathFinder
    blocked, commands = json.loads(sys.argv[1])

    class Lacking(PathFinder):
        @classmethod
        def find_spec(cls, name, *others):
            return None if name.partition(".")[0] in blocked else super().find_spec(name, *others)

    sys.meta_path = [Lacking if finder is PathFinder else finder for finder in sys.meta_path]
    from click.testing import CliRunner
    from pielight.cli import main
    for words in commands:
        done = CliRunner().invoke(main, words)
        said = done.stderr.strip().splitlines()
        print(json.dumps([done.exit_code, " ".join(" ".join(said[-1:]).split()), repr(done.exception)]))
""")


def names(requirements: list[str], extra: dict[str, list[str]]) -> set[str]:
    """Return the packages of requirements, those of our own extras taken apart."""
    found: set[str] = set()
    for one in requirements:
        own = re.fullmatch(r"pielight\[(.*)\]", one)
        found |= names(extra[own[1]], extra) if own else {re.split(r"[<>=~!\[]", one)[0]}
    return found


def test_the_packages_of_extras_are_those_of_the_project() -> None:
    offered = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert offered.keys() - {"docs"} == extras.PACKAGES.keys()  # docs: for the site alone
    for extra, packages in extras.PACKAGES.items():
        if extra == "dev":  # much of it is for working on pielight, not for running anything
            assert set(packages.values()) <= set(names([x for x in offered[extra] if "pielight[" not in x], offered))
        elif extra == "lpips":  # which brings torch
            assert names(offered[extra], offered) < set(packages.values())
        else:
            assert names(offered[extra], offered) == set(packages.values())


def test_the_command_is_for_the_python_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python")
    monkeypatch.setattr("importlib.metadata.metadata", lambda name: FakeMetadata("raw"))
    assert errors.install_command("raw") == '"/opt/my python/bin/python" -m pip install "pielight[raw]"'
    # Installed before there was this extra, or run from a clone that is not installed: the clone is named.
    where = f'"/opt/my python/bin/python" -m pip install --editable "{ROOT}[heif]"'
    assert errors.install_command("heif") == where

    def nowhere(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.metadata", nowhere)
    assert errors.install_command("heif") == where


def test_an_environment_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    monkeypatch.setattr(errors, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "executable", "/env/bin/python")
    with pytest.raises(
        MissingExtraError, match=r"^rawpy is not installed; run: uv pip install --python /env/bin/python"
    ):
        extras.require("raw")


class FakeMetadata:
    def __init__(self, *offered: str) -> None:
        self.offered = list(offered)

    def get_all(self, name: str) -> list[str]:
        assert name == "Provides-Extra"
        return self.offered


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for folder in ("set", "results", "other", "film", "low", "lol/low", "lol/high"):
        Path(folder).mkdir(parents=True)
        for number in range(3):
            pixels = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(f"{folder}/{number}.png")
    for name, folder in (("rgb_16.png", "deep"), ("rgb_16.tif", "tiff"), ("camera.dng", "raw"), ("rgb.heic", "heic")):
        Path(folder).mkdir()
        Path(folder, Path("0").with_suffix(Path(name).suffix)).write_bytes(samples.sample(name))
    Path("net.pth").write_bytes(b"weights")
    Path("set/boxes.json").write_text('{"0.png": [{"x": 1, "y": 2, "w": 30, "h": 40}]}')
    Path("joint.yaml").write_text("recipe: joint\n")
    Path("train.yaml").write_text("{}\n")
    return tmp_path


def told(blocked: list[str], *commands: str) -> list[tuple[int, str]]:
    """Run commands without some modules; return exit status and last line of each."""
    arguments = json.dumps([blocked, [command.split() for command in commands]])
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, arguments], capture_output=True, text=True, check=True,
        env={**os.environ, "PIELIGHT_NIQE": ""},
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert all("SystemExit" in raised or "UsageError" in raised or raised == "None" for _, _, raised in found), found
    return [(code, line) for code, line, _ in found]


def test_what_a_method_a_data_set_or_a_metric_lacks_is_reported_before_any_work(place: Path) -> None:
    absent = ["torch", "lpips", "rawpy", "pillow_heif", "imagecodecs", "starlette", "basicsr"]
    data, psnr = "evaluate --data own=lol --method identity", "--metrics psnr"
    found = told(
        absent,
        f"{data} --method dce:net.pth {psnr}",
        f"{data} --metrics psnr,lpips",
        f"{data} --metrics niqe",
        f"{data} --method dce:none.pth {psnr}",
        f"{data} --method onnx:none.onnx {psnr}",
        f"{data} --method pielight:model=none.onnx {psnr}",
        f"{data} --method pielight:denoise=auto,denoise_model=none.onnx {psnr}",
        f"{data} --method dir:none {psnr}",
        *(
            f"evaluate --data own={folder} --method identity --metrics piqe"
            for folder in ("raw", "heic", "tiff", "deep")
        ),
        "evaluate --data own:film=heic --method identity --metrics piqe",
        "evaluate --data own=raw --method identity --metrics piqe --method dir:set",
        f"evaluate --data own=lol --method identity --method dir:heic {psnr}",
        "evaluate --task faces --data faces=set --detector none.onnx --method identity",
        "survey new study --input set --method a=results --method b=other",
        "joint joint.yaml",
        "train train.yaml",
        "finetune set",
    )
    packages = {  # of each command, the word that its line must hold
        0: "torch is not installed", 1: "lpips is not installed", 2: "--niqe FILE.npz", 3: "none.pth: no such file",
        4: "none.onnx: no such file", 5: "none.onnx: no such model", 6: "none.onnx: no such model",
        7: "none: no folder", 8: "rawpy is not installed", 9: "pillow-heif is not installed",
        10: "imagecodecs is not installed", 11: "imagecodecs is not installed", 13: "rawpy is not installed",
        15: "none.onnx", 16: "starlette is not installed", 17: "torch is not installed",
        18: "torch is not installed", 19: "torch is not installed",
    }  # fmt: skip
    for number, reason in packages.items():
        code, line = found[number]
        assert code in (1, 2), found[number]
        assert reason in line, (number, line)
        if "is not installed" in line:
            assert re.search(r'-m pip install .*\[\w+\]"$', line)
    assert not Path("report").exists()
    assert not Path("study").exists()


def test_measures_and_surveys_name_their_extra(place: Path) -> None:
    found = told(
        ["skimage", "scipy"],
        "evaluate --data own=set --method identity",
        "evaluate --task faces --data faces=set --detector none.onnx --method identity",
    )
    found += told(
        ["choix"],
        "survey new study --input set --method a=results --method b=other",
        "survey serve study",
        "survey analyze study",
        "survey export study votes.csv",
    )
    for code, line in found:
        assert code == 1
        assert re.match("Error: (scikit-image|choix) is not installed; run: ", line)


def test_a_survey_tells_what_reads_its_pictures_before_it_makes_any(place: Path) -> None:
    Path("results/2.png").unlink()
    Path("results/2.heic").write_bytes(samples.sample("rgb.heic"))
    [(code, line)] = told(["pillow_heif"], "survey new study --input set --method a=results --method b=other")
    assert code == 1
    assert "results/2.heic: pillow-heif is not installed; run: " in line
    assert "photos" not in line


def test_only_what_is_missing_is_looked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path("set/0.png"), Path("heic/0.heic"), Path("none.jpg")]
    require_readers(paths)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError, match=r"heic/0\.heic: pillow-heif is not installed"):
        require_readers(paths)
    require_readers([paths[0], paths[2]])


def test_a_file_that_cannot_be_written_is_reported_before_any_work(place: Path) -> None:
    Path("file").write_bytes(b"")
    found = told(
        [],
        "bench --photos 0 --json file/rows.json",
        "bench --json set",
        "compare set -o file/sheet.html -q",
    )
    for (code, line), reason in zip(found, ("file/rows.json", "set", "file/sheet.html"), strict=True):
        assert code in (1, 2)
        assert reason in line
        assert "cannot be written" in line or "is a directory" in line


def test_training_looks_at_every_folder_before_it_reads_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pielight.errors import DataError
    from pielight.training.data import pictures
    from pielight.training.data.annotated import load_examples
    from pielight.training.objectives.restoration import Restoration
    from pielight.training.recipe import read_train_config
    from pielight.training.schema import ExamplesConfig, FinetuneConfig
    from pielight.training.trainer import train

    read: list[object] = []
    monkeypatch.setattr(pictures, "read_small", lambda *given: read.append(given))
    monkeypatch.setattr("pielight.training.data.annotated.read_small", lambda *given: read.append(given))
    config = read_train_config(None, ["vgg_weights=random", "data.dark=[set]", "data.well=[nowhere]"])
    with pytest.raises(DataError, match="nowhere: no such folder"):
        Restoration(config).read(print)
    with pytest.raises(DataError, match="nowhere: no such folder"):
        train(FinetuneConfig(dark="set", normal="nowhere", model="pie", out="run"))
    Path("labels").mkdir()
    Image.new("L", (200, 200)).save("labels/0.png")
    with pytest.raises(DataError, match=r"labels/1\.png: no such file; 2 of 3 pictures lack labels"):
        load_examples(ExamplesConfig("set", "labels"), 2, 255)
    assert not read
