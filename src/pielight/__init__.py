"""Brightens photos that came out too dark, and takes haze or rain out of them.

The names here load what they need when they are first used; ``import pielight`` alone loads nothing heavy.

>>> import numpy as np
>>> from pielight import enhance
>>> enhance(np.full((8, 8, 3), 20, np.uint8)).shape
(8, 8, 3)
"""

from __future__ import annotations

import os

from pielight import _deprecated

TYPE_CHECKING = False  # what typing has under this name; loading it takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from pielight.api import enhance
    from pielight.enhancer import Enhancer
    from pielight.errors import PielightError
    from pielight.inference.images import apply
    from pielight.ops.lattice import CurveLattice

__version__ = "0.1.0"
__all__ = ["CurveLattice", "Enhancer", "PielightError", "__version__", "apply", "enhance"]

_HOMES = {
    "CurveLattice": "pielight.ops.lattice",
    "Enhancer": "pielight.enhancer",
    "PielightError": "pielight.errors",
    "apply": "pielight.inference.images",
    "enhance": "pielight.api",
}


# ONNX Runtime's wheels report their use to its vendor unless this is set when they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
_deprecated.install()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pielight' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
