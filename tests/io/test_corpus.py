"""Hundreds of damaged files: each gives a result or a one-line error, soon, in little memory, without a noise."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pielight.io.codec_errors import own_limits
from tests.io import corpus, samples

SECONDS, MEGABYTES, FILES = 5.0, 1000, 300
# In a process of its own, so that memory is measured, and a crash or a hang is seen.
CODE = (
    samples.PEAK_MEGABYTES
    + """
import json, sys, time
from pathlib import Path
from pielight.enhancer import Enhancer
from pielight.errors import PictureError

names, target, model = json.load(sys.stdin)
enhancer = Enhancer(model, threads=1)
for number, name in enumerate(names):
    start, message = time.perf_counter(), None
    try:
        enhancer.enhance_and_save(Path(name), Path(target, str(number)))
    except PictureError as error:
        message = str(error)
    seconds = time.perf_counter() - start
    print(json.dumps([message, seconds, peak_megabytes()]), flush=True)
"""
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, bright_model: Path) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("corpus")
    paths = corpus.build(folder / "in")
    (folder / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        input=json.dumps([[str(path) for path in paths], str(folder / "out"), str(bright_model)]),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    return {"done": done, "paths": paths, "outcomes": outcomes, "out": folder / "out"}


def test_it_is_large(run: dict[str, Any]) -> None:
    assert len(run["paths"]) >= FILES


def test_no_traceback_crash_or_noise(run: dict[str, Any]) -> None:
    done, paths = run["done"], run["paths"]
    assert done.returncode == 0, paths[len(run["outcomes"]) :][:1]
    assert len(run["outcomes"]) == len(paths)
    assert done.stderr == ""


def test_every_error_is_one_line_that_names_the_file(run: dict[str, Any]) -> None:
    for path, (message, _, _) in zip(run["paths"], run["outcomes"], strict=True):
        named = message is None or message.startswith((str(path), str(run["out"])))  # it fails to be read, or written
        assert named, message
        assert message is None or message.isprintable()
    messages = [message for message, _, _ in run["outcomes"]]
    assert messages.count(None) > 50
    assert len(messages) - messages.count(None) > 200


def test_no_hang_and_little_memory(run: dict[str, Any]) -> None:
    slow = {path.name: seconds for path, (_, seconds, _) in zip(run["paths"], run["outcomes"], strict=True)}
    assert {name: seconds for name, seconds in slow.items() if seconds > SECONDS} == {}
    assert run["outcomes"][-1][2] < MEGABYTES


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_whole_files_only(run: dict[str, Any]) -> None:
    expected = {str(number) for number, (message, _, _) in enumerate(run["outcomes"]) if message is None}
    assert {path.name for path in run["out"].iterdir()} == expected
    for number in expected:
        head = (run["out"] / number).read_bytes()[:12]
        if head[4:8] != b"ftyp":  # HEIC: Pillow alone cannot
            with own_limits(), Image.open(run["out"] / number) as image:
                image.load()
