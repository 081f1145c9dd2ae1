"""Pillow's settings, which are the whole process's, while pielight is at work."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image, PngImagePlugin, TiffImagePlugin

_lock = threading.Lock()
_users = 0
_set_back = ExitStack()
_GRAY_16_WITH_OPACITY = [(order, 1, (1,), 1, (16, 16), (2,)) for order in (TiffImagePlugin.II, TiffImagePlugin.MM)]
_LONGEST_TEXT = 1 << 24  # bytes of a PNG's text or profile, unpacked; Pillow takes 1 MB, and 64 MB of all together
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its log reaches the user's screen


@contextmanager
def own_limits() -> Iterator[None]:
    """Have Pillow open what we read, in silence, while ours is in charge.

    Its pixel limit, below the largest phone pictures, is lifted, that of texts and profiles in PNG is raised, and it
    opens TIFF of 16-bit gray with opacity, whose pixels others decode. The first of several threads sets this, the
    last sets it back.
    """
    global _users
    with _lock:
        if not _users:
            _set()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _set_back.close()


def _set() -> None:
    _set_back.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", module=r"PIL\b|pillow_heif\b")
    _set_back.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    Image.MAX_IMAGE_PIXELS = None
    _set_back.callback(setattr, PngImagePlugin, "MAX_TEXT_CHUNK", PngImagePlugin.MAX_TEXT_CHUNK)
    PngImagePlugin.MAX_TEXT_CHUNK = _LONGEST_TEXT
    for kind in _GRAY_16_WITH_OPACITY:
        if kind not in TiffImagePlugin.OPEN_INFO:
            TiffImagePlugin.OPEN_INFO[kind] = ("RGBA", "LA;16B")
            _set_back.callback(TiffImagePlugin.OPEN_INFO.pop, kind)
