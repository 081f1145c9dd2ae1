"""Files of several pictures: animations, documents of several pages, JPEGs of several views."""

from __future__ import annotations

from pielight.io.codecs.frame import Frames
from pielight.io.codecs.gif.animation import GifFrames
from pielight.io.codecs.heif.avif_animation import AvifFrames
from pielight.io.codecs.jpeg.multiview import JpegViews
from pielight.io.codecs.png.animation import ApngFrames
from pielight.io.codecs.tiff.pages import TiffPages
from pielight.io.codecs.webp.animation import WebpFrames
from pielight.io.image import Picture

__all__ = ["Frames", "decode_frames"]

_DECODERS: dict[str, type[Frames]] = {
    "AVIF": AvifFrames,
    "GIF": GifFrames,
    "JPEG": JpegViews,
    "PNG": ApngFrames,
    "TIFF": TiffPages,
    "WEBP": WebpFrames,
}


def decode_frames(data: bytes, first: Picture, file_format: str, name: str) -> Frames | None:
    """Return the frames of a file that are kept in a format, or None if it is only the first.

    Raises:
        PictureError: There are too many.
    """
    if not first.is_one_of_several or file_format != first.format or file_format not in _DECODERS:
        return None
    frames = _DECODERS[file_format](data, name)
    return frames if len(frames) > 1 else None
