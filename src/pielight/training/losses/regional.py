"""Regional brightness consistency: brightness stays consistent inside one region."""

from __future__ import annotations

from torch import Tensor

from pielight.training.data.regions import region_means


def regional_consistency(gray: Tensor, labels: Tensor) -> Tensor:
    """Return the variance of brightness inside the regions.

    ``L_rc = 1/|Omega| * sum_r sum_{p in r} (Y(p) - mean_r(Y))^2`` (PIE, L_rc): each region may get its own
    enhancement, uneven exposure inside one costs.

    Differs from the paper: region means are exact and every label counts (see :func:`region_means`); regions weigh
    by their area.

    Args:
        gray: Brightness of the enhanced picture ``(N, 1, H, W)`` in [0, 1].
        labels: Regions ``(N, H, W)``.

    >>> import torch
    >>> regional_consistency(torch.tensor([[[[0.0, 1.0, 0.5]]]]), torch.tensor([[[0, 0, 1]]])).item()
    0.1666666716337204
    """
    return (gray - region_means(gray, labels)).square().mean()
