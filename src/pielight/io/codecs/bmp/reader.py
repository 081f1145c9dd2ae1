"""BMP and DIB files as they are read: bit fields, opacity and color space."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.strips import look_up, strips
from pielight.errors import PictureError
from pielight.io.size_limits import check_size

FILE_HEAD = 14
_CORE, INFO, _OS2, _V4, V5 = 12, 40, 64, 108, 124  # bytes of headers, which identify them
_HEADERS = (_CORE, INFO, 52, 56, _OS2, _V4, V5)
_PLAIN, _RLE8, _RLE4, FIELDS, _FIELDS_WITH_ALPHA = 0, 1, 2, 3, 6  # compression
_OTHERS = {4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
_BITS = (1, 4, 8, 16, 24, 32)
_BYTES_PER_PIXEL = 12  # of bit fields on their way to Pillow
_RLE_BYTES = 16_000_000  # takes Pillow seconds to decode
MASKS = struct.Struct("<4L")
BGRA = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
_SPACE = slice(FILE_HEAD + 56, FILE_HEAD + _V4)  # color space: type, primaries and gammas
_CALIBRATED, SRGB, EMBEDDED, LINKED = b"\0\0\0\0", b"BGRs", b"DEBM", b"KNIL"
_PROFILE = FILE_HEAD + 112  # position of a profile's offset and length


@dataclass(frozen=True)
class Header:
    """The header of a file."""

    size: int  # bytes of the header, which identify its version
    width: int  # in pixels
    height: int  # in pixels; below 0 if the first row is the upper one
    bits: int  # of a pixel
    coding: int  # compression of the pixels
    masks: tuple[int, ...]  # bit masks of red, green, blue and opacity; empty without bit fields
    offset: int  # of the pixels in the file


def is_bmp(data: bytes) -> bool:
    """Return whether a file is a BMP, or a DIB without a file header, as clipboards hold it.

    >>> is_bmp(b"BM"), is_bmp(struct.pack("<LllHHL", 40, 3, 2, 1, 24, 0)), is_bmp(b"(..")
    (True, True, False)
    """
    return data.startswith(b"BM") or is_headless(data)


def is_headless(data: bytes) -> bool:
    """Return whether a file is a DIB without a file header."""
    size = int.from_bytes(data[:4], "little")
    if size == _CORE:
        return data[8:10] == b"\1\0" and int.from_bytes(data[10:12], "little") in _BITS
    return size in _HEADERS and data[12:14] == b"\1\0" and int.from_bytes(data[14:16], "little") in _BITS


def readable(data: bytes) -> tuple[bytes, str]:
    """Return a file with a file header and 8 bits a channel, as Pillow reads it, and what the user should know of that.

    Raises:
        PictureError: It is damaged, too large or of a kind that is not supported.
    """
    if is_headless(data):
        data = file_head(len(data), FILE_HEAD + _pixel_offset(data)) + data
    header = _read(data)
    if header.width < 1 or not header.height:
        raise PictureError("damaged picture (no pixels)")
    check_size(header.width, abs(header.height), _BYTES_PER_PIXEL, len(data))
    if header.coding in (_RLE8, _RLE4) and len(data) > _RLE_BYTES:
        raise PictureError(f"RLE-coded BMP of {len(data) >> 20} MB; the limit is {_RLE_BYTES >> 20}: save it plainly")
    return _with_whole_bytes(data, header) if header.masks else (data, "")


def unnamed_channel(data: bytes) -> NDArray[np.uint8] | None:
    """Return the fourth byte of each pixel, (H, W), if the header does not define it and it is not constant.

    Args:
        data: As :func:`readable` returned it.
    """
    header = _read(data)
    if header.bits != 32 or header.coding != _PLAIN:
        return None
    rows, across = abs(header.height), header.width
    fourth = np.frombuffer(_pixels(data, header), np.uint8).reshape(rows, across, 4)[..., 3]
    if fourth.max() == fourth.min() and fourth[0, 0] in (0, 255):
        return None
    return fourth if header.height < 0 else fourth[::-1]


def color_metadata(data: bytes) -> dict[str, Any]:
    """Return the ICC profile or the color space of a file with a file header, as fields of its metadata."""
    if int.from_bytes(data[FILE_HEAD : FILE_HEAD + 4], "little") < _V4:
        return {}
    space, content = data[_SPACE], b""
    if len(data) >= FILE_HEAD + V5 and space[:4] in (EMBEDDED, LINKED):
        start, length = struct.unpack_from("<2L", data, _PROFILE)
        content = data[FILE_HEAD + start : FILE_HEAD + start + length]
    if space.startswith(EMBEDDED):
        return {"icc_profile": content or None}
    if space.startswith(LINKED) or (space.startswith(_CALIBRATED) and any(space)):
        return {"color_space": space + content}
    return {}


def file_head(size: int, offset: int) -> bytes:
    """Return the file header of a file of ``size`` bytes, whose pixels are at ``offset``."""
    return b"BM" + struct.pack("<3L", size, 0, offset)


def _pixel_offset(data: bytes) -> int:
    """Return the offset of the pixels in a DIB without a file header: after header, masks and palette."""
    data = data[:INFO].ljust(INFO, b"\0")
    size = int.from_bytes(data[:4], "little")
    if size == _CORE:
        bits = int.from_bytes(data[10:12], "little")
        return size + (3 << bits if bits <= 8 else 0)
    bits, coding = struct.unpack_from("<HL", data, 14)
    colors = struct.unpack_from("<L", data, 32)[0] or (1 << bits if bits <= 8 else 0)
    masks = {FIELDS: 12, _FIELDS_WITH_ALPHA: 16}.get(coding, 0) if size == INFO else 0
    return int(size + masks + 4 * colors)


def _read(data: bytes) -> Header:
    size = int.from_bytes(data[FILE_HEAD : FILE_HEAD + 4], "little")
    offset = int.from_bytes(data[10:14], "little") or FILE_HEAD + _pixel_offset(data[FILE_HEAD : FILE_HEAD + INFO])
    if not _CORE <= size <= V5:
        raise PictureError("damaged picture (there is no header)")
    if size not in _HEADERS:
        raise PictureError(f"BMP with a header of {size} bytes is not supported; re-save it")
    if len(data) < FILE_HEAD + size:
        raise PictureError("damaged picture (the header is cut)")
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<4H", data, FILE_HEAD + 4)
        if bits not in _BITS:
            raise PictureError(f"{bits}-bit BMP is not supported; convert it to 24 bits first")
        return Header(size, width, height, bits, _PLAIN, (), offset)
    width, height, _, bits, coding = struct.unpack_from("<2l2HL", data, FILE_HEAD + 4)
    if size == _OS2 and coding > _RLE4:
        raise PictureError("BMP in a coding of OS/2 is not supported; re-save it")
    if coding in _OTHERS:
        raise PictureError(f"{_OTHERS[coding]} inside a BMP is not supported; re-save it")
    if bits not in _BITS:
        raise PictureError(f"{bits}-bit BMP is not supported; convert it to 24 bits first")
    masks = MASKS.unpack(data[FILE_HEAD + INFO : FILE_HEAD + INFO + MASKS.size].ljust(MASKS.size, b"\0"))
    if coding in (FIELDS, _FIELDS_WITH_ALPHA):
        masks = masks[:3] if coding == FIELDS and size < 56 else masks
    elif not (coding == _PLAIN and bits == 32 and size in (56, _V4, V5) and masks[3] == BGRA[3]):
        masks = ()
    else:
        masks = BGRA
    return Header(size, width, height, bits, coding, masks, offset)


def _pixels(data: bytes, header: Header) -> memoryview:
    length = abs(header.height) * (-(-header.width * header.bits // 32) * 4)
    pixels = memoryview(data)[header.offset : header.offset + length]
    if len(pixels) < length:
        raise PictureError("damaged picture (pixels are missing)")
    return pixels


def _with_whole_bytes(data: bytes, header: Header) -> tuple[bytes, str]:
    """Return a file with 8 bits a channel, and a note on what is lost."""
    masks = header.masks
    fields = [field for mask in masks if mask and (field := _field(mask))]
    apart = sum(masks) == reduce(or_, masks) < 1 << header.bits
    if header.bits not in (16, 32) or 0 in masks[:3] or len(fields) < len(masks) - masks.count(0) or not apart:
        raise PictureError(f"{header.bits}-bit BMP of such bit fields is not supported; convert it to 24 bits first")
    rows = abs(header.height)
    values = np.frombuffer(_pixels(data, header), "<u2" if header.bits == 16 else "<u4").reshape(rows, -1)
    values = values[:, : header.width]
    result = np.zeros((rows, header.width, 4), np.uint8)
    for channel, (shift, bits) in zip((2, 1, 0, 3), fields, strict=False):
        table = (np.arange(1 << min(bits, 16)) * 255 // ((1 << min(bits, 16)) - 1)).astype(np.uint8)
        for strip in strips(values.shape):
            part = values[strip] >> values.dtype.type(shift) & values.dtype.type((1 << bits) - 1)
            result[strip][..., channel] = look_up(table, part >> values.dtype.type(max(0, bits - 16)))
    deepest = max(bits for _, bits in fields)
    has_alpha = len(fields) == len(BGRA)
    head = bytearray(data[FILE_HEAD : FILE_HEAD + header.size].ljust(_V4, b"\0"))
    head[:4] = max(header.size, _V4).to_bytes(4, "little")
    head[14:20] = struct.pack("<HL", 32, FIELDS)
    head[32:40] = bytes(8)
    head[INFO : INFO + MASKS.size] = MASKS.pack(*BGRA[:3], BGRA[3] if has_alpha else 0)
    profile = b""
    if header.size == V5:
        start, length = struct.unpack_from("<2L", data, _PROFILE)
        profile = data[FILE_HEAD + start : FILE_HEAD + start + length]
        head[112:120] = struct.pack("<2L", len(head) + result.nbytes, len(profile))
    offset = FILE_HEAD + len(head)
    encoded = b"".join((file_head(offset + result.nbytes + len(profile), offset), head, result.data, profile))
    return encoded, f"{deepest} bits per channel reduced to 8" if deepest > 8 else ""


def _field(mask: int) -> tuple[int, int] | None:
    """Return shift and length of a bit field; None if it has gaps.

    >>> _field(0x7E0), _field(0b101)
    ((5, 6), None)
    """
    shift = (mask & -mask).bit_length() - 1
    bits = (mask >> shift).bit_length()
    return (shift, bits) if mask >> shift == (1 << bits) - 1 else None
