"""LPIPS: distance of the features of a network, where the user has its package."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from pielight.errors import ModelError
from pielight.evaluate.metrics.metric import Metric, Pixels, at_least
from pielight.extras import require

_SMALLEST = 32


def lpips_distance(pixels: Pixels, reference: Pixels) -> float:
    """Return the learned perceptual image patch similarity, a distance: 0 is equal, lower is better.

    ``sum_l 1/(H_l W_l) sum_hw |w_l (y_l - x_l)|^2`` of unit-length features of AlexNet, weights version 0.1 (Zhang et
    al., CVPR 2018), computed by its authors' package ``lpips``, whose network torchvision downloads at the first use.

    Args:
        pixels: ``(H, W, 3)`` uint8; both sides >= 32.
        reference: The same shape.

    Raises:
        MissingExtraError: if the package is not installed.
        DataError: if a side is shorter than 32.
        ModelError: if the network cannot be loaded.
    """
    at_least(_SMALLEST, "LPIPS", pixels)
    compared = _network()
    import torch

    def tensor(picture: Pixels) -> Any:
        return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)

    with torch.no_grad():
        return float(compared(tensor(pixels), tensor(reference)))


@lru_cache(maxsize=1)
def _network() -> Any:
    """Load the network once."""
    require("lpips")
    import lpips

    try:
        with warnings.catch_warnings(action="ignore"):  # lpips calls torchvision in an old way
            return lpips.LPIPS(net="alex", version="0.1", verbose=False).eval()
    except OSError as error:  # URLError is one
        raise ModelError(f"lpips: cannot load its network ({error}); leave lpips out of the metrics") from None


LPIPS = Metric(
    name="lpips",
    title="Learned perceptual image patch similarity",
    formula="sum_l 1/(H_l W_l) sum_hw |w_l (y_l - x_l)|^2, features of AlexNet",
    source="Zhang et al., CVPR 2018; the package lpips, version 0.1 of the weights",
    unit="",
    higher_is_better=False,
    low=0.0,
    high=None,
    needs=frozenset({"reference"}),
    function=lpips_distance,
    prepare=_network,
)
