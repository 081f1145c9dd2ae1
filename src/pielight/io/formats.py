"""The picture formats that pielight reads and writes.

A new format is a row of :data:`FORMATS`, a folder in :mod:`pielight.io.codecs`, and that folder's functions in the
tables of :mod:`pielight.io.decode`, :mod:`pielight.io.encode` and, if it holds several frames, of
:mod:`pielight.io.frames`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

RAW = "RAW"
HEIF = "HEIF"
HIGH_BIT_DEPTH_MODES = ("LA;16", "LX;16", "RGB;16", "RGBA;16", "RGBX;16")  # 16-bit modes that Pillow does not have


@dataclass(frozen=True)
class FileFormat:
    """A format of picture files."""

    extensions: tuple[str, ...]  # of its files; results that change their format get the first
    option: str = ""  # what a user calls it to have it written; empty of a format that is only read
    modes: tuple[str, ...] = ()  # what it can hold of the modes of pielight.io.image.Picture
    # what it can hold of exif, xmp, icc, cicp, iptc, comment and resolution. A BMP's profile does not count,
    # as few readers of BMP care for it
    metadata: tuple[str, ...] = ()


FORMATS = {  # by Pillow's name
    "JPEG": FileFormat(
        (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "jpeg", ("L", "RGB", "CMYK"),
        ("exif", "xmp", "icc", "iptc", "comment", "resolution"),
    ),
    "PNG": FileFormat(
        (".png",), "png", ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "LA;16", "RGB;16", "RGBA;16"),
        ("exif", "xmp", "icc", "iptc", "comment", "resolution"),
    ),
    "WEBP": FileFormat((".webp",), "webp", ("L", "RGB", "RGBA"), ("exif", "xmp", "icc")),
    "TIFF": FileFormat(
        (".tif", ".tiff"), "tiff",
        ("1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "I;16", *HIGH_BIT_DEPTH_MODES),
        ("exif", "xmp", "icc", "iptc", "resolution"),
    ),
    "BMP": FileFormat((".bmp", ".dib"), "bmp", ("1", "L", "P", "RGB", "RGBA", "RGBX"), ("resolution",)),
    "GIF": FileFormat((".gif",), "gif", ("1", "L", "P"), ("xmp", "comment")),
    "AVIF": FileFormat((".avif",), "avif", ("L", "RGB", "RGBA"), ("exif", "xmp", "icc", "cicp")),
    HEIF: FileFormat((".heic", ".heif", ".hif"), "heic", ("L", "RGB", "RGBA"), ("exif", "xmp", "icc", "cicp")),
    RAW: FileFormat(
        (
            ".3fr", ".ari", ".arq", ".arw", ".bay", ".cap", ".cr2", ".cr3", ".crw", ".cs1", ".dcr", ".dcs", ".dng",
            ".drf", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf",
            ".ori", ".pef", ".ptx", ".pxn", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
        ),
    ),
}  # fmt: skip
EXTENSIONS = {extension: name for name, each in FORMATS.items() for extension in each.extensions}
WRITABLE = {each.option: (name, each.extensions[0]) for name, each in FORMATS.items() if each.option}


def format_named(name: str) -> str | None:
    """Return Pillow's name of a format to write, by that name, as the command's ``--format`` or as an extension.

    >>> format_named("png"), format_named(".tif"), format_named("JPEG"), format_named("psd")
    ('PNG', 'TIFF', 'JPEG', None)
    """
    option = name.lower().removeprefix(".")
    if option in WRITABLE:
        return WRITABLE[option][0]
    pillow_name = EXTENSIONS.get(f".{option}", name.upper())
    return pillow_name if pillow_name in dict(WRITABLE.values()) else None


_UNREAD = frozenset(
    (
        ".jxl", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpm", ".jpx", ".jph", ".jls", ".jxr", ".wdp", ".hdp", ".psd",
        ".psb", ".xcf", ".kra", ".ora", ".exr", ".hdr", ".rgbe", ".pfm", ".tga", ".icb", ".vda", ".vst", ".targa",
        ".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".qoi", ".ff", ".fit", ".fits", ".fts", ".ico", ".cur", ".ani", ".icns",
        ".sgi", ".rgb", ".rgba", ".bw", ".ras", ".pcx", ".dcx", ".pict", ".iff", ".lbm", ".ilbm", ".dds", ".ktx",
        ".xbm", ".xpm", ".wbmp", ".mng", ".jng", ".flif", ".bpg", ".dcm", ".insp", ".eip", ".gpr", ".r3d", ".rwz",
    )
)  # fmt: skip
KNOWN = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, HEIC or camera RAW"
READABLE = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")  # by Pillow
for _plugin in ("Jpeg", "Png", "WebP", "Tiff", "Bmp", "Gif", "Avif"):  # only these, and none of Pillow's forty others
    import_module(f"PIL.{_plugin}ImagePlugin")


def is_picture_name(path: Path) -> bool:
    """Return whether a file's extension is one that pielight handles.

    >>> is_picture_name(Path("night.JPG")), is_picture_name(Path("notes.txt"))
    (True, False)
    """
    return path.suffix.lower() in EXTENSIONS


def is_unread_name(path: Path) -> bool:
    """Return whether a file's extension is that of an unsupported picture format.

    >>> is_unread_name(Path("night.JXL")), is_unread_name(Path("night.jpg")), is_unread_name(Path("notes.txt"))
    (True, False, False)
    """
    return path.suffix.lower() in _UNREAD and not is_picture_name(path)


def format_of(path: Path, default: str) -> str:
    """Return the format that a file's extension asks for, else ``default``.

    >>> format_of(Path("night.tif"), "JPEG"), format_of(Path("night"), "JPEG")
    ('TIFF', 'JPEG')
    """
    return EXTENSIONS.get(path.suffix.lower(), default)


def written_format(file_format: str) -> str:
    """Return the format in which a picture that came in ``file_format`` is written unless another is asked for.

    >>> written_format("RAW"), written_format("JPEG")
    ('TIFF', 'JPEG')
    """
    return "TIFF" if file_format == RAW else file_format


def result_suffix(path: Path, file_format: str | None = None) -> str:
    """Return the extension of a picture's result: its own, or that of the format it is written in.

    Args:
        file_format: Pillow's name of the format to write; None is the one it comes in, TIFF for camera RAW.

    >>> [result_suffix(Path(name)) for name in ("a.JPG", "a.NEF", "a")]
    ['.JPG', '.tif', '']
    >>> [result_suffix(Path(name), "JPEG") for name in ("a.jpeg", "a.NEF", "a.png")]
    ['.jpeg', '.jpg', '.jpg']
    """
    named = EXTENSIONS.get(path.suffix.lower())
    if named != RAW and file_format in (None, named):
        return path.suffix
    return dict(WRITABLE.values())[file_format or written_format(RAW)]
