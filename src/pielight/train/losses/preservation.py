"""Feature preservation: content, texture and colour survive, curve maps are smooth."""

from __future__ import annotations

from torch import Tensor


def feature_preservation(before: Tensor, after: Tensor) -> Tensor:
    """Return the squared difference of deep features that is left when plain brightness is taken out.

    ``L_fp = mean((z(f(x)) - z(f(y)))^2)``, f = relu4_3 of VGG16, z = each channel minus its mean over the
    pixels, over its deviation (PIE, L_fp, on raw f).

    Differs from the paper: raw features change with brightness, so that their difference punishes enhancement itself;
    standardised channels keep the layout of content only.

    Args:
        before: Features of the dark picture ``(N, C, H, W)``.
        after: Features of the enhanced picture, same shape.

    >>> import torch
    >>> maps = torch.rand(1, 2, 4, 4)
    >>> feature_preservation(maps, 3 * maps + 1).item() < 1e-4
    True
    """
    return (_standardise(before) - _standardise(after)).square().mean()


def colour_constancy(pictures: Tensor) -> Tensor:
    """Return how far the mean colour is from grey.

    ``sqrt((R-G)^4 + (R-B)^4 + (G-B)^4)`` on channel means (the authors' script; grey-world assumption).

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> colour_constancy(torch.full((1, 3, 2, 2), 0.5)).item() < 1e-5
    True
    """
    red, green, blue = pictures.mean((2, 3)).unbind(1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    return (fourth + 1e-12).sqrt().mean()  # the root has no slope at 0


def curve_smoothness(alphas: Tensor) -> Tensor:
    """Return the total variation of curve maps, squared.

    ``mean((a(x+1, y) - a(x, y))^2) + mean((a(x, y+1) - a(x, y))^2)`` (Zero-DCE, eq. 7).

    Args:
        alphas: ``(N, 3 * iterations, h, w)``.

    >>> import torch
    >>> curve_smoothness(torch.ones(1, 24, 4, 4)).item()
    0.0
    """
    across = alphas[..., :, 1:] - alphas[..., :, :-1]
    down = alphas[..., 1:, :] - alphas[..., :-1, :]
    return across.square().mean() + down.square().mean()


def _standardise(features: Tensor) -> Tensor:
    centred = features - features.mean((2, 3), keepdim=True)
    return centred / (centred.square().mean((2, 3), keepdim=True) + 1e-3 * features.square().mean() + 1e-8).sqrt()
