"""The frames of one stream enhanced one after the other, without flicker and without delay."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels, check_pixels
from pielight.errors import OptionError
from pielight.inference.exposure_map import ExposureNetwork
from pielight.inference.exposure_smoothing import SLOW
from pielight.inference.exposure_track import FPS, ExposureTrack, FrameExposure
from pielight.inference.pipeline_arrays import split_opacity
from pielight.inference.processor import FrameKind, Processor, Runtime, kind_of_frame
from pielight.ops.finish import Finish, apply_finish
from pielight.ops.frame_thumbnail import frame_thumbnail
from pielight.ops.noise import Noise, estimate
from pielight.options import EnhanceOptions

_NOISE_SECONDS = 1.0  # from one estimate of the noise to the next


class FrameEnhancer:
    """Enhances the frames of one stream: the network looks at some, and maps move smoothly between.

    It holds what frames share, an :class:`~pielight.inference.exposure_track.ExposureTrack`, the noise, which is
    estimated once a second, and the balance of colors. Models that predict no exposure map, as of haze or rain, enhance
    each frame by itself. Not for several threads; each stream needs its own.

    Args:
        processor: The model, with its runtime.
        options: How frames are enhanced.
        fps: Frames per second, by which changes are smoothed.
        every: Frames from one look of the network to the next at most; None is a sixth of a second.
        bgr: Whether channels are blue, green and red, as OpenCV has them.

    Raises:
        OptionError: A number is out of range.

    >>> from pielight import Enhancer
    >>> enhancer = FrameEnhancer(Enhancer(threads=1).processor, EnhanceOptions())
    >>> dark = np.full((90, 160, 3), 20, np.uint8)
    >>> [bool(enhancer(dark).mean() > 60) for _ in range(2)]
    [True, True]
    """

    def __init__(
        self,
        processor: Processor,
        options: EnhanceOptions,
        *,
        fps: float = FPS,
        every: int | None = None,
        bgr: bool = False,
    ) -> None:
        network = processor.network
        self._track = None
        if isinstance(network, ExposureNetwork):
            self._track = ExposureTrack(network, options.is_gated, fps=fps, every=every)
        self._processor, self._options, self._bgr, self._fps = processor, options, bgr, fps
        self._runtime = replace(processor.runtime, noise=self._noise_of)
        self._noise: tuple[FrameKind, int, Noise] | None = None
        self._finish = self._finish_aim = Finish(options.black)
        self._number = 0

    def __call__(self, frame: NDArray[Any]) -> NDArray[Any]:
        """Return the next frame, enhanced: a new array of the same shape and type.

        Args:
            frame: (H, W), (H, W, 1), (H, W, 3), or with opacity (H, W, 2), (H, W, 4): uint8, uint16, or floats in
                [0, 1]. The size may change from frame to frame.

        Raises:
            PielightError: It is no picture.
        """
        if not isinstance(frame, np.ndarray):
            raise OptionError(f"frame {self._number}: {type(frame).__name__}, expected a NumPy array")
        if self._options.strength == 0:
            return frame.copy()
        colors, opacity = split_opacity(frame)
        check_pixels(colors)
        result = self._enhanced(colors)
        self._number += 1
        return (result if opacity is None else np.concatenate([result, opacity], axis=2)).reshape(frame.shape)

    def _enhanced(self, colors: Pixels) -> Pixels:
        is_bgr = self._bgr and colors.shape[2] == 3
        rgb = colors[..., ::-1] if is_bgr else colors
        if self._track is None:
            result = self._processor.process(rgb, self._options)
            return np.ascontiguousarray(result[..., ::-1]) if is_bgr else result
        self._track.see(frame_thumbnail(colors, bgr=is_bgr), lambda: rgb)
        (found,) = self._track.maps()
        finish = self._finished(found, rgb)
        if finish.is_neutral and self._options.denoise == 0:  # channels are all exposed alike, in any order
            return self._exposed(colors, found, self._runtime)
        result = self._exposed(rgb, found, self._runtime)
        if not finish.is_neutral:
            apply_finish(rgb, result, finish, self._runtime.threads)
        return np.ascontiguousarray(result[..., ::-1]) if is_bgr else result

    def _exposed(self, pixels: Pixels, found: FrameExposure, runtime: Runtime) -> Pixels:
        """Denoise a frame as the options ask, and apply its map.

        This is the place of a denoiser that remembers frames: it takes the noise out of ``pixels`` before the map is
        applied, starts anew if ``found.is_cut``, and moves what it remembers by ``found.shift``. Until there is one,
        the denoiser for photos takes out of each frame what the map makes visible.
        """
        return found.exposure.process(pixels, self._options, runtime)

    def _finished(self, found: FrameExposure, rgb: Pixels) -> Finish:
        """Return the balance of colors of a frame, which moves slowly to that of the last look."""
        if found.is_look:
            self._finish_aim = self._processor.finish_for(rgb, found.exposure, self._options)
        if found.is_cut or self._number == 0:
            self._finish = self._finish_aim
        else:
            share = 1 - math.exp(-1 / (self._fps * SLOW))
            was, aim = self._finish, self._finish_aim
            warmth, tint = (a + share * (b - a) for a, b in ((was.warmth, aim.warmth), (was.tint, aim.tint)))
            self._finish = Finish(aim.black, warmth, tint)
        if found.is_cut:
            self._noise = None
        return self._finish

    def _noise_of(self, pixels: Pixels) -> Noise:
        """Return the noise of frames like this one, estimated now and then."""
        kind = kind_of_frame(pixels)
        if self._noise and self._noise[0] == kind and self._number - self._noise[1] < self._fps * _NOISE_SECONDS:
            return self._noise[2]
        noise = estimate(pixels)
        self._noise = kind, self._number, noise
        return noise
