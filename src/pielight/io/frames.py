"""Files of several pictures: animations, and documents of several pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol

from numpy.typing import NDArray

from pielight.io.codecs.avif_animation import AvifFrames
from pielight.io.codecs.gif_animation import GifFrames
from pielight.io.codecs.jpeg_multiview import JpegViews
from pielight.io.codecs.png_animation import ApngFrames
from pielight.io.codecs.tiff_pages import TiffPages
from pielight.io.codecs.webp_animation import WebpFrames
from pielight.io.image import Picture, PixelChange


class Frames(Protocol):
    """The frames of a file, decoded one at a time."""

    def __len__(self) -> int:
        """Say how many there are."""

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield the colors of each as it is seen, (H, W, 1 or 3)."""

    def write(self, file: BinaryIO, change: PixelChange, first: Picture, quality: int | None) -> str:
        """Write all of them in the format that they came in, with their times, places and the like.

        Args:
            file: Open for writing and reading, at its end.
            change: Of the pixels of a whole frame.
            first: As it was decoded, with the metadata of the file.
            quality: 1..100 for lossy formats; None keeps the source's own.

        Returns:
            What the user should know of how it was read and written, or nothing.

        Raises:
            PictureError: A frame is damaged or cannot be encoded.
        """


_KINDS: dict[str, Callable[[bytes, str], Frames]] = {
    "AVIF": AvifFrames,
    "GIF": GifFrames,
    "JPEG": JpegViews,
    "PNG": ApngFrames,
    "TIFF": TiffPages,
    "WEBP": WebpFrames,
}


def frames_of(data: bytes, first: Picture, file_format: str, name: str) -> Frames | None:
    """Return the frames of a file that are kept in a format, or None if it is only the first.

    Args:
        data: The whole file.
        first: As it was decoded.
        file_format: Pillow's name of the format to write.
        name: What errors call it.

    Raises:
        PictureError: There are too many.
    """
    if not first.is_one_of_several or file_format != first.format or file_format not in _KINDS:
        return None
    frames = _KINDS[file_format](data, name)
    return frames if len(frames) > 1 else None
