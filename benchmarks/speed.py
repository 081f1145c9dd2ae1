"""Measure the speed of the array door and of the start: the speed rows of the README.

Usage: python benchmarks/speed.py [--threads N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from pielight import Enhancer
from pielight.curves.compiled import loop


def median_ms(call: Callable[[], object], repeats: int) -> str:
    """Return the median and the range of the time that a call takes."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return f"{statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}, {repeats} runs)"


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    photo = Image.open(Path(__file__).parents[1] / "docs" / "rocket.jpg").convert("RGB")
    frame = np.asarray(photo.resize((1920, 1080)))
    enhancer = Enhancer(threads=options.threads)
    enhancer(frame)
    print(f"compiled loop: {bool(loop)}")
    print(f"1920 x 1080 uint8, array to array: {median_ms(lambda: enhancer(frame), 30)}")
    lattice = enhancer.curves(frame)
    print(f"of that, the lattice: {median_ms(lambda: enhancer.curves(frame), 30)}; {lattice.alphas.shape}")
    for words in (["-c", "import pielight"], ["-m", "pielight", "--help"], ["-c", "pass"]):
        command = [sys.executable, *words]
        took = median_ms(lambda command=command: subprocess.run(command, capture_output=True, check=True), 7)
        print(f"python {' '.join(words)}: {took}")


if __name__ == "__main__":
    main()
