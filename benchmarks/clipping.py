"""Print how many more pixels are burnt out after enhancement, at strengths 1 and 1.5.

Usage: python benchmarks/clipping.py PHOTO...

A pixel is burnt out if a channel is at 254 or above. Per photo: the share before, and its rise in points at both
strengths; at the end the largest rise.
"""

from __future__ import annotations

import _command as command

command.needs("evaluate")

from pathlib import Path

from pielight import Enhancer
from quality import read


def measure(paths: list[Path]) -> None:
    """Print the table."""
    enhancer, worst = Enhancer(), 0.0
    print("| photo | before, % | rise at 1 | rise at 1.5 |\n|---|---|---|---|")
    for path in paths:
        picture = read(path)
        curves = enhancer.curves(picture)
        shares = [100 * float((curves.apply(picture, strength=s).max(2) >= 254).mean()) for s in (0, 1, 1.5)]
        rises = [share - shares[0] for share in shares[1:]]
        worst = max(worst, *rises)
        print(f"| {path.name} | {shares[0]:.2f} | {rises[0]:+.2f} | {rises[1]:+.2f} |")
    print(f"\nlargest rise: {worst:+.2f} points")


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("photos", type=command.file, nargs="+")
    measure(parser.parse_args().photos)


if __name__ == "__main__":
    command.run(main)
