"""Regions: an unsupervised segmentation of a picture, and exact means over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from skimage.segmentation import felzenszwalb, slic
from torch import Tensor

from pielight.errors import ConfigError

Labels = npt.NDArray[np.int32]


def segment(pixels: npt.NDArray[np.uint8], method: str = "felzenszwalb") -> Labels:
    """Segment a picture into regions without any label.

    ``"felzenszwalb"`` is the graph segmentation of Felzenszwalb and Huttenlocher (IJCV 2004) with the paper's
    scale 100 and sigma 0.5; its least region of 300 pixels at 384 x 384 is kept as a share of the picture.
    ``"slic"`` gives about 150 compact superpixels (Achanta et al., PAMI 2012).

    Differs from the paper: the input is segmented, its shadows lifted by a square root, not the enhanced picture,
    because one segmentation per picture can be kept on disk while the enhanced picture changes at every step.

    Args:
        pixels: ``(H, W, 3)`` uint8.

    Returns:
        ``(H, W)`` int32, every label from 0 to the largest in use.

    Raises:
        ConfigError: for another method.

    >>> halves = np.zeros((64, 64, 3), np.uint8)
    >>> halves[:, 32:] = 255
    >>> labels = segment(halves)
    >>> bool(labels[9, 9] != labels[9, 54])
    True
    """
    lifted = np.sqrt(pixels.astype(np.float64) / 255)
    if method == "felzenszwalb":
        smallest = max(4, round(300 / 384**2 * pixels.shape[0] * pixels.shape[1]))
        labels: Any = felzenszwalb(lifted, scale=100, sigma=0.5, min_size=smallest)
    elif method == "slic":
        labels = slic(lifted, n_segments=150, compactness=10, start_label=0)
    else:
        raise ConfigError(f"regions: {method!r} is unknown; choose felzenszwalb or slic")
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


def region_means(values: Tensor, labels: Tensor) -> Tensor:
    """Replace every value by the mean of its region.

    ``m_r = 1 / |r| * sum_{p in r} v_p``, exact for any number of labels. Differs from the authors' script, which
    averages over the whole picture with zeros outside the region and visits labels 0 to 99 only.

    Args:
        values: ``(N, C, H, W)``.
        labels: ``(N, H, W)``, whole numbers from 0.

    Returns:
        ``(N, C, H, W)``; gradients pass.

    >>> region_means(torch.tensor([[[[1.0, 3.0, 7.0]]]]), torch.tensor([[[0, 0, 1]]]))
    tensor([[[[2., 2., 7.]]]])
    """
    n, channels = values.shape[:2]
    index = labels.reshape(n, 1, -1).long().expand(-1, channels, -1)
    flat = values.reshape(n, channels, -1)
    count = int(index.max()) + 1
    sums = flat.new_zeros(n, channels, count).scatter_add(2, index, flat)
    sizes = flat.new_zeros(n, channels, count).scatter_add(2, index, torch.ones_like(flat))
    return (sums / sizes.clamp_min(1)).gather(2, index).view_as(values)
