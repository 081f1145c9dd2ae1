"""Media types of pictures and clips, by their first bytes or by what a client says."""

from __future__ import annotations

OCTETS = "application/octet-stream"
PICTURES = {  # by what --format calls them
    "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "tiff": "image/tiff", "bmp": "image/bmp",
    "gif": "image/gif", "avif": "image/avif", "heic": "image/heic",
}  # fmt: skip
CLIPS = {  # extension of the file
    "video/mp4": ".mp4", "video/quicktime": ".mov", "video/x-matroska": ".mkv", "video/matroska": ".mkv",
    "video/webm": ".webm", "video/x-msvideo": ".avi", "video/mp2t": ".ts", "video/x-m4v": ".m4v", "video/3gpp": ".3gp",
}  # fmt: skip
_SIGNATURES = ((b"\xff\xd8", "jpeg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"II", "tiff"), (b"MM", "tiff"),
               (b"BM", "bmp"), (b"GIF8", "gif"))  # fmt: skip


def media_type(data: bytes) -> str:
    """Return the media type of a picture's file that pielight wrote.

    >>> media_type(b"GIF89a"), media_type(b"....ftypavif")
    ('image/gif', 'image/avif')
    """
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return PICTURES[name]
    return PICTURES["avif" if data[8:11] == b"avi" else "heic"] if data[4:8] == b"ftyp" else OCTETS


def essence(content_type: str | None) -> str:
    """Return a media type without its parameters, in lower case.

    >>> essence("Image/JPEG; q=1"), essence(None)
    ('image/jpeg', '')
    """
    return (content_type or "").partition(";")[0].strip().lower()
