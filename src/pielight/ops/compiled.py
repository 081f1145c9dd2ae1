"""The compiled loops, or None where the package was built without a compiler and NumPy does the same."""

from __future__ import annotations

from types import ModuleType

loop: ModuleType | None
try:
    from pielight.ops import _loop as loop
except ImportError:
    loop = None
