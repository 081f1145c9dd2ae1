"""The frames of one stream enhanced as planes of luma and chroma, without a detour through RGB."""

from __future__ import annotations

import numpy as np

from pielight.inference.exposure_map import ExposureNetwork
from pielight.inference.exposure_track import FPS, ExposureTrack
from pielight.ops.frame_thumbnail import frame_thumbnail
from pielight.ops.yuv import Matrix, Planes, yuv420_to_rgb
from pielight.ops.yuv_exposure import YuvEncoding, expose_yuv
from pielight.options import EnhanceOptions


class PlaneEnhancer:
    """Exposes the planes of one stream's frames; only frames that the network looks at become RGB.

    It neither denoises nor balances colors: for that, :class:`pielight.inference.frame_enhancer.FrameEnhancer`.

    Args:
        network: Predicts maps.
        options: Strength, protection of highlights, target and ``auto``.
        matrix: ``"bt601"`` or ``"bt709"``.
        full_range: Whether luma goes from 0 to 255 and not from 16 to 235.
        fps: Frames per second.
        every: Frames from one look of the network to the next at most; None is a sixth of a second.
        threads: Threads; None takes every core that the process may use.

    Raises:
        OptionError: A number is out of range.

    >>> from pielight.inference.exposure_map import DESCRIPTOR
    >>> from pielight.inference.descriptor import find_model
    >>> enhance = PlaneEnhancer(DESCRIPTOR.open(find_model("brighten", None).path, 1), EnhanceOptions())
    >>> dark = np.full((64, 96), 30, np.uint8), np.full((32, 48), 128, np.uint8), np.full((32, 48), 128, np.uint8)
    >>> [bool(plane.mean() > 60) for plane in enhance(dark)]
    [True, True, True]
    """

    def __init__(
        self,
        network: ExposureNetwork,
        options: EnhanceOptions,
        matrix: Matrix = "bt709",
        full_range: bool = False,
        *,
        fps: float = FPS,
        every: int | None = None,
        threads: int | None = None,
    ) -> None:
        self._track = ExposureTrack(network, options.is_gated, fps=fps, every=every)
        self._options, self._threads = options, threads
        self._matrix, self._encoding = matrix, YuvEncoding(matrix, full_range)

    def __call__(self, planes: Planes) -> Planes:
        """Return the next frame, enhanced.

        Args:
            planes: Y (H, W), and U and V (H / 2, W / 2), rounded up: uint8.

        Raises:
            OptionError: They are no such planes.
        """
        full_range = self._encoding.full_range
        thumbnail = frame_thumbnail(planes[0][..., np.newaxis])
        if not full_range:
            thumbnail = ((thumbnail * 255 - 16) / 219).clip(0, 1)
        self._track.see(thumbnail, lambda: yuv420_to_rgb(planes, self._matrix, full_range, self._threads))
        (found,) = self._track.maps()
        return expose_yuv(planes, found.exposure.at(self._options), self._encoding, self._threads)
