"""Lay out the photographs of unrestricted terms on which the free-license model is trained.

Usage: python benchmarks/free_data.py KODAK TARGET

KODAK is a folder of the 24 Kodak PhotoCD pictures (unrestricted use). TARGET/free gets links to them, and the
well-exposed color photographs that scikit-image ships: astronaut (NASA, public domain), chelsea and coffee (CC0).
"""

from __future__ import annotations

import _command as command

command.needs("evaluate", "dev")

from pathlib import Path

import skimage.data
from PIL import Image

from research_data import link


def lay_out(kodak: Path, target: Path) -> None:
    """Lay everything out."""
    for path in sorted(kodak.iterdir()):
        link(path, target / "free" / path.name)
    for name in ("astronaut", "chelsea", "coffee"):
        Image.fromarray(getattr(skimage.data, name)()).save(target / "free" / f"{name}.png")


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("kodak", type=command.folder)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    lay_out(options.kodak, options.target)


if __name__ == "__main__":
    command.run(main)
