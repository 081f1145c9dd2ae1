"""Takes the noise that exposure maps would show out of the frames of one stream, before they are exposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels
from pielight.inference.denoise_plan import look
from pielight.inference.exposure_map import ExposureMap
from pielight.ops.hdr import SDR, expose_signal
from pielight.ops.motion_compensation import BITS
from pielight.ops.noise import MeasuredNoise, Noise, estimate
from pielight.ops.temporal_denoise import LONGEST, Planes, TemporalDenoiser
from pielight.ops.yuv import YuvEncoding
from pielight.options import AUTO, EnhanceOptions

_LOOKS = 6  # from one measurement of the noise to the next
_LEAST_SHIFT, _LEAST_LIGHT = 0.003, 0.02  # EV that are followed, and brightness by which the gain of chroma is told
_LATEST = 8  # frames that a scene's first estimate is made from, where they are known


class FrameDenoiser:
    """Denoises the planes of one stream over time where its maps would show the noise.

    ``look`` at a frame now and then: whether noise would be seen is asked as for photos. How strong it is, tell a frame
    itself and the one that follows it: compression smooths noise, and a single frame does not show that. ``denoise``
    each frame. A number d removes the share d of the noise's deviation where nothing moves; ``auto`` all that an
    average of 16 frames removes. Where the exposure of the source shifts, what is remembered is shifted by as much.

    Args:
        options: How frames are enhanced.
        bits: Of each value of a plane, 8 to 15.
        threads: Threads; None takes every core that the process may use.
        encoding: Of planes of luma and chroma; None is for planes of R, G, B, of which green guides, or of gray.

    Attributes:
        is_active: Whether frames are denoised.
        doubtful: The noise, once a frame of the scene had shadows whose color is not to be trusted; else None.

    >>> denoiser = FrameDenoiser(EnhanceOptions(), 8, 1)
    >>> grain = np.random.default_rng(0).normal(20, 3, (64, 64, 3)).clip(0, 255).astype(np.uint8)
    >>> denoiser.look(grain, ExposureMap(np.full((1, 1), 4.0)))
    >>> denoiser.is_active
    True
    """

    def __init__(
        self, options: EnhanceOptions, bits: int, threads: int | None = None, encoding: YuvEncoding | None = None
    ) -> None:
        self._options, self._threads, self._bits = options, threads, bits
        self._encoding, self._black, self._span = encoding, 0.0, 1.0
        if encoding is not None:
            self._black, self._span = encoding.black / encoding.white, encoding.ranges[0] / encoding.white
        left = 0.0 if options.denoise == AUTO else 1 - float(options.denoise)
        self._denoiser = TemporalDenoiser(bits, threads, min(LONGEST, 1 / max(left, 1 / LONGEST) ** 2))
        self._probe = TemporalDenoiser(bits, threads)
        self._frames_to_probe = 0
        self._looks = 0
        self._of_picture: Noise | None = None
        self._over_time = np.zeros((2, 0))  # values, and the deviation from one frame to the next there
        self.is_active = False
        self.doubtful: Noise | None = None

    def look(self, pixels: Pixels, exposure: ExposureMap) -> None:
        """See whether a frame's noise would show, and measure it.

        Args:
            pixels: The frame as a picture, (H, W, 3) RGB or gray (H, W, 1).
            exposure: Its map.
        """
        if self._options.denoise == 0:
            return
        if self._looks % _LOOKS == 0 or self._of_picture is None or len(self._of_picture.shot) != pixels.shape[2]:
            self._of_picture = None
            self._frames_to_probe = 2
        self._looks += 1
        found = look(pixels, exposure, self._options, self._threads, self._measured)
        self.is_active = found is not None and found.is_noisy
        if found is not None and found.is_doubtful:
            self.doubtful = found.noise
        if not self.is_active:
            self._denoiser.reset()

    def restart(self) -> None:
        """Forget the frames before, as at a scene cut."""
        self._denoiser.reset()
        self._probe.reset()
        self._looks = 0
        self.doubtful = None

    def prime(self, pixels: Pixels, exposure: ExposureMap, following: Sequence[tuple[Planes, float]]) -> None:
        """Look at the first frame of a scene, and begin with what the frames after it show.

        Args:
            pixels: The first frame as a picture.
            exposure: Its map.
            following: The planes of the next frames, as far as they are known, each with the shift of its exposure.
        """
        self.restart()
        self.look(pixels, exposure)
        if len(following) > 1:
            for planes, _ in following[:2]:
                self._probed(planes)
            self.look(pixels, exposure)
        if self.is_active:
            for planes, shift in reversed(following[:_LATEST]):
                self._denoiser.denoise(planes, self._sigma)
                self._follow(-shift, planes[0])

    def denoise(self, planes: Planes, shift: float = 0.0) -> Planes:
        """Return the next frame with less noise, or the frame itself where none would show.

        Args:
            planes: Of the frame.
            shift: EV by which it is brighter as a whole than the frame before; 0 behind :meth:`prime`.

        Raises:
            OptionError: Its planes are of other sizes than those before.
        """
        if self._frames_to_probe and not self.is_active:
            self._probed(planes)
        if not self.is_active:
            return planes
        self._follow(shift, planes[0])
        result = self._denoiser.denoise(planes, self._sigma)
        if self._frames_to_probe:
            self._take(self._denoiser)
        return result

    def _follow(self, shift: float, guide: NDArray[Any]) -> None:
        """Expose what is remembered as the source was: luma or color by a curve, chroma by the curve's gain there."""
        if abs(shift) < _LEAST_SHIFT:
            return
        transfer = SDR if self._encoding is None else self._encoding.transfer
        white = (1 << self._bits) - 1
        values = np.arange(1 << BITS) / (white << (BITS - self._bits))

        def exposed(light: NDArray[np.float64]) -> NDArray[np.float64]:
            moved: NDArray[np.float64] = expose_signal(np.clip(light, 0, 1), shift, transfer) - np.clip(light, 0, 1)
            return light + moved

        def table(of: NDArray[np.float64]) -> NDArray[np.uint16]:
            return np.rint(np.clip(of, 0, 1) * (white << (BITS - self._bits))).astype(np.uint16)

        tables = [table(exposed((values - self._black) / self._span) * self._span + self._black)] * 3
        if self._encoding is not None:
            mean = max(_LEAST_LIGHT, (float(guide[::8, ::8].mean()) / white - self._black) / self._span)
            gain = float(exposed(np.array([mean]))[0]) / mean
            neutral = (white + 1) // 2 / white
            tables[1:] = [table(neutral + gain * (values - neutral))] * 2
        self._denoiser.follow(tables)

    def _probed(self, planes: Planes) -> None:
        """Measure the noise from one frame to the next, which are not denoised."""
        self._probe.denoise(planes[:1], self._sigma)
        self._take(self._probe)
        self._frames_to_probe = max(0, self._frames_to_probe - 1)
        if not self._frames_to_probe:
            self._probe.reset()

    def _take(self, denoiser: TemporalDenoiser) -> None:
        places, variances = denoiser.noise_seen()
        if places.size:
            self._over_time = np.stack([(places - self._black) / self._span, np.sqrt(variances) / self._span])

    def _measured(self, pixels: Pixels) -> Noise:
        """Return the noise of a frame, the stronger of what it shows itself and of what changes to the next."""
        if self._of_picture is None:
            self._of_picture = estimate(pixels)
        own = self._of_picture
        return MeasuredNoise(own.shot, own.read, own.step, *self._over_time)

    def _sigma(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the noise of the plane that guides at values of it."""
        own = self._of_picture
        middle = slice(0, 0) if own is None else slice(len(own.shot) // 2, len(own.shot) // 2 + 1)
        shot, read = (np.zeros(1), np.zeros(1)) if own is None else (own.shot[middle], own.read[middle])
        step = 1 / ((1 << self._bits) - 1) / self._span
        noise = MeasuredNoise(shot, read, step, *self._over_time)
        light = np.clip((values - np.float32(self._black)) / np.float32(self._span), 0, 1)
        result: NDArray[np.float32] = noise.sigma(light[..., np.newaxis])[..., 0] * np.float32(self._span)
        return result
