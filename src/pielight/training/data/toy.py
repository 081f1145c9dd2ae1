"""Toy pictures, generated: shapes, shading and strokes, to see whether training works without any data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Scene = npt.NDArray[np.float64]


def toy_scene(random: np.random.Generator, side: int = 160) -> Scene:
    """Draw a scene in linear light: a shaded background, discs and boxes with lines as of text on them.

    Returns:
        ``(side, side, 3)`` in [0, 1], exposed so that the mean is 0.2 before clipping.

    >>> toy_scene(np.random.default_rng(0), 32).shape
    (32, 32, 3)
    """
    y, x = np.mgrid[:side, :side] / side
    scene = _color(random) * (0.7 + 0.3 * (x if random.random() < 0.5 else y))[..., None]
    for _ in range(random.integers(5, 9)):
        center_y, center_x, height, width = random.uniform((0, 0, 0.12, 0.12), (1, 1, 0.4, 0.4))
        v, u = (y - center_y) / height, (x - center_x) / width  # the shape covers -1..1, or the disc in it
        shape = np.maximum(abs(u), abs(v)) < 1 if random.random() < 0.5 else u * u + v * v < 1
        paint = _color(random) * (0.85 + 0.15 * v)[..., None]
        if random.random() < 0.6:
            strokes = np.kron(random.random((side // 4 + 1, side // 2 + 1)) < 0.4, np.ones((4, 2), bool))
            rows = (np.arange(side) // 4 % 2 == 0)[:, None]  # every second row of letters is left empty
            paint = np.where((strokes[:side, :side] & rows)[..., None], 0.4 * paint, paint)
        scene = np.where(shape[..., None], paint, scene)
    exposed: Scene = np.clip(scene * (0.2 / scene.mean()), 0.0, 1.0)
    return exposed


def write_toy_pictures(folder: Path, count: int = 16, side: int = 160, seed: int = 0) -> tuple[Path, Path]:
    """Write toy pictures into ``dark/`` and ``well/`` below a folder, of other scenes each.

    ``y = Q8((s * 2^EV + lamp + noise)^(1/2.2))``, with 2 to 4 EV less, a lamp and noise for the dark ones.

    Args:
        count: Pictures of each kind.
        seed: Other seeds give other pictures.

    Returns:
        The two folders.
    """
    random = np.random.default_rng(seed)
    folders = folder / "dark", folder / "well"
    for place in folders:
        place.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            scene = toy_scene(random, side)
            if place.name == "dark":
                scene = scene * 2 ** random.uniform(-4, -2) + _lamp(random, side) + random.normal(0, 3e-4, scene.shape)
            pixels = np.round(255 * np.clip(scene, 0, 1) ** (1 / 2.2)).astype(np.uint8)
            Image.fromarray(pixels).save(place / f"{index:03}.png")
    return folders


def _color(random: np.random.Generator) -> Scene:
    """Draw a color in linear light, bright or dim, not too far from gray."""
    return random.uniform(0.05, 0.6) * random.uniform(0.6, 1.0, 3)


def _lamp(random: np.random.Generator, side: int) -> Scene:
    """Draw a lamp with its glow, ``(side, side, 1)``; it reaches white."""
    y, x = np.mgrid[:side, :side] / side
    distance = np.hypot(y - random.uniform(0.1, 0.9), x - random.uniform(0.1, 0.9))
    glow: Scene = 1.2 * np.exp(-((distance / random.uniform(0.04, 0.08)) ** 2))
    return glow[..., None]
