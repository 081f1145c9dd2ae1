"""Types of the values of TIFF's and EXIF's tags, by their numbers."""

from __future__ import annotations

BYTE, SHORT, LONG, RATIONAL, UNDEFINED = 1, 3, 4, 5, 7
UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 1, 7: 1, 8: 2, 9: 4, 10: 4, 11: 4, 12: 8, 13: 4}  # bytes that are swapped
_PAIRS = (5, 10)  # fractions, of two units each
VALUE_SIZES = {kind: unit * (2 if kind in _PAIRS else 1) for kind, unit in UNITS.items()}  # bytes of one value
