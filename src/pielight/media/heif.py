"""HEIC pictures, as phones take them (extra ``heif``)."""

from __future__ import annotations

from pielight.extras import require

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_BRANDS_END = 64


def is_heif(data: bytes) -> bool:
    """Say whether a file is HEIC, and not AVIF, which shares its container.

    >>> is_heif(b"\\0\\0\\0\\x18ftypheic"), is_heif(b"\\0\\0\\0\\x18ftypavif")
    (True, False)
    """
    if data[4:8] != b"ftyp" or data[8:12] not in _BRANDS:
        return False
    end = min(int.from_bytes(data[:4], "big"), _BRANDS_END)
    return not any(data[place : place + 4] in _AVIF for place in range(16, end, 4))


def enable() -> None:
    """Teach Pillow to read and write HEIC.

    Raises:
        MissingExtraError: The extra ``heif`` is not installed.
    """
    require("heif")
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
