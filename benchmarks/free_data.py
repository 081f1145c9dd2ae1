"""Lay out the photographs of unrestricted terms on which the free-licence model is trained.

Usage: python benchmarks/free_data.py KODAK TARGET

KODAK is a folder of the 24 Kodak PhotoCD pictures (unrestricted use). TARGET/free gets links to them, and the
well-exposed colour photographs that scikit-image ships: astronaut (NASA, public domain), chelsea and coffee (CC0).
"""

from __future__ import annotations

import sys
from pathlib import Path

import skimage.data
from PIL import Image

from research_data import link


def main(kodak: Path, target: Path) -> None:
    """Lay everything out."""
    for path in sorted(kodak.iterdir()):
        link(path, target / "free" / path.name)
    for name in ("astronaut", "chelsea", "coffee"):
        Image.fromarray(getattr(skimage.data, name)()).save(target / "free" / f"{name}.png")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
