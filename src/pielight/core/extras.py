"""Extras: groups of optional packages, the error that names one that is missing, and the command that installs it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from pielight.errors import MissingExtraError

_EVALUATE = {"skimage": "scikit-image", "scipy": "scipy"}
PACKAGES = {  # of each extra: its modules, and what the package index calls them
    "train": {
        "torch": "torch",
        "accelerate": "accelerate",
        "skimage": "scikit-image",
        "yaml": "PyYAML",
        "tensorboard": "tensorboard",
        "safetensors": "safetensors",
        "onnx": "onnx",
        "pydantic": "pydantic",
        "huggingface_hub": "huggingface_hub",
    },
    "raw": {"rawpy": "rawpy"},
    "heif": {"pillow_heif": "pillow-heif"},
    "deep": {"imagecodecs": "imagecodecs", "tifffile": "tifffile"},
    "evaluate": _EVALUATE,
    "lpips": {"lpips": "lpips", "torch": "torch"},
    "gpu": {"torch": "torch"},
    "survey": {
        **_EVALUATE,
        "choix": "choix",
        "krippendorff": "krippendorff",
        "starlette": "starlette",
        "uvicorn": "uvicorn",
    },
    "dev": {"cv2": "opencv-python-headless"},  # only what the scripts in benchmarks/ compare with
}


def require(extra: str) -> None:
    """Check, without importing them, that the packages of an extra are installed.

    Args:
        extra: Its name in pyproject.toml.

    Raises:
        MissingExtraError: for the first that is missing.
    """
    for module, package in PACKAGES[extra].items():
        if find_spec(module) is None:
            raise MissingExtraError(package, extra)


def install_command(extra: str) -> str:
    """Return the command that installs an extra for the Python that runs.

    Where pielight is installed, its name is enough, wherever it came from: pip takes the installed one and fetches
    the packages of the extra alone. Where it runs from a clone that is not installed, or was before it had that
    extra, the clone is named.

    >>> install_command("raw")  # doctest: +ELLIPSIS
    '... "pielight[raw]"'
    """
    pip = f"{_quoted(sys.executable)} -m pip install" if find_spec("pip") else "uv pip install"
    if not find_spec("pip"):  # environments of uv have none of their own
        pip += f" --python {_quoted(sys.executable)}"
    clone = Path(__file__).parents[3]
    if not _is_offered(extra) and (clone / "pyproject.toml").is_file():
        return f'{pip} --editable "{clone}[{extra}]"'
    return f'{pip} "pielight[{extra}]"'


def _is_offered(extra: str) -> bool:
    """Say whether the installed pielight names an extra in its metadata."""
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        return extra in (metadata("pielight").get_all("Provides-Extra") or ())
    except PackageNotFoundError:
        return False


def _quoted(path: str) -> str:
    return f'"{path}"' if " " in path else path
