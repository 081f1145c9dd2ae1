"""Files of labeled boxes, which say what a detector should find in each picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from pielight.core.atomic_file import shown
from pielight.core.json_file import read_json
from pielight.errors import DataError
from pielight.evaluation.datasets.datasets import Box

BOXES_ARE = '{"NAME.jpg": [{"x": 1, "y": 2, "w": 30, "h": 40}, ...], ...} in pixels'


def read_boxes(file: Path) -> dict[str, tuple[Box, ...]]:
    """Read a JSON file of boxes: for each picture x, y, w and h of what is labeled in it, which may be nothing.

    Raises:
        DataError: There is no such file, or it is of another form, or a box has no area.
    """
    try:
        record = read_json(file)
    except OSError as error:
        raise DataError(f"{shown(file)}: cannot be read ({error.strerror}); wanted is {BOXES_ARE}") from error
    except ValueError as error:
        raise DataError(f"{shown(file)}: no JSON ({error}); wanted is {BOXES_ARE}") from error
    if not isinstance(record, dict) or not record:
        raise DataError(f"{shown(file)}: no pictures in it; wanted is {BOXES_ARE}")
    return {picture: _boxes(file, picture, boxes) for picture, boxes in record.items()}


def check_inside(file: Path, picture: str, boxes: tuple[Box, ...], sides: tuple[int, int]) -> None:
    """Check that no box lies wholly outside its picture; a face at the edge may be labeled beyond it.

    Args:
        file: Where the boxes come from.
        picture: Its name there.
        boxes: Its boxes.
        sides: Its width and height.

    Raises:
        DataError: One does.
    """
    for x, y, w, h in boxes:
        if not (x < sides[0] and y < sides[1] and x + w > 0 and y + h > 0):
            raise DataError(
                f"{shown(file)}: a box of {shown(picture)} is outside: {x:g}, {y:g}, {w:g} x {h:g} in "
                f"{sides[0]} x {sides[1]}"
            )


def _boxes(file: Path, picture: str, record: Any) -> tuple[Box, ...]:
    """Check the boxes of one picture."""
    if not isinstance(record, list):
        raise DataError(f"{shown(file)}: {shown(picture)} has no list of boxes; wanted is {BOXES_ARE}")
    found = []
    for one in record:
        try:
            x, y, w, h = (float(one[key]) for key in "xywh")
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise DataError(
                f"{shown(file)}: a box of {shown(picture)} is no x, y, w, h; wanted is {BOXES_ARE}"
            ) from error
        if not (all(map(math.isfinite, (x, y, w, h))) and w > 0 and h > 0):
            raise DataError(f"{shown(file)}: a box of {shown(picture)} has no area: {x:g}, {y:g}, {w:g} x {h:g}")
        found.append((x, y, w, h))
    return tuple(found)
