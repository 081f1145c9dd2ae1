"""Thumbnails and previews, rendered again from a picture's pixels in the size, framing and coding of the old ones."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.encoder import save_image
from pielight.io.codecs.jpeg.reader import read_metadata
from pielight.io.codecs.jpeg.segments import APP0, JFIF, joined, parse
from pielight.io.codecs.jpeg.writer import save_options
from pielight.io.image import Picture

Region = tuple[int, int, int, int]  # left, top, right, bottom
_OVERSAMPLING = 4  # pixels a side that a pixel of a thumbnail averages, at least
_COMPARED = 96  # pixels a side at which the old thumbnail is compared
_TURNS = (None, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
_RARER, _TURNED = 0.02, 0.2  # by how much a rarer framing, and a rotated one, must correlate better
_ROUNDING = 2  # pixels
_EVEN = 10.0  # standard deviation of bars beside a picture, which JPEG makes a little uneven
_DAMAGED = (
    OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError, AssertionError,
    struct.error,
)  # fmt: skip
_COARSER, _ATTEMPTS = 1.6, 8


def remade(old: Image.Image, picture: Picture) -> Image.Image:
    """Return a thumbnail of a picture in the size, the rotation and with the bars of an old one.

    Args:
        old: Of mode L or RGB, which the result has, too.
    """
    source = _reduced(picture, max(old.size)).convert(old.mode)
    turn, region = _framing(source, old)
    result = old.copy()
    result.paste(_fitted(source, turn, region, Image.Resampling.BICUBIC), region[:2])
    return result


def remade_jpeg(old: bytes, picture: Picture, room: int) -> bytes:
    """Render a JPEG thumbnail again, with the segments, the quantization tables and the subsampling of the old one.

    Args:
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
        jpeg = file.getvalue()
        if not any(layout.contents(APP0, JFIF)):  # EXIF and JFIF forbid it in their thumbnails
            jpeg = jpeg[:2] + jpeg[2:].removeprefix(joined(list(parse(jpeg).segments[:1])))
        if len(jpeg) <= room:
            return jpeg
        tables = (metadata.quantization or {}).items()
        coarser = {key: [min(255, round(value * _COARSER + 1)) for value in table] for key, table in tables}
        metadata = replace(metadata, quantization=coarser)
    raise PictureError("no room")


def remade_pixels(picture: Picture, old: bytes, width: int, height: int, channels: int) -> bytes:
    """Render a thumbnail of uncompressed gray or RGB pixels again."""
    mode = "L" if channels == 1 else "RGB"
    return remade(Image.frombytes(mode, (width, height), old[: width * height * channels]), picture).tobytes()


def _reduced(picture: Picture, longest: int) -> Image.Image:
    """Return a picture as an 8-bit image that is still several times as large as a thumbnail."""
    step = max(1, max(picture.pixels.shape[:2]) // (_OVERSAMPLING * longest))
    pixels = picture.pixels[::step, ::step]
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _framing(source: Image.Image, old: Image.Image) -> tuple[Image.Transpose | None, Region]:
    """Find how an old thumbnail shows the picture: its rotation, and where the picture's edges lie on it.

    The enhanced picture is so much like the old one that the framing of the highest correlation is the right one.
    """
    scale = min(1.0, _COMPARED / max(old.size))
    small = old.resize([max(1, round(side * scale)) for side in old.size], Image.Resampling.BOX)
    levels = np.asarray(small.convert("L"), np.float32)
    gray = source.reduce(max(1, max(source.size) // (2 * _COMPARED))).convert("L")
    scores = [
        (_correlation(gray, levels, turn, region) - _RARER * index - (_TURNED if turn is not None else 0), turn, index)
        for turn in _TURNS
        for index, region in enumerate(_regions(source.size, small.size, turn))
    ]
    _, turn, index = max(scores, key=lambda entry: entry[0])
    return turn, _regions(source.size, old.size, turn)[index]


def _regions(source: tuple[int, int], size: tuple[int, int], turn: Image.Transpose | None) -> list[Region]:
    """Return where a picture may lie on a thumbnail: between bars, cut by its edges, and squashed onto all of it."""
    width, height = source if turn in (None, Image.Transpose.ROTATE_180) else source[::-1]
    regions = []
    for scale in sorted((size[0] / width, size[1] / height)):
        wide, high = max(1, round(width * scale)), max(1, round(height * scale))
        if abs(wide - size[0]) <= _ROUNDING and abs(high - size[1]) <= _ROUNDING:
            wide, high = size
        left, top = (size[0] - wide) // 2, (size[1] - high) // 2
        regions.append((left, top, left + wide, top + high))
    return [*regions, (0, 0, *size)]


def _fitted(
    source: Image.Image, turn: Image.Transpose | None, region: Region, resampling: Image.Resampling
) -> Image.Image:
    """Rotate a picture and resize it to a region."""
    turned = source if turn is None else source.transpose(turn)
    return turned.resize((region[2] - region[0], region[3] - region[1]), resampling, reducing_gap=2.0)


def _correlation(
    source: Image.Image, levels: NDArray[np.float32], turn: Image.Transpose | None, region: Region
) -> float:
    """Correlate the gray levels of a thumbnail with the picture's in a region; -1 where bars would be uneven."""
    height, width = levels.shape
    fitted = np.asarray(_fitted(source, turn, region, Image.Resampling.BOX), np.float32)
    left, top, right, bottom = max(0, region[0]), max(0, region[1]), min(width, region[2]), min(height, region[3])
    inside = levels[top:bottom, left:right]
    other = fitted[top - region[1] : bottom - region[1], left - region[0] : right - region[0]]
    bars = np.ones(levels.shape, bool)
    bars[top:bottom, left:right] = False
    if bars.any() and levels[bars].std() > _EVEN:
        return -1.0
    spread = float(inside.std() * other.std())
    return float(((inside - inside.mean()) * (other - other.mean())).mean()) / spread if spread > 0 else 0.0
