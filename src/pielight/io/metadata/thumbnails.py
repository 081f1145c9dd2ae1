"""Thumbnails and previews of a picture, made anew from its pixels in the size, the frame and the coding of the old."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.reader import read_metadata
from pielight.io.codecs.jpeg.segments import APP0, JFIF, joined, parse
from pielight.io.codecs.jpeg.writer import save_image, save_options
from pielight.io.image import Picture

Box = tuple[int, int, int, int]
_SAMPLES = 4  # a side, of which a pixel of a thumbnail is the mean at least
_COMPARED = 96  # pixels a side at which the old thumbnail is compared
_TURNS = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
_RARER, _TURNED = 0.02, 0.2  # by how much a place that is less common, and another way up, must fit better
_ROUNDING = 2  # pixels
_EVEN = 10.0  # standard deviation of bars beside a picture, which JPEG makes a little uneven
_DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, AssertionError,
    struct.error,
)  # fmt: skip
_COARSER, _ATTEMPTS = 1.6, 8


def remade(old: Image.Image, picture: Picture) -> Image.Image:
    """Return a thumbnail of a picture that looks as an old one does: as large, as turned, with the same bars.

    Args:
        old: Of mode L or RGB, which the result has, too.
        picture: Its pixels are shown.
    """
    source = _reduced(picture, max(old.size)).convert(old.mode)
    turn, box = _place(source, old)
    turned = source if turn is None else source.transpose(turn)
    shown = turned.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BICUBIC, reducing_gap=2.0)
    result = old.copy()
    result.paste(shown, box[:2])
    return result


def remade_jpeg(old: bytes, picture: Picture, room: int) -> bytes:
    """Make a JPEG thumbnail anew, with the segments, the tables and the subsampling of the old one.

    Args:
        old: The file.
        picture: What it is to show.
        room: Most bytes of the result, for which its quality is lowered if it must be.

    Raises:
        PictureError: The old one cannot be read, is no smaller than the picture, or there is too little room.
    """
    layout = parse(old)
    width, height = layout.size()
    if width * height > max(picture.pixels.shape[0] * picture.pixels.shape[1], _COMPARED**2):
        raise PictureError("larger than the picture")
    try:
        with Image.open(io.BytesIO(old), formats=("JPEG",)) as image:
            metadata = read_metadata(image, old, layout)
            if image.mode not in ("L", "RGB"):
                raise PictureError(f"of mode {image.mode}")
            image.load()
            new = remade(image, picture)
    except PictureError:
        raise
    except _DAMAGED as error:
        raise PictureError("damaged") from error
    for _ in range(_ATTEMPTS):
        file = io.BytesIO()
        save_image(new, file, save_options(metadata, new.mode, None))
        made = file.getvalue()
        if not any(layout.contents(APP0, JFIF)):  # EXIF and JFIF forbid it in their thumbnails
            made = made[:2] + made[2:].removeprefix(joined(list(parse(made).segments[:1])))
        if len(made) <= room:
            return made
        tables = (metadata.quantization or {}).items()
        coarser = {key: [min(255, round(value * _COARSER + 1)) for value in table] for key, table in tables}
        metadata = replace(metadata, quantization=coarser)
    raise PictureError("no room")


def remade_pixels(picture: Picture, old: bytes, width: int, height: int, channels: int) -> bytes:
    """Make a thumbnail of plain gray or RGB pixels anew."""
    mode = "L" if channels == 1 else "RGB"
    return remade(Image.frombytes(mode, (width, height), old[: width * height * channels]), picture).tobytes()


def _reduced(picture: Picture, longest: int) -> Image.Image:
    """Return a picture as an 8-bit image that is still several times as large as a thumbnail."""
    step = max(1, max(picture.pixels.shape[:2]) // (_SAMPLES * longest))
    pixels = picture.pixels[::step, ::step]
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _place(source: Image.Image, old: Image.Image) -> tuple[Image.Transpose | None, Box]:
    """Find how an old thumbnail shows the picture: which way up, and which of its pixels are the picture's edges.

    The enhanced picture is so much like the old one that the right place is the one where both go up and down
    together.
    """
    scale = min(1.0, _COMPARED / max(old.size))
    small = old.resize([max(1, round(side * scale)) for side in old.size], Image.Resampling.BOX)
    seen = np.asarray(small.convert("L"), np.float32)
    gray = source.reduce(max(1, max(source.size) // (2 * _COMPARED))).convert("L")
    found = [
        (_likeness(gray, seen, turn, box) - _RARER * number - (_TURNED if turn is not None else 0), turn, number)
        for turn in _TURNS
        for number, box in enumerate(_boxes(source.size, small.size, turn))
    ]
    _, turn, number = max(found, key=lambda entry: entry[0])
    return turn, _boxes(source.size, old.size, turn)[number]


def _boxes(source: tuple[int, int], size: tuple[int, int], turn: Image.Transpose | None) -> list[Box]:
    """Return where a picture may lie on a thumbnail: between bars, cut by its edges, and squashed onto all of it."""
    width, height = source if turn in (None, Image.Transpose.ROTATE_180) else source[::-1]
    boxes = []
    for scale in sorted((size[0] / width, size[1] / height)):
        wide, high = max(1, round(width * scale)), max(1, round(height * scale))
        if abs(wide - size[0]) <= _ROUNDING and abs(high - size[1]) <= _ROUNDING:
            wide, high = size
        left, top = (size[0] - wide) // 2, (size[1] - high) // 2
        boxes.append((left, top, left + wide, top + high))
    return [*boxes, (0, 0, *size)]


def _likeness(source: Image.Image, seen: NDArray[np.float32], turn: Image.Transpose | None, box: Box) -> float:
    """Correlate a thumbnail's gray levels with the picture's at a place; bars must be even, too."""
    height, width = seen.shape
    turned = source if turn is None else source.transpose(turn)
    made = turned.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BOX, reducing_gap=2.0)
    left, top, right, bottom = max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])
    inside = seen[top:bottom, left:right]
    other = np.asarray(made, np.float32)[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
    bars = np.ones(seen.shape, bool)
    bars[top:bottom, left:right] = False
    if bars.any() and seen[bars].std() > _EVEN:
        return -1.0
    spread = float(inside.std() * other.std())
    return float(((inside - inside.mean()) * (other - other.mean())).mean()) / spread if spread > 0 else 0.0
