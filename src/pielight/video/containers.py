"""The containers of clips, by the extension of their files; nothing here needs PyAV."""

from __future__ import annotations

from pathlib import Path

from pielight.core.messages import shown
from pielight.errors import PictureError

MUXERS = {  # by extension: what FFmpeg calls the container that is written
    ".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".qt": "mov", ".3gp": "3gp", ".3g2": "3g2",
    ".mkv": "matroska", ".webm": "webm", ".avi": "avi", ".flv": "flv", ".wmv": "asf", ".asf": "asf",
    ".ts": "mpegts", ".mts": "mpegts", ".m2ts": "mpegts", ".m2t": "mpegts",
    ".mpg": "vob", ".mpeg": "vob", ".vob": "vob", ".mxf": "mxf",
}  # fmt: skip
# No play lists, and no formats that open other files: a clip must not make pielight read what the user did not name.
DEMUXERS = "mov,matroska,avi,flv,asf,mpegts,mpeg,mpegvideo,mxf,ogg,ivf,h264,hevc,av1,obu,m4v,dv,nut,rm,wtv"
ISO = ("mp4", "mov", "3gp", "3g2")  # containers of one family, written by one muxer
MATROSKA = ("matroska", "webm")
ANY_METADATA = (*ISO[:2], *MATROSKA, "asf", "flv")  # containers that keep names of metadata which they do not know


def is_clip_name(path: Path) -> bool:
    """Return whether a file's extension is that of a clip.

    >>> is_clip_name(Path("night.MP4")), is_clip_name(Path("night.gif"))
    (True, False)
    """
    return path.suffix.lower() in MUXERS


def muxer_of(path: Path) -> str:
    """Return what FFmpeg calls the container of a file that is to be written.

    Raises:
        PictureError: The extension is none of a clip.

    >>> muxer_of(Path("night.mkv"))
    'matroska'
    """
    try:
        return MUXERS[path.suffix.lower()]
    except KeyError:
        raise PictureError(f"{shown(path)}: no extension of a clip; known are {', '.join(MUXERS)}") from None
