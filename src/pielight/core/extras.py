"""Extras: groups of optional packages, and the check that those of one are installed."""

from __future__ import annotations

from importlib.util import find_spec

from pielight.errors import MissingExtraError

_EVALUATE = {"skimage": "scikit-image", "scipy": "scipy"}
_CLUSTER = {"pyarrow": "pyarrow", "fsspec": "fsspec", "s3fs": "s3fs"}
_TRAIN = {
    "torch": "torch",
    "accelerate": "accelerate",
    "skimage": "scikit-image",
    "yaml": "PyYAML",
    "tensorboard": "tensorboard",
    "safetensors": "safetensors",
    "onnx": "onnx",
    "pydantic": "pydantic",
    "huggingface_hub": "huggingface_hub",
}
PACKAGES = {  # of each extra: its modules, and what the package index calls them
    "train": _TRAIN,
    "raw": {"rawpy": "rawpy"},
    "heif": {"pillow_heif": "pillow-heif"},
    "deep": {"imagecodecs": "imagecodecs", "tifffile": "tifffile"},
    "evaluate": _EVALUATE,
    "video": {"av": "av"},
    "lpips": {"lpips": "lpips", "torch": "torch"},
    "gpu": {"torch": "torch", "onnx": "onnx"},
    "survey": {"choix": "choix", "krippendorff": "krippendorff", "starlette": "starlette", "uvicorn": "uvicorn"},
    "serve": {
        "starlette": "starlette",
        "uvicorn": "uvicorn",
        "python_multipart": "python-multipart",
        "prometheus_client": "prometheus-client",
        "pydantic": "pydantic",
        "httpx": "httpx",
    },
    "cluster": _CLUSTER,
    "ray": {**_CLUSTER, "ray": "ray"},
    "export-litert": {
        **_TRAIN,
        "litert_torch": "litert-torch",
        "ai_edge_litert": "ai-edge-litert",
        "ai_edge_quantizer": "ai-edge-quantizer",
    },
    "export-ncnn": {**_TRAIN, "ncnn": "ncnn", "pnnx": "pnnx"},
    "export-executorch": {**_TRAIN, "executorch": "executorch"},
    "export-coreml": {**_TRAIN, "coremltools": "coremltools"},
    "client": {"httpx": "httpx"},
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
