"""Pillow's settings, which are the whole process's, while pielight is at work."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

_lock = threading.Lock()
_users = 0
_before: tuple[int | None, warnings.catch_warnings[None]] | None = None
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else its log reaches the user's screen


@contextmanager
def own_limits() -> Iterator[None]:
    """Lift Pillow's pixel limit, below the largest phone pictures, while ours is in charge; silence its warnings.

    The first of several threads sets this, the last sets it back.
    """
    global _users, _before
    with _lock:
        if _before is None:
            _before = Image.MAX_IMAGE_PIXELS, warnings.catch_warnings()
            _before[1].__enter__()
            warnings.filterwarnings("ignore", module=r"PIL\b|pillow_heif\b")
            Image.MAX_IMAGE_PIXELS = None
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and _before is not None:
                Image.MAX_IMAGE_PIXELS = _before[0]
                _before[1].__exit__(None, None, None)
                _before = None
