"""Shadow chroma: where it is too dark to tell colors, curves change them as they do in the whole picture."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from pielight.core.color_torch import smooth_step

_UNRELIABLE, _RELIABLE = 16 / 255, 48 / 255


def damp_shadow_chroma(alphas: Tensor, pictures: Tensor) -> Tensor:
    """Let dark nodes share how their channels differ with the whole picture, since chroma is mostly noise there.

    ``a_c + (1 - S(b; 16/255, 48/255)) (mean_xy d_c - d_c)``, ``d_c = a_c - mean_c a_c``: b the mean gray level of the
    part of the picture around the node, S the smooth step from 0 to 1 between two values, and the sum clipped to
    [-1, 1]. Near black a level of 8 bits is a large part of a channel, and differences between channels turn it into
    blotches; a cast of the whole picture can still be corrected.

    Beyond the paper: there every channel has its own curve everywhere, and the mean color is pulled to gray.

    Args:
        alphas: ``(N, 3 * iterations, h, w)`` in [-1, 1], iteration by iteration, R, G, B in each.
        pictures: ``(N, 3, S, S)`` in [0, 1], S a multiple of h and w.

    Returns:
        The shape of ``alphas``, in [-1, 1].

    >>> import torch
    >>> alphas = torch.tensor([[-0.9, -0.5], [-0.6, -0.6], [-0.3, -0.7]]).view(1, 3, 1, 2)
    >>> damp_shadow_chroma(alphas, torch.full((1, 3, 8, 16), 0.05))[0, :, 0]
    tensor([[-0.7000, -0.7000],
            [-0.6000, -0.6000],
            [-0.5000, -0.5000]])
    """
    cell = int(pictures.shape[-1]) // int(alphas.shape[-1])
    brightness = F.avg_pool2d(pictures.mean(1, keepdim=True), cell)
    shared = 1 - smooth_step(brightness, _UNRELIABLE, _RELIABLE)
    channels = alphas.unflatten(1, (-1, 3))
    difference = channels - channels.mean(2, keepdim=True)
    whole = difference.mean((3, 4), keepdim=True)
    changed: Tensor = channels + shared[:, None] * (whole - difference)
    return changed.flatten(1, 2).clamp(-1, 1)  # a mean of channels near the end has no room for a difference
