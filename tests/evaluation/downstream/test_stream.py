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
EVERY, COUNT = 5, 60


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


def jumps(means: list[float]) -> tuple[float, float]:
    """Return the mean size of the steps of brightness to every fifth frame, and of the others."""
    steps = np.abs(np.diff(means))
    fifth = np.arange(1, len(means)) % EVERY == 0
    return float(steps[fifth].mean()), float(steps[~fifth].mean())


def test_brightness_does_not_jump_at_every_fifth_frame() -> None:
    if not PAGE.exists():
        pytest.skip("no documentation here")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (snippet,) = (block for block in blocks if "in enumerate(frames)" in block)
    frames, means = film(), []

    def model(bright: NDArray[Any]) -> None:
        means.append(float(bright.mean()))

    exec(snippet, {"frames": frames, "model": model})
    enhancer = Enhancer()
    plain = [float(enhancer(frame).mean()) for frame in frames]
    assert len(means) == COUNT
    assert jumps(means)[0] < 1.25 * jumps(plain)[0]
    assert jumps(means)[1] < 2 * jumps(plain)[1]
    assert np.abs(np.array(means) - plain).max() < 10
