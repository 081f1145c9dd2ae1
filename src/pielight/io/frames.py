"""Files of several pictures: animations, documents of several pages, JPEGs of several views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Protocol

from pielight.io.codecs.frame import Frame
from pielight.io.codecs.gif.animation import GifFrames
from pielight.io.codecs.heif.avif_animation import AvifFrames
from pielight.io.codecs.jpeg.multiview import JpegViews
from pielight.io.codecs.png.animation import ApngFrames
from pielight.io.codecs.tiff.pages import TiffPages
from pielight.io.codecs.webp.animation import WebpFrames
from pielight.io.image import Picture


class Frames(Protocol):
    """The frames of a file, decoded one at a time, as often as they are iterated over.

    What a file becomes whose frames are processed, in memory that does not grow with their number::

        frames = decode_frames(data, first, "GIF", name)
        processed = (replace(frame, pixels=process(frame.pixels)) for frame in frames)
        note = frames.write(file, processed, first, quality)
    """

    def __len__(self) -> int:
        """Return how many there are, with those that are not supported."""

    def __iter__(self) -> Iterator[Frame]:
        """Decode one after the other.

        Raises:
            PictureError: A frame is damaged.
        """

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write frames in the format that they came in, with their times, places and the like.

        Args:
            file: Open for writing and reading, at its end.
            frames: All that iterating yields, in that order, with processed pixels; they are taken one at a time.
            first: The first as :func:`pielight.io.decode.decode` returns it, with the metadata of the file.
            quality: 1..100 for lossy formats; None keeps the source's own.

        Returns:
            What the user should know of how the file was read and written, or nothing.

        Raises:
            PictureError: A frame cannot be encoded.
        """


_DECODERS: dict[str, Callable[[bytes, str], Frames]] = {
    "AVIF": AvifFrames,
    "GIF": GifFrames,
    "JPEG": JpegViews,
    "PNG": ApngFrames,
    "TIFF": TiffPages,
    "WEBP": WebpFrames,
}


def decode_frames(data: bytes, first: Picture, file_format: str, name: str) -> Frames | None:
    """Return the frames of a file that are kept in a format, or None if it is only the first.

    Args:
        data: The whole file.
        first: As it was decoded.
        file_format: Pillow's name of the format to write.
        name: What errors call the file.

    Raises:
        PictureError: There are too many.
    """
    if not first.is_one_of_several or file_format != first.format or file_format not in _DECODERS:
        return None
    frames = _DECODERS[file_format](data, name)
    return frames if len(frames) > 1 else None
