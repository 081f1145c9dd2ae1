"""LPIPS: distance of the features of a network, if its package is installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pielight.core.download import Remote, fetch
from pielight.core.extras import require
from pielight.errors import ModelError
from pielight.evaluation.metric_spec import REFERENCE, PictureMetric, Pixels, at_least

ALEXNET = Remote(
    "torchvision's AlexNet", "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth", 244_408_911,
    "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
)  # fmt: skip
_SMALLEST = 32


def lpips_distance(pixels: Pixels, reference: Pixels) -> float:
    """Return the learned perceptual image patch similarity, a distance: 0 is equal, lower is better.

    ``sum_l 1/(H_l W_l) sum_hw |w_l (y_l - x_l)|^2`` of unit-length features of AlexNet, weights version 0.1 (Zhang et
    al., CVPR 2018), computed by its authors' package ``lpips`` on torchvision's weights; see :func:`fetch_network`.
    MissingExtraError without that package, ModelError without weights, DataError if a side is shorter than 32.
    """
    at_least(_SMALLEST, "LPIPS", pixels)
    compared = _network()
    import torch

    def tensor(picture: Pixels) -> Any:
        return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)

    with torch.no_grad():
        return float(compared(tensor(pixels), tensor(reference)))


def fetch_network(log: Callable[[str], None]) -> None:
    """Download AlexNet's weights into torch's hub folder, unless they are there; report progress in lines to ``log``.

    MissingExtraError if the package ``lpips`` is not installed, ModelError if the weights cannot be downloaded.
    """
    require("lpips")
    fetch(ALEXNET, _folder(), log)


@lru_cache(maxsize=1)
def _network() -> Any:
    """Load the network once, from files alone: by default the package would have torchvision download it."""
    require("lpips")
    file = _folder() / ALEXNET.name
    if not file.is_file():
        raise ModelError(
            f"lpips needs {ALEXNET.title}, and there is no {file}: --download fetches it ({ALEXNET.offer}); "
            "or put it there, or leave lpips out of the metrics"
        )
    import lpips
    import torch

    try:
        with warnings.catch_warnings(action="ignore"):  # lpips calls torchvision in an old way
            network = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
        stored = torch.load(file, map_location="cpu", weights_only=True)
        own = network.net.state_dict()  # its slices keep the numbers of torchvision's layers
        network.net.load_state_dict({key: stored[f"features.{key.partition('.')[2]}"] for key in own})
    except Exception as error:  # noqa: BLE001 - torch raises half a dozen types for a damaged or unsafe file
        raise ModelError(f"{file}: cannot be loaded ({type(error).__name__}); remove it, and fetch it again") from None
    return network.eval()


def _folder() -> Path:
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


LPIPS = PictureMetric(
    "lpips", "Learned perceptual image patch similarity",
    "sum_l 1/(H_l W_l) sum_hw |w_l (y_l - x_l)|^2, features of AlexNet",
    "Zhang et al., CVPR 2018; the package lpips, version 0.1 of the weights", lpips_distance, needs=REFERENCE,
    higher_is_better=False, prepare=_network,
    note="Needs the extra `lpips` (`pip install '.[lpips]'` in a clone) and torchvision's AlexNet in torch's hub "
         "folder, which `pielight evaluate --download` fetches (233 MB). Nothing is downloaded without that "
         "option.",
)  # fmt: skip
