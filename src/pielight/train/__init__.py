"""Training of PIE in torch: physics, networks, features, losses, data and the loop."""

from __future__ import annotations

from pielight.extras import require

require(
    "train",
    {
        "torch": "torch",
        "accelerate": "accelerate",
        "skimage": "scikit-image",
        "yaml": "PyYAML",
        "tensorboard": "tensorboard",
        "safetensors": "safetensors",
        "onnx": "onnx",
    },
)
