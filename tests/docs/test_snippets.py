"""Every snippet of README and docs runs as it stands, with the names that it takes for granted."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.markdown import PAGES, PROGRAMS, ROOT, Snippet, blocks
from tests.docs.test_commands import SECONDS, shell, where

pytestmark = pytest.mark.docs

_IMAGE = "import numpy as np\nimage = np.random.default_rng(0).integers(0, 90, (480, 640, 3), np.uint8)\n"
_FRAMES = "frames = [image // (1 + number % 3) for number in range(7)]\nmodel = print\n"
BEFORE = {  # what the snippets of a page take for granted, by a word of theirs
    "bright = enhance(image)": _IMAGE,
    "runs/joint-both/joint-segmentation-unified.onnx": _IMAGE,
    "for number, frame in enumerate(frames)": _IMAGE + _FRAMES,
    "from pielight.downstream.detector import detector": "def segment(pixels):\n    return pixels[..., 0] // 24\n",
    "read_joint(": "import torch\nmy_model = torch.nn.Conv2d(3, 2, 1)\ndark = torch.rand(1, 3, 64, 64)\n",
    'Enhancer(task="dehaze")': _IMAGE,
}
SHORTER = {'read_joint("configs/joint-faces.yaml")': 'read_joint("short.yaml")'}
FIRST = {  # what must have run before
    "runs/joint-both/joint-segmentation-unified.onnx":
        "pielight joint configs/joint-segmenter.yaml --set steps=2 --set batch=2 && "
        "pielight joint configs/joint-segmentation.yaml --set constraints.features=VGG16.pth --set train=both "
        "--set steps=2 --set batch=2 --out runs/joint-both",
    "read_joint(":
        "sed -e 's/^steps: .*/steps: 2/' -e 's/^batch: .*/batch: 2/' -e 's/^constraints:.*/constraints:\\n"
        "  features: VGG16.pth/' configs/joint-faces.yaml > short.yaml",
}  # fmt: skip
EXCERPTS = {"def dive(": "examples/underwater.py", "UNDERWATER = Task(": "examples/underwater.py"}
ALL = [block for page in PAGES for block in blocks(page)]


def name(snippet: Snippet) -> str:
    return f"{snippet.page}:{snippet.line}"


def params(language: str) -> list[object]:
    found = [snippet for snippet in ALL if snippet.language == language]
    return [pytest.param(one, id=name(one), marks=pytest.mark.xdist_group(one.page)) for one in found]


@pytest.mark.parametrize("snippet", params("python"))
def test_python(snippet: Snippet, workspace: Callable[[str], Path]) -> None:
    source = next((path for word, path in EXCERPTS.items() if word in snippet.text), None)
    if source:
        check_excerpt(snippet.text, (ROOT / source).read_text())
        return
    place = workspace(snippet.page)
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


def check_excerpt(text: str, source: str) -> None:
    """Check that an excerpt stands in a file, but for what is left out and for its comments."""

    def lines(code: str) -> list[str]:
        plain = (re.sub(r"\s+#.*", "", line).strip() for line in code.splitlines())
        return [line for line in plain if line and "..." not in line]

    assert [line for line in lines(text) if line not in lines(source)] == []


@pytest.mark.parametrize("snippet", params("yaml"))
def test_yaml(snippet: Snippet, workspace: Callable[[str], Path]) -> None:
    place = workspace(snippet.page)
    (place / "own.yaml").write_text(snippet.text)
    more = "--set constraints.features=VGG16.pth --set steps=2 --set batch=2 --set data.width=96 --set data.height=96"
    shell(f"pielight joint own.yaml {more} --out runs/own", place)


def test_every_block_is_known() -> None:
    """A block is of commands, or says in which language it is."""
    for block in ALL:
        if not block.language:
            words = re.sub(r"\\\n", " ", block.text).splitlines()
            assert [word for word in words if word.strip() and not word.startswith(PROGRAMS)] == [], name(block)
        assert block.language in ("", "python", "yaml", "text"), name(block)
    text = "".join(block.text for block in ALL)
    assert [word for word in (*BEFORE, *FIRST, *EXCERPTS, *SHORTER) if word not in text] == []
