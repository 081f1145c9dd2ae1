"""Takes the noise that exposure maps would show out of the frames of one stream, before they are exposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels
from pielight.inference.denoise_plan import look
from pielight.inference.exposure_map import ExposureMap
from pielight.ops.noise import Noise, estimate
from pielight.ops.temporal_denoise import LONGEST, Planes, TemporalDenoiser
from pielight.options import AUTO, EnhanceOptions

_LOOKS = 6  # from one estimate of the noise to the next
_LATEST = 8  # frames that a scene's first estimate is made from, where they are known


class FrameDenoiser:
    """Denoises the planes of one stream over time where its maps would show the noise.

    ``look`` at a frame now and then: whether noise would be seen is asked as for photos, and how strong it is.
    ``denoise`` each frame. A number d removes the share d of the noise's deviation where nothing moves; ``auto`` all
    that an average of 16 frames removes.

    Args:
        options: How frames are enhanced.
        bits: Of each value of a plane, 8 to 15.
        threads: Threads; None takes every core that the process may use.

    >>> denoiser = FrameDenoiser(EnhanceOptions(), 8, 1)
    >>> grain = np.random.default_rng(0).normal(20, 3, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    >>> denoiser.look(grain, ExposureMap(np.full((1, 1), 4.0)))
    >>> denoiser.is_active
    True
    """

    def __init__(self, options: EnhanceOptions, bits: int, threads: int | None = None) -> None:
        self._options, self._threads, self._bits = options, threads, bits
        left = 0.0 if options.denoise == AUTO else 1 - float(options.denoise)
        self._denoiser = TemporalDenoiser(bits, threads, min(LONGEST, 1 / max(left, 1 / LONGEST) ** 2))
        self._noise: Noise | None = None
        self._of_picture: Noise | None = None
        self._looks = 0
        self.is_active = False

    def look(self, pixels: Pixels, exposure: ExposureMap, guide: NDArray[Any] | None = None) -> None:
        """See whether a frame's noise would show, and measure it.

        Args:
            pixels: The frame as a picture, (H, W, 3) RGB or gray (H, W, 1).
            exposure: Its map.
            guide: The plane that guides the denoiser; None is the picture's green.
        """
        is_due = self._looks % _LOOKS == 0

        def measure(pixels: Pixels) -> Noise:
            if is_due or self._of_picture is None or len(self._of_picture.shot) != pixels.shape[2]:
                self._of_picture = estimate(pixels)
            return self._of_picture

        found = look(pixels, exposure, self._options, self._threads, measure)
        self._looks += 1
        self.is_active = found is not None and found.is_noisy
        if not self.is_active:
            self._denoiser.reset()
            self._noise = None
        elif is_due or self._noise is None:
            if guide is None:
                channel = pixels.shape[2] // 2
                self._noise = estimate(pixels[..., channel : channel + 1])
            else:
                deep = guide if guide.dtype == np.uint8 else guide << (16 - self._bits)
                self._noise = estimate(deep[..., np.newaxis])

    def restart(self) -> None:
        """Forget the frames before, as at a scene cut."""
        self._denoiser.reset()
        self._looks = 0

    def prime(self, following: Sequence[Planes]) -> None:
        """Begin a scene with what its frames after the first one show, so that the first one has no more noise."""
        self.restart()
        if self.is_active:
            for planes in reversed(following[:_LATEST]):
                self._denoiser.denoise(planes, self._sigma)

    def denoise(self, planes: Planes) -> Planes:
        """Return the next frame with less noise, or the frame itself where none would show.

        Raises:
            OptionError: Its planes are of other sizes than those before.
        """
        return self._denoiser.denoise(planes, self._sigma) if self.is_active else planes

    def _sigma(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self._noise is not None
        result: NDArray[np.float32] = self._noise.sigma(values[..., np.newaxis])[..., 0]
        return result
