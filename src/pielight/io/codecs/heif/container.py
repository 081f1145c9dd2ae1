"""The container of HEIC (extra ``heif``) and AVIF: which of them a file is, and repairs for the libraries."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager

from pielight.core.extras import require
from pielight.core.messages import shown
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

    The codec of the pixels decides; the brands count only where the file does not name it.

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


def check_kind(data: bytes) -> None:
    """Refuse a file with the container of HEIC and AVIF whose pixels have another codec."""
    for part in read_items(data).parts()[:1] if read_brands(data) else []:
        if part.kind and part.kind not in _CODINGS:
            kind = shown(part.kind.decode("ascii", "replace").strip())
            raise PictureError(f"HEIF with pixels coded as {kind} is not supported; convert it to HEIC or AVIF first")


def readable(data: bytes, file_format: str) -> bytes:
    """Return a HEIC or AVIF file with the major brand and the size of alpha that the libraries need."""
    first, *others = read_brands(data)
    if file_format == HEIF:
        known = first in _HEIC and any(brand in _HEVC for brand in others)
        return data if known else _branded(data, _HEVC[0])
    if first not in (*_AVIF, b"mif1", b"msf1") or not any(brand in _AVIF for brand in (first, *others)):
        data = _branded(data, _AVIF[0])
    return _with_sizes(data)


def enable() -> None:
    """Register HEIC with Pillow.

    Raises:
        MissingExtraError: The extra ``heif`` is not installed.
    """
    require("heif")
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


@contextmanager
def encoding(pixels: int, subsampling: str) -> Iterator[None]:
    """Silence x265, and raise a shortage of memory where it would blame the picture, or crash.

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
    """Overwrite a file's major brand, and its first compatible brand if it has any."""
    brands = data[_BRANDS_START : _BRANDS_START + 12]
    compatible = brand if len(read_brands(data)) > 1 else brands[8:]
    return data[:_BRANDS_START] + brand + brands[4:8] + compatible + data[_BRANDS_START + 12 :]


def _with_sizes(data: bytes) -> bytes:
    """Give alpha planes without a size, as in early files, that of their picture.

    The meta box is copied to the end of the file with this change, so that nothing else moves.
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
    position = data.rindex(b"meta", 0, meta.start)
    return data[:position] + b"free" + data[meta.start :] + box(b"meta", content)


def _with_size(properties: bytes, size: bytes, without: set[int]) -> bytes:
    """Associate the size, which is among the properties, with some items."""
    result, index = b"", 0
    for kind, start, end in walk(properties):
        content = properties[start:end]
        if kind == b"ipco":
            known = [(one.kind, content[one.start : one.end]) for one in walk(content)]
            index = 1 + known.index((b"ispe", size))
        elif kind == b"ipma":
            content = _associated(content, index, without)
        result += box(kind, content)
    return result


def _associated(associations: bytes, index: int, numbers: set[int]) -> bytes:
    version, flags = associations[0], associations[3] & 1
    long, wide = (4 if version else 2), (2 if flags else 1)
    result, position = bytearray(associations[: 2 * FULL]), 2 * FULL
    while position + long < len(associations):
        end = position + long + 1 + associations[position + long] * wide
        entry = bytearray(associations[position:end])
        if int.from_bytes(entry[:long], "big") in numbers:
            entry[long] += 1
            entry += index.to_bytes(wide, "big")
        result += entry
        position = end
    return bytes(result)
