"""pielight in front of kornia's augmentations: one differentiable module, on any device."""

from __future__ import annotations

import kornia.augmentation as K
from torch import nn

from pielight.nn import Enhance


def pipeline(model: str = "free", strength: float = 1.0) -> nn.Module:
    """Return a module of batches (N, 3, H, W) in [0, 1]: brightened, then flipped and cropped at random."""
    bright = Enhance.from_pretrained(model, strength=strength)
    return K.ImageSequential(bright, K.RandomHorizontalFlip(p=0.5), K.RandomResizedCrop((96, 96), scale=(0.5, 1.0)))
