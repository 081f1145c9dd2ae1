"""Small data sets that are drawn, and a method for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight.io.load_rgb import Pixels, load_rgb8

Draw = Callable[..., Path]


def scene(seed: int, size: tuple[int, int] = (48, 40)) -> NDArray[np.uint8]:
    """A well-exposed picture with smooth colors."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(60, 230, (4, 5, 3), dtype=np.uint8))
    return np.asarray(small.resize(size, Image.Resampling.BICUBIC))


@pytest.fixture
def draw() -> Draw:
    """Give the function that writes one picture, dark by a factor."""

    def write(path: Path, seed: int = 0, factor: float = 1.0, size: tuple[int, int] = (48, 40)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((scene(seed, size) * factor).astype(np.uint8)).save(path)
        return path

    return write


@pytest.fixture
def pairs(tmp_path: Path, draw: Draw) -> Path:
    """Five pairs, low and high."""
    for number in range(1, 6):
        draw(tmp_path / "lol" / "low" / f"{number}.png", number, 0.1 + 0.02 * number)
        draw(tmp_path / "lol" / "high" / f"{number}.png", number)
    return tmp_path / "lol"


@pytest.fixture
def dark(pairs: Path) -> Pixels:
    """A dark picture, 40 x 48 x 3."""
    return load_rgb8(pairs / "low" / "5.png")
