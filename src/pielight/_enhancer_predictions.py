"""The methods of an enhancer that predict, and change no picture yet."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight._enhancer_base import EnhancerBase
from pielight.core.atomic_file import read_file
from pielight.core.messages import shown
from pielight.errors import OptionError
from pielight.inference.exposure_map import ExposureMap, ExposureNetwork
from pielight.inference.lattice import Lattice, LatticeNetwork, ThumbnailNetwork
from pielight.inference.pipeline_arrays import EXPECTED, is_tensor, split_opacity, tensor_pixels
from pielight.io.decode import decode, decode_reduced, open_image

if TYPE_CHECKING:
    from torch import Tensor

_ENOUGH = 2  # times the network's thumbnail, to predict only: from here on it hardly changes
Array = NDArray[Any]


class PredictionMethods(EnhancerBase):
    """``exposure`` and ``curves``."""

    def exposure(self, image: str | Path | bytes | Image.Image | Array | Tensor) -> ExposureMap:
        """Predict by how many stops each part of a picture is lifted, to be looked at, changed, and applied.

        Args:
            image: As for :meth:`pielight.Enhancer.__call__`, or a path; a tensor of one picture.

        Returns:
            The map, with :meth:`pielight.ExposureMap.scaled`, ``blend``, ``apply`` and ``plot``.

        Raises:
            OptionError: The model predicts curves, or rain.
            PielightError: The picture cannot be read.

        >>> from pielight import Enhancer
        >>> dark = np.full((40, 60, 3), 30, np.uint8)
        >>> enhancer = Enhancer(threads=1)
        >>> bool((enhancer.exposure(dark).apply(dark) == enhancer(dark)).all())
        True
        """
        network = self.processor.network
        if not isinstance(network, ExposureNetwork):
            raise OptionError(
                f"exposure: model {self.model.name} predicts no map of exposures{self._instead('curves')}"
            )
        return network.predict(_pixels_of(image, None), self.auto)  # which looks at every pixel

    def curves(self, image: str | Path | bytes | Image.Image | Array | Tensor) -> Lattice:
        """Predict the curves of a picture, to be applied once or many times: :meth:`pielight.CurveLattice.apply`.

        Args:
            image: As for :meth:`pielight.Enhancer.__call__`, or a path; a tensor of one picture.

        Raises:
            OptionError: The model predicts a map of exposures, or rain.
            PielightError: The picture cannot be read.

        >>> from pielight import Enhancer
        >>> hazy = np.full((40, 60, 3), 200, np.uint8)
        >>> clear = Enhancer(task="dehaze", threads=1)
        >>> bool((clear.curves(hazy).apply(hazy) == clear(hazy)).all())
        True
        """
        network = self.processor.network
        if not isinstance(network, LatticeNetwork):
            raise OptionError(f"curves: model {self.model.name} predicts no curves{self._instead('exposure')}")
        return network.predict(_pixels_of(image, _ENOUGH * network.thumbnail_side), self.auto)

    def _instead(self, method: str) -> str:
        return f"; use Enhancer.{method}" if isinstance(self.processor.network, ThumbnailNetwork) else ""


def _pixels_of(image: Any, at_least: int | None) -> Array:
    """Return the pixels of one picture to predict from; a file's may have fewer, but no side below ``at_least``."""
    if isinstance(image, (str, Path, bytes)):
        data, name = (image, "picture") if isinstance(image, bytes) else (read_file(Path(image)), shown(image))
        return decode(data, name).pixels if at_least is None else decode_reduced(data, at_least, name)
    if isinstance(image, Image.Image):
        return open_image(image).pixels
    if isinstance(image, np.ndarray):
        return split_opacity(image)[0]
    if is_tensor(image):
        if math.prod(image.shape[:-3]) != 1:
            raise OptionError(f"tensor of shape {tuple(image.shape)}: expected one picture, (3, H, W)")
        picture: Array = tensor_pixels(image)[0]
        return picture
    raise OptionError(f"{type(image).__name__}: expected a path, bytes, a {EXPECTED}")
