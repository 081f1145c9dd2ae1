"""Exposure: pictures should be as bright as their content wants, by an estimate of how far they are from that."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def exposure_loss(estimator: nn.Module, pictures: Tensor) -> Tensor:
    """Return how badly pictures are exposed, by an estimator.

    ``mean_i huber(mean_cells E(y_i))``: the contrastive term that knows content, since the estimator has learned what
    tells positives from their own negatives. Only the mean of its estimates over a picture counts, because cell by cell
    it takes natural shadows for errors, too, and flattens.

    Beyond the paper, whose brightness triplet draws every picture to the brightness of the positives.

    Args:
        estimator: Of errors in EV ``(N, 1, h, w)`` of pictures, as
            :class:`pielight.training.networks.exposure_estimator.ExposureEstimator`.
        pictures: ``(N, 3, H, W)`` in [0, 1].

    >>> exposure_loss(nn.Identity(), torch.full((1, 3, 2, 2), 0.5)).item()
    0.125
    """
    estimate = estimator(pictures).mean((1, 2, 3))
    return F.huber_loss(estimate, torch.zeros_like(estimate))
