"""``pielight train`` and ``pielight data check`` as a user runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from pielight.cli import main
from pielight.training import smoke
from pielight.training.data import bank
from pielight.training.data.toy import write_toy_pictures
from pielight.training.schema import ExposureConfig
from pielight.training.smoke import Verdict

TINY = """
name: tiny
steps: 4
dark_batch: 2
well_batch: 2
feature_batch: 1
bank: 2
pairs: 2
features: random
data: {size: 64, render: 32, smallest: 32, cache: cache, dark_mean: [0, 1], well_mean: [0, 1], well_shadows: 0}
"""
torch.set_num_threads(1)  # the pictures are too small for a second thread to help


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_toy_pictures(tmp_path, 3, 64)
    Path("tiny.yaml").write_text(TINY)
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="pielight")


def process(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    script = f"import sys; {code}; from pielight.cli import main; main(prog_name='pielight')"
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)


PLACES = ("--dark", "dark", "--well", "well", "--out", "run")


def test_the_hint_names_the_task(folder: Path) -> None:
    Path("haze.yaml").write_text(
        "{task: dehaze, steps: 1, bank: 2, pairs: 2, well_batch: 1, dark_batch: 1, losses: {contrast: 0}, "
        "data: {size: 64, render: 32, smallest: 32, well_mean: [0, 1], cache: cache}}"
    )
    done = invoke("train", "haze.yaml", "--well", "well", "--out", "run")
    assert done.exit_code == 0, done.output
    assert "pielight --task dehaze --model run/dehaze.onnx PHOTO" in done.stderr


def test_train_and_go_on(folder: Path) -> None:
    done = invoke("train", "tiny.yaml", *PLACES, "--set", "seed=3", "--set", "losses.curve_smoothness=0")
    assert (done.exit_code, done.stdout) == (0, "")
    for text in (
        "config.yaml", "checkpoint.pt", "tensorboard --logdir run", "3 pictures to restore, 3 good ones", "step 4/4",
        "inversion 0.", "0 s left", "0 skipped", "pielight --model run/tiny.onnx PHOTO",
    ):  # fmt: skip
        assert text in done.stderr
    assert "curve_smoothness" not in done.stderr
    stored = Path("run/config.yaml").read_text()
    assert "seed: 3" in stored
    assert "- dark\n" in stored
    enhanced = invoke("--model", "run/tiny.onnx", "dark/000.png")
    assert enhanced.exit_code == 0

    other = invoke("train", "tiny.yaml", *PLACES)
    assert other.exit_code == 1
    last = other.stderr.splitlines()[-1]
    assert last.startswith("Error: run: holds a run with other settings (seed, losses.curve_smoothness)")
    again = invoke("train", "tiny.yaml", *PLACES, "--set", "seed=3", "--set", "losses.curve_smoothness=0")
    assert again.exit_code == 0
    assert "run/checkpoint.pt: going on after step 4 of 4" in again.stderr


def test_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "pielight", "train", "tiny.yaml", *PLACES, "--set", "steps=100000"]
    command += ["--set", "checkpoint_minutes=0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as running:
        deadline = time.monotonic() + 120
        while not Path("run/checkpoint.pt").exists() and time.monotonic() < deadline and running.poll() is None:
            time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=120)
    assert running.returncode == 130
    assert errors.splitlines()[-1].endswith("stopped; the same command goes on from run/checkpoint.pt")
    assert "Traceback" not in errors


def test_ctrl_c_while_it_prepares(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, expose = [0], bank._expose

    def stopped(*given: Any) -> Any:
        seen[0] += 1
        if seen[0] > 3:  # in the second portion
            raise KeyboardInterrupt
        return expose(*given)

    monkeypatch.setattr(bank, "_expose", stopped)
    done = invoke("train", "tiny.yaml", *PLACES, "--set", "bank=10")
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == f"stopped; the same command goes on from {Path('run', 'preparation')}"


def test_errors_are_one_line(folder: Path) -> None:
    Path("list.yaml").write_text("- 1")
    for arguments, reason in (
        (("none.yaml",), "none.yaml: no such file"),
        (("list.yaml",), "list.yaml: should hold keys and values"),
        (("tiny.yaml", "--set", "stepz=3"), "unknown setting stepz; did you mean steps?"),
        (("tiny.yaml", "--set", "data.size=65"), "data.size should be a multiple of 32"),
        (("tiny.yaml",), "no folder is given; set data.dark and data.well"),
        (("tiny.yaml", "--dark", "gone", "--well", "well"), "gone: no such folder"),
        (("tiny.yaml", *PLACES, "--features", "gone.pth"), "gone.pth: no such file of VGG16 weights"),
    ):
        done = invoke("train", *arguments)
        settings = any(word in reason for word in ("none.yaml", "list.yaml", "stepz", "data.size"))
        assert done.exit_code == (2 if settings else 1)
        assert done.stderr.splitlines()[-1].startswith("Error: ")
        assert reason in done.stderr.splitlines()[-1]


def test_usage_errors_are_status_2(folder: Path) -> None:
    for arguments in ((), ("--smoke", "--dark", "dark"), ("tiny.yaml", "--nonsense")):
        assert invoke("train", *arguments).exit_code == 2
    for arguments in ((), ("dark",), ("dark", "--as", "bright"), ("tiny.yaml", "--as", "dark")):
        assert invoke("data", "check", *arguments).exit_code == 2


def test_smoke_shows_first_and_last(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[ExposureConfig] = []
    verdicts = [Verdict("total", 3.0, 1.5), Verdict("color", 0.5, 0.25)]

    def run(folder: Path, settings: ExposureConfig, report: object) -> list[Verdict]:
        seen.append(settings)
        assert folder.is_dir()
        return verdicts

    monkeypatch.setattr(smoke, "smoke", run)
    done = invoke("train", "--smoke", "--set", "width=0.5")
    assert done.exit_code == 0
    assert seen[0].width == 0.5
    assert re.search(r"^color +0\.5000 +0\.2500 +falls$", done.stdout, re.MULTILINE)
    verdicts.append(Verdict("regional", 0.1, 0.2))
    done = invoke("train", "--smoke")
    assert done.exit_code == 1
    assert re.search(r"^regional +0\.1000 +0\.2000 +DOES NOT FALL$", done.stdout, re.MULTILINE)


def test_smoke_of_a_denoiser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "smoke", lambda *_: [Verdict("error", 0.5, 0.25)])
    done = invoke("train", "--smoke", "--set", "recipe=denoise")
    assert done.exit_code == 0, done.output
    assert re.search(r"^error +0\.5000 +0\.2500 +falls$", done.stdout, re.MULTILINE)


def test_data_check_of_folders(folder: Path) -> None:
    Path("dark/notes.txt").write_text("hello")
    done = invoke("data", "check", "dark", "--as", "dark", "--set", "data.min_size=32")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "dark/notes.txt: not a picture", "dark: 3 of 4 files are used; left out: 1 not a picture"
    ]  # fmt: skip
    done = invoke("data", "check", "dark", "well", "--as", "dark")
    assert done.exit_code == 1
    assert "dark/000.png: too small: 64 x 64, the shorter side is below 100" in done.stdout
    assert done.stdout.splitlines()[-1] == "dark: 0 of 7 files are used; left out: 6 too small, 1 not a picture"
    assert invoke("data", "check", "gone", "--as", "dark").stderr == "Error: gone: no such folder\n"


def test_data_check_of_a_configuration(folder: Path) -> None:
    Path("both.yaml").write_text(TINY.replace("{size", "{dark: [dark], well: [well], size"))
    done = invoke("data", "check", "both.yaml")
    assert (done.exit_code, done.stdout) == (0, "dark: 3 of 3 files are used\nwell: 3 of 3 files are used\n")
    done = invoke("data", "check", "both.yaml", "--set", "data.well_mean=[0.9, 1]")
    assert done.exit_code == 1
    assert "well: 0 of 3 files are used; left out: 3 too dark" in done.stdout
    assert "dark: 3 of 3" in done.stdout


PACKAGES = {"torch": "torch", "accelerate": "accelerate", "skimage": "scikit-image", "yaml": "PyYAML",
            "tensorboard": "tensorboard", "safetensors": "safetensors", "onnx": "onnx"}  # fmt: skip
LACKING = """
import sys
from click.testing import CliRunner
from pielight.cli import main
for module in sys.argv[1:]:
    sys.modules[module] = None
    done = CliRunner().invoke(main, ["train", "--smoke"])
    print(done.exit_code, done.stderr, end="")
    del sys.modules[module]
"""


def test_a_missing_extra_is_named() -> None:
    """In a process that has loaded none of them yet."""
    done = subprocess.run([sys.executable, "-c", LACKING, *PACKAGES], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == len(PACKAGES)
    for line, package in zip(lines, PACKAGES.values(), strict=True):
        assert line.startswith(f"1 Error: {package} is not installed; run: ")
        assert line.endswith('-m pip install "pielight[train]"')


def test_help_loads_nothing_heavy() -> None:
    for arguments in (("train", "--help"), ("data", "check", "--help")):
        code = "import atexit; atexit.register(lambda: print([n for n in ('torch', 'numpy') if n in sys.modules]))"
        done = process(*arguments, code=code)
        assert done.returncode == 0
        assert done.stdout.splitlines()[-1] == "[]"


def test_evaluate_names_its_extra() -> None:
    code = "import sys; sys.modules['scipy'] = None; import pielight.evaluation.metrics"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ)
    assert re.search(r"MissingExtraError: scipy is not installed; run: .* install .*\[evaluate\]", done.stderr)


def test_a_card_does_not_claim_the_data_of_another_run(folder: Path) -> None:
    changes = ("--set", "steps=1")
    Path("named.yaml").write_text(Path("tiny.yaml").read_text() + "\npictures: famous ones\nterms: theirs\n")
    assert invoke("train", "named.yaml", *PLACES, *changes).exit_code == 0
    card = json.loads(Path("run/tiny.json").read_text())
    assert (card["data"], card["terms"]) == ("", "")


def test_a_trained_denoiser_can_be_tried_as_it_says(folder: Path) -> None:
    Path("denoise.yaml").write_text(
        "{recipe: denoise, steps: 2, batch: 2, patch: 32, data: {smallest: 32, well_shadows: 0}}"
    )
    loose = ("--set", "data.well_mean=[0, 1]", "--set", "data.well_clipped=1")
    done = invoke("train", "denoise.yaml", "--well", "well", "--out", "run", *loose)
    assert done.exit_code == 0, done.output
    said = f"  pielight --denoise auto --denoise-model {Path('run', 'denoise.onnx')} PHOTO..."
    assert done.stderr.splitlines()[-1] == said
    photo = str(next(Path("dark").iterdir()))
    tried = invoke(*said.split()[1:-1], photo, "-o", "bright/")
    assert tried.exit_code == 0, tried.output
    assert list(Path("bright").iterdir())


EXPOSURE = """
recipe: exposure
name: tiny
steps: 2
batch: 6
bank: 2
width: 0.25
vgg_weights: random
darkening: {versions: 1}
data: {published: well, min_size: 32}
"""


def test_exposure_maps_of_two_folders(folder: Path) -> None:
    Path("exposure.yaml").write_text(EXPOSURE)
    done = invoke("train", "exposure.yaml", *PLACES)
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    for text in ("3 published photographs, 3 dark ones", "brightness 0.", "pielight --model run/tiny.onnx PHOTO"):
        assert text in done.stderr
    assert "published: []" in Path("run/config.yaml").read_text()
    assert "- dark:\n    - dark\n    well:\n    - well\n" in Path("run/config.yaml").read_text()
    assert invoke("--model", "run/tiny.onnx", "dark/000.png").exit_code == 0
    checked = invoke("data", "check", "exposure.yaml")
    assert (checked.exit_code, checked.stdout) == (0, "well: 3 of 3 files are used\n")
