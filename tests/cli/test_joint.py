"""``pielight joint`` as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pielight.cli import main
from pielight.training.data.toy import write_toy_pictures
from tests.training.scenes import save_start

TINY = """
recipe: joint
name: tiny
steps: 2
batch: 2
train: both
enhancer: start.safetensors
data: {clean: well, width: 40, height: 40}
downstream: {module: "own.py:model", loss: "own.py:loss"}
weights: {constraints: 0}
"""
OWN = """
from torch import nn
def model(): return nn.Conv2d(3, 4, 3)
def loss(outputs, targets): return (outputs - targets).square().mean()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_toy_pictures(tmp_path, 2, 64)
    Path("tiny.yaml").write_text(TINY)
    Path("own.py").write_text(OWN)
    save_start(tmp_path, "start")
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ("joint", *arguments), prog_name="pielight")


def test_train_and_go_on(folder: Path) -> None:
    done = invoke("tiny.yaml", "--out", "run")
    assert (done.exit_code, done.stdout) == (0, "")
    for text in ("2 clean pictures", "step 2/2", "task 0.", "run/tiny-unified.onnx"):
        assert text in done.stderr
    assert Path("run/tiny-unified.onnx").is_file()
    again = invoke("tiny.yaml", "--out", "run")
    assert "going on after step 2 of 2" in again.stderr
    enhanced = CliRunner().invoke(main, ["--model", "run/tiny.onnx", "dark/000.png"])
    assert enhanced.exit_code == 0


def test_errors_are_one_line(folder: Path) -> None:
    for arguments, status, reason in (
        (("none.yaml",), 2, "none.yaml: no such file"),
        (("tiny.yaml", "--set", "train=nobody"), 2, "choose enhancer, downstream or both"),
        (("tiny.yaml", "--set", "data.clean=gone"), 1, "gone: no such folder"),
        (("tiny.yaml", "--set", "downstream.module=gone.py:model"), 1, "gone.py cannot be imported"),
        (("tiny.yaml", "--set", "downstream.weights=a.pth"), 1, "a.pth: weights should be a .safetensors file"),
    ):
        done = invoke(*arguments)
        assert done.exit_code == status
        assert done.stderr.splitlines()[-1].startswith("Error: ")
        assert reason in done.stderr.splitlines()[-1]


def test_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "pielight", "joint", "tiny.yaml", "--out", "run", "--set", "steps=100000"]
    command += ["--set", "checkpoint_minutes=0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    ) as run:
        deadline = time.monotonic() + 120
        while not Path("run/checkpoint.pt").exists() and time.monotonic() < deadline and run.poll() is None:
            time.sleep(0.2)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=120)
    assert run.returncode == 130
    assert errors.splitlines()[-1].endswith("stopped; the same command goes on from run/checkpoint.pt")
    assert "Traceback" not in errors


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import atexit, sys; atexit.register(lambda: print([n for n in ('torch', 'numpy') if n in sys.modules]));"
        "from pielight.cli import main; main(['joint', '--help'], prog_name='pielight')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
