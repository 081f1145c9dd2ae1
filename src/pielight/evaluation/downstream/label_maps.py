"""Pictures of labels: the class of every pixel, in a PNG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from pielight.core.atomic_file import read_file, shown
from pielight.errors import DataError, PictureError
from pielight.evaluation.downstream.segmentation import Labels


def read_labels(path: Path) -> Labels:
    """Read the labels ``(H, W)`` of a picture, one byte each, gray or the indices of a palette.

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
