"""HEIC pictures, as phones take them (extra ``heif``), and AVIF, which shares their container."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager

from pielight.core.atomic_file import shown
from pielight.core.extras import require
from pielight.core.native_output import SharedCatch
from pielight.errors import PictureError
from pielight.io.codecs.heif.items import FULL, read_items
from pielight.io.codecs.isobmff import box, read_brands, walk
from pielight.io.formats import HEIF

_HEVC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_HEIC = (*_HEVC, b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_OF_ANY_CODING = (b"mif1", b"mif2", b"msf1", b"miaf")
_CODINGS = {b"hvc1": HEIF, b"av01": "AVIF"}
_BRANDS_START = 8
_ENCODER_BYTES = {"4:4:4": 40, "4:2:2": 34, "4:2:0": 28}  # per pixel that x265 takes at least
_MALLOC = b"malloc of size"
_caught = SharedCatch(lambda line: line.startswith(b"x265 ["))


def container(data: bytes) -> str | None:
    """Return Pillow's name of the format of a file, HEIC or AVIF; None if it is neither.

    What the pixels are coded as decides, and only where a file does not say, its brands.

    >>> [container(b"\\0\\0\\0\\x18ftyp" + brand) for brand in (b"heic", b"avif", b"mif2", b"isom")]
    ['HEIF', 'AVIF', 'HEIF', None]
    """
    brands = read_brands(data)
    kinds = [part.kind for part in read_items(data).parts() if part.kind] if brands else []
    if kinds:
        return _CODINGS.get(kinds[0])
    if any(brand in _AVIF for brand in brands):
        return "AVIF"
    return HEIF if any(brand in _HEIC or brand in _OF_ANY_CODING for brand in brands) else None


def is_heif(data: bytes) -> bool:
    """Say whether a file is HEIC, and not AVIF."""
    return container(data) == HEIF


def check_kind(data: bytes) -> None:
    """Refuse a file that is made like HEIC and AVIF, and coded in another way.

    Raises:
        PictureError: It is such a file. Its text has no file name yet.
    """
    for part in read_items(data).parts()[:1] if read_brands(data) else []:
        if part.kind and part.kind not in _CODINGS:
            kind = shown(part.kind.decode("ascii", "replace").strip())
            raise PictureError(f"HEIF with pixels coded as {kind} is not supported; convert it to HEIC or AVIF first")


def readable(data: bytes, file_format: str) -> bytes:
    """Return a HEIC or AVIF file as the libraries take it, which go by its first brand and miss the size of opacity."""
    first, *others = read_brands(data)
    if file_format == HEIF:
        known = first in _HEIC and any(brand in _HEVC for brand in others)
        return data if known else _branded(data, _HEVC[0])
    if first not in (*_AVIF, b"mif1", b"msf1") or not any(brand in _AVIF for brand in (first, *others)):
        data = _branded(data, _AVIF[0])
    return _with_sizes(data)


def enable() -> None:
    """Teach Pillow to read and write HEIC.

    Raises:
        MissingExtraError: The extra ``heif`` is not installed.
    """
    require("heif")
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@contextmanager
def encoding(pixels: int, subsampling: str) -> Iterator[None]:
    """Keep x265 silent, and say that memory is short where it would blame the picture, or crash.

    Args:
        pixels: Of the picture.
        subsampling: Of chroma, as ``4:2:0``.

    Raises:
        MemoryError: There is too little.
    """
    try:
        mmap.mmap(-1, _ENCODER_BYTES[subsampling] * pixels).close()
    except OSError as error:
        raise MemoryError from error
    with _caught() as printed:
        try:
            yield
        except Exception as error:
            if _MALLOC in printed():
                raise MemoryError from error
            raise


def _branded(data: bytes, brand: bytes) -> bytes:
    """Write a brand over a file's own, and over the first of those that it is compatible with, if there are any."""
    brands = data[_BRANDS_START : _BRANDS_START + 12]
    compatible = brand if len(read_brands(data)) > 1 else brands[8:]
    return data[:_BRANDS_START] + brand + brands[4:8] + compatible + data[_BRANDS_START + 12 :]


def _with_sizes(data: bytes) -> bytes:
    """Give opacity the size of its picture where it has none, as early files have it.

    The boxes of items are written anew behind the file's end, so that nothing else moves.
    """
    items = read_items(data)
    size = items.shown().property_of(b"ispe")
    without = {
        number
        for number, item in items.by_number.items()
        if items.primary in item.references.get(b"auxl", ()) and item.property_of(b"ispe") is None
    }
    meta = next((one for one in walk(data) if one.kind == b"meta"), None)
    if meta is None or size is None or not without:
        return data
    content = data[meta.start : meta.start + FULL]
    for kind, start, end in walk(data, meta.start + FULL, meta.end):
        content += box(kind, _with_size(data[start:end], size, without) if kind == b"iprp" else data[start:end])
    place = data.rindex(b"meta", 0, meta.start)
    return data[:place] + b"free" + data[meta.start :] + box(b"meta", content)


def _with_size(properties: bytes, size: bytes, without: set[int]) -> bytes:
    """Link a size, which is among the properties, to some items."""
    result, index = b"", 0
    for kind, start, end in walk(properties):
        content = properties[start:end]
        if kind == b"ipco":
            known = [(one.kind, content[one.start : one.end]) for one in walk(content)]
            index = 1 + known.index((b"ispe", size))
        elif kind == b"ipma":
            content = _linked(content, index, without)
        result += box(kind, content)
    return result


def _linked(associations: bytes, index: int, numbers: set[int]) -> bytes:
    version, flags = associations[0], associations[3] & 1
    long, wide = (4 if version else 2), (2 if flags else 1)
    result, place = bytearray(associations[: 2 * FULL]), 2 * FULL
    while place + long < len(associations):
        end = place + long + 1 + associations[place + long] * wide
        entry = bytearray(associations[place:end])
        if int.from_bytes(entry[:long], "big") in numbers:
            entry[long] += 1
            entry += index.to_bytes(wide, "big")
        result += entry
        place = end
    return bytes(result)
