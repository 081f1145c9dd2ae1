"""Toy pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pielight.training.data.toy import toy_scene, write_toy_pictures


def test_toy_pictures(tmp_path: Path) -> None:
    dark, well = write_toy_pictures(tmp_path, 5, 96)
    means = {}
    for folder in (dark, well):
        paths = sorted(folder.iterdir())
        assert len(paths) == 5
        pixels = np.stack([np.asarray(Image.open(path)) for path in paths]) / 255
        assert pixels.shape == (5, 96, 96, 3)
        means[folder.name] = pixels.mean((1, 2, 3))
        assert len({path.read_bytes() for path in paths}) == 5
        if folder == dark:
            assert (pixels.max((1, 2, 3)) == 1).mean() > 0.5  # lamps
    assert means["dark"].max() < 0.4 < means["well"].min()
    assert means["well"].max() < 0.6


def test_the_seed_decides(tmp_path: Path) -> None:
    written = [write_toy_pictures(tmp_path / str(i), 2, 32, seed=seed)[1] for i, seed in enumerate((3, 3, 4))]
    one, same, other = ((folder / "001.png").read_bytes() for folder in written)
    assert one == same
    assert one != other
    assert toy_scene(np.random.default_rng(0), 50).shape == (50, 50, 3)
