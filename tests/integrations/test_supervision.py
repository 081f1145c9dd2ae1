"""The snippet of "Before your model" for supervision, with supervision itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.docs.markdown import ROOT, blocks
from tests.integrations.modules import dark_picture


def test_a_clip_is_processed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("supervision")
    monkeypatch.chdir(tmp_path)
    writer = cv2.VideoWriter("night.mp4", cv2.VideoWriter.fourcc(*"mp4v"), 20, (128, 96))
    for _ in range(12):
        writer.write(dark_picture()[..., ::-1])
    writer.release()
    page = ROOT / "docs/guides/before-your-model.md"
    (snippet,) = [block.text for block in blocks(page) if "import supervision" in block.text]
    exec(compile(snippet, page.name, "exec"), {})
    levels = []
    for name in ("night.mp4", "bright.mp4"):
        capture = cv2.VideoCapture(name)
        frames = [frame for _, frame in iter(capture.read, (False, None))]
        levels.append(np.mean(frames))
        assert len(frames) == 12
    assert levels[1] > 1.5 * levels[0]
