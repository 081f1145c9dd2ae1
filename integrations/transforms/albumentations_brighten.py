"""A transform of Albumentations: ``A.Compose([Brighten(p=1), ...])``. Boxes, masks and keypoints stay."""

from __future__ import annotations

from typing import Any

import albumentations as A
import numpy as np
from albumentations.core.transforms_interface import BaseTransformInitSchema

from pielight import Enhancer


class Brighten(A.ImageOnlyTransform):  # type: ignore[misc, unused-ignore]
    """Brightens images (H, W, C), RGB, that are too dark; opens its model in each worker of a loader.

    Args:
        strength: -1.5 to 1.5; 1 is the model's choice.
        model: ``"pie"`` (research use only), ``"free"`` (any use), or the path of an ONNX file.
        p: Probability that an image is brightened.
    """

    class InitSchema(BaseTransformInitSchema):  # type: ignore[misc, unused-ignore]
        """What Albumentations checks."""

        strength: float
        model: str

    def __init__(self, strength: float = 1.0, model: str = "pie", p: float = 1.0) -> None:
        super().__init__(p=p)
        self.strength, self.model = strength, model
        self._enhancer = Enhancer(model, threads=1)

    def apply(self, img: np.ndarray[Any, Any], **_: Any) -> np.ndarray[Any, Any]:
        """Return an image of the same shape and type: uint8, or float32 in [0, 1]."""
        return self._enhancer(img, self.strength)
