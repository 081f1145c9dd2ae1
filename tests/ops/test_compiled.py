"""Without the compiled loop, NumPy gives the same pictures: of curves those of 8 bits, of exposures all."""

from __future__ import annotations

import subprocess
import sys

from pielight.ops import compiled

CODE = """
import sys
if {without}: sys.modules["pielight.ops._loop"] = None
import numpy as np
from pielight import CurveLattice, ExposureMap
from pielight.ops import compiled
assert (compiled.loop is None) == {without}
rng = np.random.default_rng(0)
lattice = CurveLattice(-rng.random((8, 3, 6, 7), np.float32) / 3)
print(lattice.apply(rng.integers(0, 256, (61, 83, 3), np.uint8), denoise=0).tobytes().hex())
for dtype, scale in (("uint8", 255), ("uint16", 65535), ("float32", 1), ("float64", 1)):
    pixels = (rng.random((61, 83, 3)) * scale).astype(dtype)
    print(ExposureMap(rng.normal(1, 2, (6, 7))).apply(pixels, denoise=0).tobytes().hex())
"""


def test_numpy_gives_the_same_picture() -> None:
    assert compiled.loop is not None, "the package was built without its compiled loop"
    results = {
        subprocess.run(
            [sys.executable, "-c", CODE.format(without=without)], capture_output=True, text=True, check=True
        ).stdout
        for without in (False, True)
    }
    assert len(results) == 1
