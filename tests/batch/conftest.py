"""A folder of photos."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


@pytest.fixture
def tree(tmp_path: Path, photo: NDArray[np.uint8]) -> Path:
    """A folder of photos with what else lies about in such folders."""
    root = tmp_path / "photos"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in (
        "b.jpg",
        "a.PNG",
        "apple_pie.jpg",
        "sub/c.webp",
        "sub/deep/d.tif",
        ".hidden/e.jpg",
        ".f.jpg",
    ):
        Image.fromarray(photo).save(root / name)
    (root / "notes.txt").write_text("no picture")
    return root
