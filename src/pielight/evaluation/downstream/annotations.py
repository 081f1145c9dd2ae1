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

    DataError if there is no such file, it has another structure, or a box has no area.
    """
    try:
        record = read_json(file)
    except (OSError, ValueError) as error:
        fault = f"cannot be read ({error.strerror})" if isinstance(error, OSError) else f"not JSON ({error})"
        raise DataError(f"{shown(file)}: {fault}; expected {BOXES_FORMAT}") from error
    if not isinstance(record, dict) or not record:
        raise DataError(f"{shown(file)}: no pictures in it; expected {BOXES_FORMAT}")
    return {picture: _boxes(file, picture, boxes) for picture, boxes in record.items()}


def check_inside(file: Path, picture: str, boxes: tuple[Box, ...], sides: tuple[int, int]) -> None:
    """Raise DataError if a box of a file lies wholly outside its picture; at the edge it may extend beyond."""
    width, height = sides
    for x, y, w, h in boxes:
        if not (x < width and y < height and x + w > 0 and y + h > 0):
            box = f"{x:g}, {y:g}, {w:g} x {h:g}"
            raise DataError(f"{shown(file)}: a box of {shown(picture)} is outside: {box} in {width} x {height}")


def _boxes(file: Path, picture: str, record: Any) -> tuple[Box, ...]:
    """Check the boxes of one picture."""
    a_box = f"{shown(file)}: a box of {shown(picture)}"
    if not isinstance(record, list):
        raise DataError(f"{shown(file)}: {shown(picture)} has no list of boxes; expected {BOXES_FORMAT}")
    boxes = []
    for box in record:
        try:
            x, y, w, h = (float(box[key]) for key in "xywh")
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise DataError(f"{a_box} is not x, y, w, h; expected {BOXES_FORMAT}") from error
        if not (all(map(math.isfinite, (x, y, w, h))) and w > 0 and h > 0):
            raise DataError(f"{a_box} has no area: {x:g}, {y:g}, {w:g} x {h:g}")
        boxes.append((x, y, w, h))
    return tuple(boxes)


def read_labels(path: Path) -> Labels:
    """Read a label map ``(H, W)``, the class of every pixel, from a PNG of gray levels or palette indices.

    DataError if it is another PNG or none, PictureError if it cannot be read.
    """
    rule = f"{shown(path)}: labels must be a PNG of one byte a pixel, the class"
    try:
        with Image.open(io.BytesIO(read_file(path)), formats=["PNG"]) as image:
            if image.mode not in ("L", "P"):
                raise DataError(f"{rule}; this one is {image.mode}")
            labels = np.array(image, np.uint8)
    except (DataError, PictureError):
        raise
    except Exception as error:  # Pillow raises a dozen types for damaged files
        raise DataError(f"{rule}; this file is not a PNG that can be read") from error
    labels.flags.writeable = False
    return labels
