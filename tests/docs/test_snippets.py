"""How the snippets of README and docs are run as they stand, with the names that they take for granted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, PROGRAMS, ROOT, Snippet, blocks
from tests.docs.test_commands import SECONDS, shell, where

pytestmark = pytest.mark.docs

_IMAGE = "import numpy as np\nimage = np.random.default_rng(0).integers(0, 90, (480, 640, 3), np.uint8)\n"
_FRAMES = "frames = [image // (1 + number % 3) for number in range(7)]\nmodel = print\n"
_CLIP = """
import cv2, sys, types
import numpy as np
writer = cv2.VideoWriter("night.mp4", cv2.VideoWriter_fourcc(*"mp4v"), 25, (160, 120))
for level in (20, 21, 22):
    writer.write(np.full((120, 160, 3), level, np.uint8))
writer.release()
"""
_ULTRALYTICS = """
class YOLO:  # in place of the package, which is not installed
    def __init__(self, weights):
        self.frames = 0

    def track(self, frame, persist):
        assert frame.shape == (120, 160, 3) and frame.mean() > 60
        return [frame]
sys.modules["ultralytics"] = types.SimpleNamespace(YOLO=YOLO)
"""
_SUPERVISION = """
def process_video(source, target, callback):  # in place of the package, which is not installed
    assert callback(np.full((120, 160, 3), 20, np.uint8), 0).mean() > 60
info = types.SimpleNamespace(from_video_path=lambda path: types.SimpleNamespace(fps=25))
sys.modules["supervision"] = types.SimpleNamespace(process_video=process_video, VideoInfo=info)
"""
_SERVER = """
import atexit, subprocess, sys
process = subprocess.Popen([sys.executable, "-m", "pielight", "serve", "--port", "8018"], stdout=subprocess.PIPE)
atexit.register(process.kill)
process.stdout.readline()
"""
BEFORE = {  # what the snippets of a page take for granted, by a word of theirs
    "bright = enhance(image)": _IMAGE + "bgr = image\n",
    "runs/joint-both/joint-segmentation-unified.onnx": _IMAGE,
    "frames(frames, fps=30)": _IMAGE + _FRAMES,
    'cv2.VideoCapture("night.mp4")': _CLIP,
    "from ultralytics import YOLO": _ULTRALYTICS,
    "import supervision as sv": _CLIP + _SUPERVISION,
    "from pielight.evaluation.downstream.detector import detector": "def segment(pixels):\n    return pixels[..., 0] // 24\n",  # noqa: E501
    "read_recipe(": "import torch\nmy_model = torch.nn.Conv2d(3, 2, 1)\ndark = torch.rand(1, 3, 64, 64)\n",
    'Enhancer(task="dehaze")': _IMAGE,
    "with Client() as server": _SERVER,
}
SHORTER = {
    "Client()": 'Client("http://127.0.0.1:8018")',
    'read_recipe("configs/joint-faces.yaml"': 'read_recipe("short.yaml"',
}
FIRST = {  # what must have run before
    "read_recipe(":
        "sed -e 's/^steps: .*/steps: 2/' -e 's/^batch: .*/batch: 2/' -e 's/^out: .*/out: runs\\/short/' "
        "configs/joint-faces.yaml > short.yaml",
}  # fmt: skip
EXCERPTS = {"def dive(": "examples/underwater.py"}
ALL = [block for page in PAGES for block in blocks(page)]


def name(snippet: Snippet) -> str:
    return f"{snippet.page}:{snippet.line}"


def run(snippet: Snippet, place: Path) -> None:
    """Run a snippet in the folder of its page; blocks of commands are run as commands."""
    if snippet.language == "python":
        run_python(snippet, place)
    elif snippet.language == "yaml":
        run_yaml(snippet, place)


def run_python(snippet: Snippet, place: Path) -> None:
    source = next((path for word, path in EXCERPTS.items() if word in snippet.text), None)
    if source:
        check_excerpt(snippet.text, (ROOT / source).read_text())
        return
    for word, command in FIRST.items():
        if word in snippet.text:
            shell(command, place)
    before = "".join(text for word, text in BEFORE.items() if word in snippet.text)
    code = snippet.text
    for word, other in SHORTER.items():
        code = code.replace(word, other)
    command = [sys.executable, "-c", before + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, **where(place))  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr[-3000:]


def run_yaml(snippet: Snippet, place: Path) -> None:
    (place / "own.yaml").write_text(snippet.text)
    more = (
        "--set constraints.vgg_weights=VGG16.pth --set steps=2 --set batch=2 --set data.width=96 --set data.height=96"
    )
    shell(f"pielight joint own.yaml {more} --out runs/own", place)


def check_excerpt(text: str, source: str) -> None:
    """Check that an excerpt stands in a file, but for what is left out and for comments and layout."""

    def bare(code: str) -> str:
        code = re.sub(r"\s+#.*", "", code)
        return re.sub(r",([)}\]])", r"\1", re.sub(r"\s", "", code))

    place, whole = 0, bare(source)
    for part in bare(text).split("..."):
        assert part in whole[place:], part
        place = whole.index(part, place)


def test_every_block_is_known() -> None:
    """A block is of commands, or says in which language it is."""
    for block in ALL:
        if not block.language:
            words = re.sub(r"\\\n", " ", block.text).splitlines()
            assert [word for word in words if word.strip() and not word.startswith(PROGRAMS)] == [], name(block)
        assert block.language in ("", "python", "yaml", "text"), name(block)
    text = "".join(block.text for block in ALL)
    assert [word for word in (*BEFORE, *FIRST, *EXCERPTS, *SHORTER) if word not in text] == []
