"""Put a photo and its enhancement side by side: the picture of the README.

Usage: python benchmarks/before_after.py PHOTO RESULT.jpg
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import _command as command
from pielight import enhance


def sheet(photo: Path) -> Image.Image:
    """Return the left and the right half, 8 pixels apart."""
    before = Image.open(photo).convert("RGB")
    sheet = Image.new("RGB", (2 * before.width + 8, before.height), "white")
    sheet.paste(before, (0, 0))
    sheet.paste(enhance(before), (before.width + 8, 0))
    return sheet


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("photo", type=command.file)
    parser.add_argument("result", type=command.new_file)
    options = parser.parse_args()
    sheet(options.photo).save(options.result, quality=88)


if __name__ == "__main__":
    command.run(main)
