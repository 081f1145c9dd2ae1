"""Preservation: content, texture and color survive, regions keep together, curve maps are smooth."""

from __future__ import annotations

from torch import Tensor

from pielight.training.data.regions import region_means


def feature_preservation(before: Tensor, after: Tensor) -> Tensor:
    """Return the squared difference of deep features that is left when plain brightness is taken out.

    ``L_fp = mean((z(f(x)) - z(f(y)))^2)``, f = relu4_3 of VGG16, z = each channel minus its mean over the
    pixels, over its deviation (PIE, L_fp, on raw f).

    Differs from the paper: raw features change with brightness, so that their difference punishes enhancement itself;
    standardized channels keep the layout of content only.

    Args:
        before: Features of the dark picture ``(N, C, H, W)``.
        after: Features of the enhanced picture, same shape.

    >>> import torch
    >>> maps = torch.rand(1, 2, 4, 4)
    >>> feature_preservation(maps, 3 * maps + 1).item() < 1e-4
    True
    """
    return (_standardize(before) - _standardize(after)).square().mean()


def color_constancy(pictures: Tensor) -> Tensor:
    """Return how far the mean color is from gray.

    ``sqrt((R-G)^4 + (R-B)^4 + (G-B)^4)`` on channel means (the authors' script; gray-world assumption).

    >>> import torch
    >>> color_constancy(torch.full((1, 3, 2, 2), 0.5)).item() < 1e-5
    True
    """
    red, green, blue = pictures.mean((2, 3)).unbind(1)
    fourth = (red - green) ** 4 + (red - blue) ** 4 + (green - blue) ** 4
    return (fourth + 1e-12).sqrt().mean()  # the root has no slope at 0


def curve_smoothness(alphas: Tensor) -> Tensor:
    """Return the total variation of curve maps, squared.

    ``mean((a(x+1, y) - a(x, y))^2) + mean((a(x, y+1) - a(x, y))^2)`` (Zero-DCE, eq. 7).

    >>> import torch
    >>> curve_smoothness(torch.ones(1, 24, 4, 4)).item()
    0.0
    """
    across = alphas[..., :, 1:] - alphas[..., :, :-1]
    down = alphas[..., 1:, :] - alphas[..., :-1, :]
    return across.square().mean() + down.square().mean()


def _standardize(features: Tensor) -> Tensor:
    centered = features - features.mean((2, 3), keepdim=True)
    return centered / (centered.square().mean((2, 3), keepdim=True) + 1e-3 * features.square().mean() + 1e-8).sqrt()


def regional_consistency(gray: Tensor, labels: Tensor) -> Tensor:
    """Return the variance of brightness inside the regions.

    ``L_rc = 1/|Omega| * sum_r sum_{p in r} (Y(p) - mean_r(Y))^2`` (PIE, L_rc): each region may get its own
    enhancement, uneven exposure inside one costs.

    Differs from the paper: region means are exact and every label counts (see :func:`region_means`); regions weigh
    by their area.

    Args:
        gray: Brightness of the enhanced picture ``(N, 1, H, W)`` in [0, 1].

    >>> import torch
    >>> regional_consistency(torch.tensor([[[[0.0, 1.0, 0.5]]]]), torch.tensor([[[0, 0, 1]]])).item()
    0.1666666716337204
    """
    return (gray - region_means(gray, labels)).square().mean()
