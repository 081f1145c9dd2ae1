"""Brightens what is too dark in a batch of images of ComfyUI: float tensors (B, H, W, C) in [0, 1]."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

from pielight import EnhanceOptions, Enhancer


class Brighten:
    """The node. Each image is brightened by itself, or the batch as the frames of one clip."""

    CATEGORY = "image/adjust"
    DESCRIPTION = "Brightens images that came out too dark; well-exposed ones stay as they are."
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "brighten"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, tuple[Any, ...]]]:
        """Return the inputs, as ComfyUI asks for them."""
        amount = {"default": 1.0, "min": -1.5, "max": 1.5, "step": 0.05, "tooltip": "0: unchanged, below 0: darker"}
        clip = {"default": False, "tooltip": "The batch is a clip: brighten its frames without flicker"}
        return {
            "required": {
                "image": ("IMAGE",),
                "strength": ("FLOAT", amount),
                "denoise": ("BOOLEAN", {"default": True, "tooltip": "Remove the noise that becomes visible"}),
                "frames_of_a_clip": ("BOOLEAN", clip),
                "model": (["pie", "free"], {"tooltip": "pie is for research only, free for any use"}),
            }
        }

    def brighten(
        self,
        image: torch.Tensor,
        strength: float = 1.0,
        denoise: bool = True,
        frames_of_a_clip: bool = False,
        model: str = "pie",
    ) -> tuple[torch.Tensor]:
        """Return images of the same shape, type and device; opacity, a fourth channel, stays."""
        options = EnhanceOptions(strength, denoise="auto" if denoise else 0)
        enhancer = _enhancer(model)
        enhance = enhancer.frame_enhancer(options) if frames_of_a_clip else lambda one: enhancer(one, options=options)
        images = torch.nan_to_num(image.detach().float()).clamp(0, 1).cpu().numpy()  # nodes may leave values beyond
        results = [torch.from_numpy(enhance(one)) for one in images]
        return (torch.stack(results).to(image) if results else image,)


@lru_cache(maxsize=2)
def _enhancer(model: str) -> Enhancer:
    return Enhancer(model)
