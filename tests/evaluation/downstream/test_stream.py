"""The snippet of the documentation for a stream of frames, on a film whose light fades."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from pielight import Enhancer

PAGE = Path(__file__).parents[3] / "docs" / "guides" / "before-your-model.md"
COUNT = 20


def film() -> list[NDArray[np.uint8]]:
    """A camera that pans over a photograph in light that fades and comes back, with a little noise."""
    random, photo = np.random.default_rng(0), np.tile(data.astronaut(), (2, 2, 1)).astype(float)
    frames = []
    for number in range(COUNT):
        top, left = int(20 * np.cos(number / 20)) + 40, int(30 * np.sin(number / 15)) + 60
        light = 0.25 + 0.1 * np.sin(number / 25)
        view = photo[top : top + 480, left : left + 640] * light + random.normal(0, 2, (480, 640, 3))
        frames.append(view.clip(0, 255).astype(np.uint8))
    return frames


def steps(means: list[float]) -> float:
    """Return the mean size of the steps of brightness from frame to frame."""
    return float(np.abs(np.diff(means)).mean())


def test_brightness_changes_less_than_with_a_prediction_for_every_frame() -> None:
    if not PAGE.exists():
        pytest.skip("no documentation here")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (snippet,) = (block for block in blocks if "frames(frames, fps=30)" in block)
    frames, means = film(), []

    def model(bright: NDArray[Any]) -> None:
        means.append(float(bright.mean()))

    exec(snippet, {"frames": frames, "model": model})
    enhancer = Enhancer()
    plain = [float(enhancer(frame).mean()) for frame in frames]
    assert len(means) == COUNT
    assert steps(means) < 0.7 * steps(plain)  # of which the light that fades is a part
    assert np.abs(np.array(means) - plain).max() < 10
