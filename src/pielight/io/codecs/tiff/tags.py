"""Tags of TIFF that describe the picture, as opposed to those that describe the layout of the file."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from functools import cache

from PIL import _imaging

from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.maker_notes import moved_note
from pielight.io.metadata.tiff_tags import Tag, Type

_DESCRIPTIVE = (270, 271, 272, Tag.ORIENTATION, 285, 305, 306, 315, 316, 33432, 33723)
LAYOUT = (
    *range(254, 260), *range(262, 267), 273, *range(277, 282), 284, *range(288, 294), Tag.PREDICTOR, *range(320, 329),
    330, 332, 333, 334, 336, *range(338, 342), 347, *range(512, 533), *range(32995, 32999), 33421, 33422,
    Tag.ICC_PROFILE, Tag.IMAGE_SOURCE_DATA,
    Tag.DNG_VERSION,  # with it a file is taken for camera RAW
)  # fmt: skip
# Parts that would show the old picture.
_LEFT_OUT = {Tag.SUB_IFDS: "reduced pictures", Tag.IMAGE_SOURCE_DATA: "Photoshop's layers"}


@cache
def silence() -> None:
    """Keep Pillow's libtiff from printing errors to the user's screen."""
    try:
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):  # another build: its lines are only untidy
        return
    set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
    set_handler(None)


def descriptive_exif(data: bytes) -> bytes:
    """Return the tags of a TIFF that describe the picture, and not the layout of the file, as an EXIF block."""
    tags = read_ifd(data)
    return tags.without((*LAYOUT, Tag.XMP, Tag.PHOTOSHOP)).exif_block() if tags else b""


def essential_exif(exif: bytes, most: int | None = None) -> tuple[bytes, str]:
    """Return the tags that most programs know, and the EXIF and GPS directories.

    Args:
        most: Bytes of the result, for which a maker's note is moved or left out if it must be.

    Returns:
        The block, empty if it is too long or cannot be read, and what was done: "shortened" and the like.
    """
    tags = read_ifd(exif)
    if tags is None:
        return b"", "left out"
    tags = tags.only(_DESCRIPTIVE)
    made, what = tags.exif_block(), "shortened"
    owner = tags.groups.get(Tag.EXIF_IFD)
    if most is not None and len(made) > most and owner is not None:
        if _may_move(owner):
            tags.groups[Tag.EXIF_IFD] = replace(owner, note_offset=None)
        else:
            tags.groups[Tag.EXIF_IFD], what = owner.without((Tag.MAKER_NOTE,)), "shortened, without maker's notes"
        made = tags.exif_block()
    return (made, what) if most is None or len(made) <= most else (b"", "left out")


def _may_move(owner: Ifd) -> bool:
    note = owner.entries.get(Tag.MAKER_NOTE, Entry(Type.UNDEFINED, b"")).content
    return owner.note_origin is None or moved_note(note, owner.note_origin, 0) is not None


def maker_note_warning(data: bytes) -> str:
    """Return what the user should know of a maker's note in a TIFF or RAW file, or nothing."""
    tags = read_ifd(data)
    owner = tags.groups.get(Tag.EXIF_IFD) if tags else None
    stays = owner is None or owner.note_offset is not None or _may_move(owner)
    return "" if stays else "maker's notes may be unreadable: their offset was too large to keep"


def is_sound(exif: bytes) -> bool:
    """Return whether EXIF can be read with all its groups, as TIFF and AVIF need.

    >>> is_sound(b""), is_sound(b"no EXIF")
    (True, False)
    """
    tags = read_ifd(exif)
    return not exif or (tags is not None and tags.groups.keys() == tags.named_groups)


def notes_on(data: bytes) -> list[str]:
    """Return what the user should know of parts of a TIFF that are not kept."""
    tags = read_ifd(data)
    left_out = [what for tag, what in _LEFT_OUT.items() if tags and tag in tags.entries]
    return [note for note in (maker_note_warning(data), f"left out: {', '.join(left_out)}" if left_out else "") if note]
