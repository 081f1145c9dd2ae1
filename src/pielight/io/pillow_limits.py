"""Pillow's global limits, replaced while pielight reads pictures."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image, PngImagePlugin, TiffImagePlugin

_lock = threading.Lock()
_users = 0
_restore = ExitStack()
_GRAY_16_WITH_OPACITY = [(order, 1, (1,), 1, (16, 16), (2,)) for order in (TiffImagePlugin.II, TiffImagePlugin.MM)]
_LONGEST_TEXT = 1 << 24  # bytes of a PNG's text or profile, decompressed; Pillow allows 1 MB each and 64 MB in all
logging.getLogger("PIL").addHandler(logging.NullHandler())  # or its log would reach standard error


@contextmanager
def own_limits() -> Iterator[None]:
    """Replace Pillow's limits by ours, and silence its warnings, while at least one thread is in the block.

    Its pixel limit, below the largest phone pictures, is lifted, that of texts and profiles in PNG is raised, and it
    opens 16-bit gray TIFF with alpha, whose pixels tifffile decodes.
    """
    global _users
    with _lock:
        if not _users:
            _replace()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _restore.close()


def _replace() -> None:
    _restore.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", module=r"PIL\b|pillow_heif\b")
    _restore.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    Image.MAX_IMAGE_PIXELS = None
    _restore.callback(setattr, PngImagePlugin, "MAX_TEXT_CHUNK", PngImagePlugin.MAX_TEXT_CHUNK)
    PngImagePlugin.MAX_TEXT_CHUNK = _LONGEST_TEXT
    for kind in _GRAY_16_WITH_OPACITY:
        if kind not in TiffImagePlugin.OPEN_INFO:
            TiffImagePlugin.OPEN_INFO[kind] = ("RGBA", "LA;16B")
            _restore.callback(TiffImagePlugin.OPEN_INFO.pop, kind)
