"""Brightens photos that came out too dark, and takes haze or rain out of them.

The names here load what they need when they are first used; ``import pielight`` alone loads nothing heavy.

>>> import numpy as np
>>> from pielight import enhance
>>> enhance(np.full((8, 8, 3), 20, np.uint8)).shape
(8, 8, 3)
>>> __version__.count(".")
2
"""

from __future__ import annotations

import os

from pielight import _deprecated

TYPE_CHECKING = False  # what typing has under this name; loading it takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from pielight.api import apply, enhance, enhance_file, enhance_video
    from pielight.enhancer import Enhancer
    from pielight.errors import (
        ConfigError,
        DataError,
        DeviceError,
        ExistsError,
        MissingExtraError,
        MissingFileError,
        ModelError,
        OptionError,
        PictureError,
        PielightError,
        ServiceError,
    )
    from pielight.inference.curve_lattice import CurveLattice
    from pielight.inference.exposure_map import ExposureMap
    from pielight.inference.haze_lattice import HazeLattice
    from pielight.options import EnhanceOptions
    from pielight.serve.client import Client
    from pielight.video.options import VideoOptions

__version__ = "0.1.0"
__all__ = [
    "Client",
    "ConfigError",
    "CurveLattice",
    "DataError",
    "DeviceError",
    "EnhanceOptions",
    "Enhancer",
    "ExistsError",
    "ExposureMap",
    "HazeLattice",
    "MissingExtraError",
    "MissingFileError",
    "ModelError",
    "OptionError",
    "PictureError",
    "PielightError",
    "ServiceError",
    "VideoOptions",
    "__version__",
    "apply",
    "enhance",
    "enhance_file",
    "enhance_video",
]

_MODULES = {
    "Client": "pielight.serve.client",
    "CurveLattice": "pielight.inference.curve_lattice",
    "EnhanceOptions": "pielight.options",
    "Enhancer": "pielight.enhancer",
    "ExposureMap": "pielight.inference.exposure_map",
    "HazeLattice": "pielight.inference.haze_lattice",
    "VideoOptions": "pielight.video.options",
    "apply": "pielight.api",
    "enhance": "pielight.api",
    "enhance_file": "pielight.api",
    "enhance_video": "pielight.api",
}


# ONNX Runtime's wheels report their use to its vendor unless this is set when they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
_deprecated.install()


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'pielight' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES.get(name, "pielight.errors")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
