"""The exposures that a network predicts of tensors, with gradients to the pictures and to the weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from pielight.core.color_torch import linear_to_srgb, smooth_step, srgb_to_linear
from pielight.inference.exposure_map import SURE, UNSURE
from pielight.ops.exposure import exposure_curve
from pielight.ops.exposure_statistics import NAMES, exposure_statistics
from pielight.ops.exposure_torch import canonical_exposure
from pielight.ops.highlight_ceiling import highlight_ceiling
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.networks.exposure_net import SIDE


def predict_exposure(network: nn.Module, pictures: Tensor, auto: bool = True) -> Tensor:
    """Return maps: ``u max(0, c + N(E_c(t), s))``, as :class:`pielight.inference.exposure_map.ExposureNetwork`.

    t is the thumbnail, c its canonical exposure, and u the smooth step of the probability that the picture is
    underexposed. The statistics s of the whole picture, which are counts, pass no gradient.

    Args:
        network: N, as :class:`pielight.training.networks.exposure_net.ExposureNet`.
        pictures: ``(N, 3, H, W)`` in [0, 1].
        auto: Whether u counts; without it, u is 1.

    Returns:
        Exposures in stops, ``(N, 1, h, w)``.

    >>> from pielight.training.networks.exposure_net import ExposureNet
    >>> predict_exposure(ExposureNet(0.5).eval(), torch.rand(2, 3, 80, 90)).shape
    torch.Size([2, 1, 16, 16])
    """
    small = thumbnail(pictures, SIDE)
    canonical = canonical_exposure(small)
    seen = linear_to_srgb(exposure_curve(srgb_to_linear(small), canonical))
    added, probability = network(seen, torch.cat([_statistics(pictures.detach()), canonical.flatten(1)], 1))
    ev: Tensor = (canonical + added).clamp_min(0)
    return smooth_step(probability[..., None, None], UNSURE, SURE) * ev if auto else ev


def ceilings(pictures: Tensor, nodes: tuple[int, int]) -> Tensor:
    """Return :func:`pielight.ops.highlight_ceiling.highlight_ceiling` of each picture, without gradients.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        nodes: Rows and columns of the maps, (h, w).

    Returns:
        EV, ``(N, 1, h, w)``.

    >>> ceilings(torch.full((1, 3, 64, 64), 0.9), (2, 2)).max().item()
    0.0
    """
    found: Tensor = _ceilings(thumbnail(pictures.detach(), SIDE), nodes[0], nodes[1])
    return found


# Both count in arrays, and are operators of torch's own, so that modules can be compiled and exported around them.
@torch.library.custom_op("pielight::exposure_statistics", mutates_args=())
def _statistics(pictures: Tensor) -> Tensor:
    arrays = pictures.detach().float().clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
    return torch.from_numpy(np.stack([exposure_statistics(pixels) for pixels in arrays])).to(pictures)


@torch.library.custom_op("pielight::highlight_ceiling", mutates_args=())
def _ceilings(thumbnails: Tensor, rows: int, columns: int) -> Tensor:
    arrays = thumbnails.float().clamp(0, 1).cpu().numpy()
    found = np.stack([highlight_ceiling(one, (rows, columns)) for one in arrays])[:, np.newaxis]
    return torch.from_numpy(found).to(thumbnails)


@_statistics.register_fake
def _(pictures: Tensor) -> Tensor:
    return pictures.new_empty(pictures.shape[0], len(NAMES))


@_ceilings.register_fake
def _(thumbnails: Tensor, rows: int, columns: int) -> Tensor:
    return thumbnails.new_empty(thumbnails.shape[0], 1, rows, columns)
