"""Ground truth in files: labeled bounding boxes in JSON, and label maps, which are PNGs of classes."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import read_file
from pielight.core.json_file import read_json
from pielight.core.messages import shown
from pielight.errors import DataError, PictureError
from pielight.evaluation.datasets.dataset import Box

Labels = NDArray[np.uint8]
BOXES_FORMAT = '{"NAME.jpg": [{"x": 1, "y": 2, "w": 30, "h": 40}, ...], ...} in pixels'


def read_boxes(file: Path) -> dict[str, tuple[Box, ...]]:
    """Read a JSON file of bounding boxes: x, y, w and h of every labeled object of each picture, which may have none.

    Raises:
        DataError: There is no such file, or it is of another form, or a box has no area.
    """
    try:
        record = read_json(file)
    except OSError as error:
        raise DataError(f"{shown(file)}: cannot be read ({error.strerror}); wanted is {BOXES_FORMAT}") from error
    except ValueError as error:
        raise DataError(f"{shown(file)}: no JSON ({error}); wanted is {BOXES_FORMAT}") from error
    if not isinstance(record, dict) or not record:
        raise DataError(f"{shown(file)}: no pictures in it; wanted is {BOXES_FORMAT}")
    return {picture: _boxes(file, picture, boxes) for picture, boxes in record.items()}


def check_inside(file: Path, picture: str, boxes: tuple[Box, ...], sides: tuple[int, int]) -> None:
    """Check that no box lies wholly outside its picture; objects at the edge may be labeled beyond it.

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
        raise DataError(f"{shown(file)}: {shown(picture)} has no list of boxes; wanted is {BOXES_FORMAT}")
    boxes = []
    for box in record:
        try:
            x, y, w, h = (float(box[key]) for key in "xywh")
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise DataError(
                f"{shown(file)}: a box of {shown(picture)} is no x, y, w, h; wanted is {BOXES_FORMAT}"
            ) from error
        if not (all(map(math.isfinite, (x, y, w, h))) and w > 0 and h > 0):
            raise DataError(f"{shown(file)}: a box of {shown(picture)} has no area: {x:g}, {y:g}, {w:g} x {h:g}")
        boxes.append((x, y, w, h))
    return tuple(boxes)


def read_labels(path: Path) -> Labels:
    """Read a label map ``(H, W)``, the class of every pixel, from a PNG of gray levels or palette indices.

    Raises:
        DataError: It is no such PNG.
        PictureError: It cannot be read.
    """
    try:
        with Image.open(io.BytesIO(read_file(path)), formats=["PNG"]) as image:
            if image.mode not in ("L", "P"):
                raise DataError(
                    f"{shown(path)}: labels must be a PNG of one byte a pixel, the class; this one is {image.mode}"
                )
            labels = np.array(image, np.uint8)
    except (DataError, PictureError):
        raise
    except Exception as error:  # Pillow raises a dozen types for damaged files
        raise DataError(f"{shown(path)}: labels must be a PNG of one byte a pixel, the class; this is none") from error
    labels.flags.writeable = False
    return labels
