"""Writes vectors.json: what Python returns for pictures that the page's tests make by the same formula.

python web/tests/vectors.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pielight.ops.exposure import canonical_exposure
from pielight.ops.exposure_map import apply_exposure, level_tables, resample
from pielight.ops.exposure_statistics import exposure_statistics
from pielight.ops.highlight_ceiling import highlight_ceiling
from pielight.ops.jpeg_quantization import find_quantization, quantization_sigma
from pielight.ops.noise import blur_correction, estimate
from pielight.ops.thumbnail import thumbnail
from pielight.options import PRESETS, EnhanceOptions

SIZES = ((70, 90), (300, 281), (257, 1030))


def picture(height: int, width: int) -> np.ndarray[Any, Any]:
    """Return a picture of waves and grain, which `picture` in helpers.ts makes, too."""
    y, x, c = np.mgrid[:height, :width, :3]
    grain = (x * 7919 + y * 104729 + c * 1299709 + x * y * 31) % 23
    return ((x * 96) // width + (y * 64) // height + grain * (1 + c) // 3).astype(np.uint8)


def vectors() -> dict[str, Any]:
    """Return everything."""
    places, results = level_tables()
    presets = {
        name: {
            key: getattr(EnhanceOptions.of(name), key)
            for key in ("strength", "highlights", "auto", "target_ev", "black")
        }
        for name in PRESETS
    }
    found: dict[str, Any] = {
        "places": places.tolist(),
        "results_every_64th": results[::64].tolist(),
        "blur": [blur_correction(ratio) for ratio in (0.2, 1.0, 1.7, 2.5, 9.0)],
        "quantization_sigma": quantization_sigma(0.5).tolist(),
        "presets": presets,
        "pictures": [],
    }
    for height, width in SIZES:
        pixels = picture(height, width)
        small = thumbnail(pixels, 64)
        noise = estimate(pixels)
        ev = np.linspace(-1, 4, 12).astype(np.float32).reshape(3, 4)
        exposed = apply_exposure(pixels, ev)
        found["pictures"].append({
            "size": [height, width],
            "thumbnail": small[:, ::7, ::7].reshape(-1).tolist(),
            "canonical": canonical_exposure(small),
            "statistics": exposure_statistics(pixels).tolist(),
            "ceiling": highlight_ceiling(small, (16, 16)).reshape(-1).tolist(),
            "noise": [noise.shot.tolist(), noise.read.tolist(), np.broadcast_to(noise.step, 3).tolist()],
            "quantization": find_quantization(pixels),
            "exposed": exposed[:: height // 9, :: width // 9].reshape(-1).tolist(),
            "resampled": resample(ev, (5, 7)).reshape(-1).tolist(),
        })  # fmt: skip
    return found


if __name__ == "__main__":
    Path(__file__).with_suffix(".json").write_text(json.dumps(vectors(), separators=(",", ":")) + "\n")
