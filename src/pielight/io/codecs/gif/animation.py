"""Animated GIF: only its palettes change; all else of the file stays byte for byte."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.io.codec_errors import errors_named
from pielight.io.codecs.frame import Frame, Frames
from pielight.io.codecs.gif import blocks as gif
from pielight.io.codecs.gif.blocks import gif_packet, without_gif_packet, write_gif_packet
from pielight.io.color.palette import EntryMeans
from pielight.io.image import Picture
from pielight.io.size_limits import check_frames

_GRAYS = np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes()  # the palette of a file without any


class GifFrames(Frames):
    """The frames of an animated GIF."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        with errors_named(name):
            self._layout = gif.layout(data)
            self._count = len(self._layout.frames)
            check_frames(self._count, self._count * self._layout.width * self._layout.height, len(data))

    def __iter__(self) -> Iterator[Frame]:
        width, height = self._layout.width, self._layout.height
        with errors_named(f"{self._name}: frame 1"):
            image = Image.open(io.BytesIO(self._data), formats=("GIF",))
        for number in range(len(self)):
            with errors_named(f"{self._name}: frame {number + 1}"):
                image.seek(number)
                canvas = np.asarray(image.crop((0, 0, width, height)).convert("RGBA"))
            colors = canvas[..., :3]
            picture = Picture(colors, "RGBA", canvas[..., 3])
            yield Frame(np.ascontiguousarray(colors), picture, colors, number=number + 1)

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, _quality: int | None) -> str:
        """Write the file with the palettes of the processed frames; see :class:`.frame.Frames`.

        A color becomes the mean of its processed pixels in all frames, whichever palette it is from.
        """
        palettes = [self._colors(own or self._layout.palette) for _, _, own in self._layout.frames]
        colors = np.unique(np.concatenate([_packed(palette) for palette in palettes]))
        sums, counts = np.zeros((len(colors), 3)), np.zeros(len(colors), np.int64)
        entry = np.zeros(1 << 24, np.uint16)  # index of each color in a frame's palette, from 1
        for (rows, columns, _), palette, frame in zip(self._layout.frames, palettes, frames, strict=True):
            decoded, alpha = frame.picture.pixels[rows, columns], frame.picture.alpha
            assert alpha is not None
            shown = np.unique(_packed(palette))
            entry[shown] = np.arange(1, len(shown) + 1)
            means = EntryMeans(len(shown) + 1)
            indices = entry[_packed(decoded)] * (alpha[rows, columns] > 0)
            means.add(indices, frame.pixels[rows, columns])
            rows_of_shown = np.searchsorted(colors, shown)
            sums[rows_of_shown] += means.sums[1:]
            counts[rows_of_shown] += means.counts[1:]
            entry[shown] = 0
        used = counts > 0
        processed = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=1).astype(np.uint8)
        processed[used] = np.rint(sums[used] / counts[used, np.newaxis])
        start, xmp = file.tell(), first.metadata.xmp
        result = self._with_palettes(lambda palette: processed[np.searchsorted(colors, _packed(palette))])
        if not xmp or xmp == gif_packet(self._data):
            file.write(result)
        else:
            file.write(without_gif_packet(result))
            write_gif_packet(file, start, xmp)
        return first.note

    def _with_palettes(self, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]) -> bytes:
        data = bytearray(self._data)
        parts = [own or self._layout.palette for _, _, own in self._layout.frames]
        for part in parts:
            if part is not None:
                data[part] = change(self._colors(part)).tobytes()
        if None in parts:
            data[gif.HEADER : gif.HEADER] = change(self._colors(None)).tobytes()
            data[gif.FLAGS] |= gif.HAS_PALETTE | gif.PALETTE_BITS
        return bytes(data)

    def _colors(self, part: slice | None) -> NDArray[np.uint8]:
        content = _GRAYS if part is None else self._data[part]
        return np.frombuffer(content, np.uint8, len(content) // 3 * 3).reshape(-1, 3)


def _packed(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    red, green, blue = (colors[..., channel].astype(np.uint32) for channel in range(3))
    return (red << np.uint32(16)) | (green << np.uint32(8)) | blue
