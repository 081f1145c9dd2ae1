"""The picture formats that pielight reads and writes, and what Pillow does not tell about their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from pielight.io.codecs.jpeg.segments import Source

RAW = "RAW"
HEIF = "HEIF"
FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".mpo": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".avif": "AVIF",
    ".heic": HEIF,
    ".heif": HEIF,
    ".hif": HEIF,
} | dict.fromkeys(
    (
        ".3fr", ".ari", ".arq", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".cs1", ".dcr", ".dcs", ".dng", ".drf",
        ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".ori", ".pef",
        ".ptx", ".pxn", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
    ),
    RAW,
)  # fmt: skip
_UNREAD = frozenset(
    (
        ".jxl", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpm", ".jpx", ".jph", ".jls", ".jxr", ".wdp", ".hdp", ".psd",
        ".psb", ".xcf", ".kra", ".ora", ".exr", ".hdr", ".rgbe", ".pfm", ".tga", ".icb", ".vda", ".vst", ".targa",
        ".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".qoi", ".ff", ".fit", ".fits", ".fts", ".ico", ".cur", ".ani", ".icns",
        ".sgi", ".rgb", ".rgba", ".bw", ".ras", ".pcx", ".dcx", ".pict", ".iff", ".lbm", ".ilbm", ".dds", ".ktx",
        ".xbm", ".xpm", ".wbmp", ".mng", ".jng", ".flif", ".bpg", ".dcm", ".insp", ".eip", ".gpr", ".r3d", ".rwz",
    )
)  # fmt: skip
WRITABLE = {  # what a user calls a format to write: Pillow's name of it, and the extension of its files
    "jpeg": ("JPEG", ".jpg"),
    "png": ("PNG", ".png"),
    "webp": ("WEBP", ".webp"),
    "tiff": ("TIFF", ".tif"),
    "bmp": ("BMP", ".bmp"),
    "gif": ("GIF", ".gif"),
    "avif": ("AVIF", ".avif"),
    "heic": (HEIF, ".heic"),
}
KNOWN = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera RAW"
# Named through their plugins, so that these are loaded, and none of Pillow's forty others.
READABLE = (
    JpegImagePlugin.JpegImageFile.format,
    PngImagePlugin.PngImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
    GifImagePlugin.GifImageFile.format,
    AvifImagePlugin.AvifImageFile.format,
)
DEEP_MODES = ("LA;16", "LX;16", "RGB;16", "RGBA;16", "RGBX;16")  # 16-bit modes that Pillow does not have
_DEEP_PNG_MODES = ("LA;16", "RGB;16", "RGBA;16")
MODES = {  # what each format can hold of the modes that we make
    "JPEG": ("L", "RGB", "CMYK"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", *_DEEP_PNG_MODES),
    "WEBP": ("L", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "I;16", *DEEP_MODES),
    "BMP": ("1", "L", "P", "RGB", "RGBA", "RGBX"),
    "GIF": ("1", "L", "P"),
    "AVIF": ("L", "RGB", "RGBA"),
    HEIF: ("L", "RGB", "RGBA"),
}
CODED = ("AVIF", HEIF)  # they can say it by a number too
WITHOUT_PROFILE = ("BMP", "GIF")  # they cannot say what their colors mean, or few readers of theirs care
_PNG_GRAY, _DEPTH, _COLOR = 0, 24, 25  # a kind of color, and places in a file


def is_picture_name(path: Path) -> bool:
    """Say whether a file's extension is one that pielight handles.

    >>> is_picture_name(Path("night.JPG")), is_picture_name(Path("notes.txt"))
    (True, False)
    """
    return path.suffix.lower() in FORMATS


def is_unread_name(path: Path) -> bool:
    """Say whether a file's extension is that of pictures of a kind that pielight does not read.

    >>> is_unread_name(Path("night.JXL")), is_unread_name(Path("night.jpg")), is_unread_name(Path("notes.txt"))
    (True, False, False)
    """
    return path.suffix.lower() in _UNREAD and not is_picture_name(path)


def format_of(path: Path, default: str) -> str:
    """Return the format that a file's extension asks for, else ``default``.

    >>> format_of(Path("night.tif"), "JPEG"), format_of(Path("night"), "JPEG")
    ('TIFF', 'JPEG')
    """
    return FORMATS.get(path.suffix.lower(), default)


def written_format(file_format: str) -> str:
    """Return the format in which a picture that came in ``file_format`` is written unless another is asked for.

    >>> written_format("RAW"), written_format("JPEG")
    ('TIFF', 'JPEG')
    """
    return "TIFF" if file_format == RAW else file_format


def result_suffix(path: Path, file_format: str | None = None) -> str:
    """Return the extension of a picture's result: its own, or that of the format it is written in.

    Args:
        path: The picture.
        file_format: Pillow's name of the format to write; None is the one it comes in, TIFF for camera RAW.

    >>> [result_suffix(Path(name)) for name in ("a.JPG", "a.NEF", "a")]
    ['.JPG', '.tif', '']
    >>> [result_suffix(Path(name), "JPEG") for name in ("a.jpeg", "a.NEF", "a.png")]
    ['.jpeg', '.jpg', '.jpg']
    """
    named = FORMATS.get(path.suffix.lower())
    if named != RAW and file_format in (None, named):
        return path.suffix
    return dict(WRITABLE.values())[file_format or written_format(RAW)]


def webp_chunks(data: Source, start: int, stop: int) -> Iterator[tuple[bytes, slice]]:
    """Yield kind and place of the content of each chunk in a part of a WebP file; the last may be cut."""
    while start + 8 <= stop:
        length = int.from_bytes(data[start + 4 : start + 8], "little")
        yield data[start : start + 4], slice(start + 8, min(stop, start + 8 + length))
        start += 8 + length + length % 2


def webp_is_lossless(data: bytes) -> bool:
    """Say whether the first picture of a WebP file is coded without loss."""
    for kind, part in webp_chunks(data, 12, len(data)):
        if kind == b"ANMF":  # a frame: 16 bytes of place and duration, then its chunks
            kinds = [kind for kind, _ in webp_chunks(data, part.start + 16, part.stop)]
            if b"VP8L" in kinds or b"VP8 " in kinds:
                return b"VP8L" in kinds
        if kind in (b"VP8L", b"VP8 "):
            return kind == b"VP8L"
    return False


def is_deep_png(image: Image.Image, data: Source) -> bool:
    """Say whether Pillow would cut an opened PNG from 16 bits to 8, so that :mod:`.deep` must read it."""
    return image.format == "PNG" and data[_DEPTH] == 16 and (data[_COLOR] != _PNG_GRAY or "transparency" in image.info)
