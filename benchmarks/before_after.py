"""Put a photo and its enhancement side by side: the picture of the README.

Usage: python benchmarks/before_after.py PHOTO RESULT.jpg
"""

from __future__ import annotations

import sys

from PIL import Image

from pielight import enhance


def main(photo: str, result: str) -> None:
    """Write the left and the right half, 8 pixels apart."""
    before = Image.open(photo).convert("RGB")
    sheet = Image.new("RGB", (2 * before.width + 8, before.height), "white")
    sheet.paste(before, (0, 0))
    sheet.paste(enhance(before), (before.width + 8, 0))
    sheet.save(result, quality=88)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
