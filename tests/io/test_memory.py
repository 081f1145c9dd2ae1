"""A large file takes little more memory than its pixels."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.io import samples

WIDTH, HEIGHT = 6000, 4000
LIMIT = 2.5 * WIDTH * HEIGHT * 3 / 1e6 + 150  # megabytes
CODE = f"""
import sys
{samples.PEAK_MEGABYTES}
from pathlib import Path
from pielight.enhancer import Enhancer
Enhancer(sys.argv[1]).enhance_and_save(Path(sys.argv[2]), Path(sys.argv[3]))
print(peak_megabytes())
"""


@pytest.mark.parametrize(
    ("suffix", "mode"), [("jpg", "RGB"), ("png", "RGB"), ("png", "P"), ("tif", "RGB"), ("bmp", "RGB"), ("jpg", "L")]
)
def test_24_megapixels(suffix: str, mode: str, tmp_path: Path, bright_model: Path) -> None:
    row = np.linspace(0, 120, WIDTH)[:, np.newaxis] * [1, 0.8, 0.6]
    picture = np.broadcast_to(row.astype(np.uint8), (HEIGHT, WIDTH, 3))
    source, target = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    Image.fromarray(picture).convert(mode).save(source)
    done = subprocess.run(
        [sys.executable, "-c", CODE, bright_model, source, target], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < LIMIT
    with Image.open(target) as result:
        assert (result.mode, result.size) == (mode, (WIDTH, HEIGHT))
