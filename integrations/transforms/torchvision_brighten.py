"""A transform of torchvision's v2: ``v2.Compose([Brighten(), ...])``. Boxes and masks beside the picture stay."""

from __future__ import annotations

from typing import Any

import PIL.Image
import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

from pielight import Enhancer


class Brighten(v2.Transform):  # type: ignore[misc, unused-ignore]
    """Brightens pictures that are too dark: Pillow images, tensors, ``tv_tensors.Image`` and ``Video``, RGB.

    A gradient passes :class:`pielight.nn.Enhance`, not this; that module can stand in a Compose as it is.

    Args:
        strength: -1.5 to 1.5; 1 is the model's choice.
        model: ``"pie"`` (research use only), ``"free"`` (any use), or the path of an ONNX file.
    """

    _transformed_types = (tv_tensors.Image, tv_tensors.Video, v2.functional.is_pure_tensor, PIL.Image.Image)

    def __init__(self, strength: float = 1.0, model: str = "pie") -> None:
        super().__init__()
        self.strength, self._enhancer = strength, Enhancer(model, threads=1)

    def transform(self, picture: Any, params: dict[str, Any]) -> Any:
        """Return a picture of the same kind; a video's frames each by themselves."""
        if not isinstance(picture, tv_tensors.TVTensor):
            return self._enhancer(picture, self.strength)
        return tv_tensors.wrap(self._enhancer(picture.as_subclass(torch.Tensor), self.strength), like=picture)
