"""The enhancement of a clip's frames, in order, behind two calls: push and flush."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pielight.core.threads import check_threads
from pielight.enhancer import Enhancer
from pielight.inference.exposure_map import ExposureMap, ExposureNetwork
from pielight.options import AUTO, EnhanceOptions
from pielight.video.alpha import copy_alpha
from pielight.video.color import Converter, copy_time


class ClipEnhancer:
    """Enhances the frames of one clip; they come out in order, some later than they went in, with time and color.

    The network looks at every Nth frame, and the maps of exposures between are blended. Models of another kind see
    each frame.

    Args:
        enhancer: The model.
        options: Strength and the like; ``denoise="auto"`` removes no noise, a number removes it frame by frame.
        every: The network looks at every Nth frame.
        pix_fmt: Pixel format of the results; None is that of each frame.

    >>> frame = VideoFrame(64, 48, "yuv420p")
    >>> frame.pts = 7
    >>> frames = ClipEnhancer(Enhancer(threads=1), EnhanceOptions(), every=2)
    >>> [one.pts for one in frames.push(frame) + frames.flush()]
    [7]
    """

    def __init__(self, enhancer: Enhancer, options: EnhanceOptions, every: int = 1, pix_fmt: str | None = None) -> None:
        if options.auto is None:
            options = replace(options, auto=enhancer.auto)
        self._options = replace(options, denoise=0) if options.denoise == AUTO else options
        self._processor, self._every, self._pix_fmt = enhancer.processor, every, pix_fmt
        self._converter = Converter(check_threads(enhancer.threads))
        self._waiting: list[VideoFrame] = []  # frames since the last map
        self._last: ExposureMap | None = None

    def push(self, frame: VideoFrame) -> list[VideoFrame]:
        """Take the next frame, and return those that are ready.

        Raises:
            PielightError: A network is damaged.
        """
        network = self._processor.network
        if self._options.strength == 0:
            return [self._unchanged(frame)]
        if not isinstance(network, ExposureNetwork):
            return [self._enhanced(frame, None)]
        self._waiting.append(frame)
        if self._last is not None and len(self._waiting) < self._every:
            return []
        rgb = self._converter.to_rgb(frame)
        return self._release(network.predict(pixels_of(rgb), self._options.is_gated), rgb)

    def flush(self) -> list[VideoFrame]:
        """Return the frames that are left at the end of the clip."""
        return self._release(self._last) if self._last is not None else []

    def _release(self, predicted: ExposureMap, rgb: VideoFrame | None = None) -> list[VideoFrame]:
        """Enhance the frames that wait, by the last map blended with the one of the newest frame, or its RGB."""
        last, frames = self._last or predicted, self._waiting
        self._last, self._waiting = predicted, []
        shares = ((number + 1) / len(frames) for number in range(len(frames)))
        return [
            self._enhanced(
                frame,
                predicted if last is predicted or share == 1 else last.blend(predicted, share),
                rgb if frame is frames[-1] else None,
            )
            for frame, share in zip(frames, shares, strict=True)
        ]

    def _enhanced(self, frame: VideoFrame, prediction: ExposureMap | None, rgb: VideoFrame | None = None) -> VideoFrame:
        rgb = rgb or self._converter.to_rgb(frame)
        if rgb is frame:  # it was RGB already, and the side-by-side view shows it, too
            rgb = _copied(frame)
        pixels = pixels_of(rgb)
        processor = replace(self._processor, prediction=prediction)
        processor.process(pixels, self._options, pixels)
        result = self._converter.back(rgb, frame, self._pix_fmt or frame.format.name)
        copy_alpha(frame, result)
        copy_time(frame, result)
        return result

    def _unchanged(self, frame: VideoFrame) -> VideoFrame:
        if self._pix_fmt in (None, frame.format.name):
            return frame
        return self._converter.back(self._converter.to_rgb(frame), frame, str(self._pix_fmt))


def _copied(rgb: VideoFrame) -> VideoFrame:
    copy = VideoFrame(rgb.width, rgb.height, rgb.format.name)
    pixels_of(copy)[...] = pixels_of(rgb)
    return copy


def pixels_of(rgb: VideoFrame) -> NDArray[Any]:
    """Return the pixels of a frame in rgb24 or rgb48le as an array (H, W, 3) that shares its memory.

    >>> pixels_of(VideoFrame(6, 4, "rgb48le")).shape
    (4, 6, 3)
    """
    plane = rgb.planes[0]
    kind = np.dtype("<u2") if rgb.format.name == "rgb48le" else np.dtype(np.uint8)
    data: NDArray[Any] = np.frombuffer(memoryview(plane), kind)
    rows = data.reshape(-1, plane.line_size // kind.itemsize)
    return rows[: rgb.height, : 3 * rgb.width].reshape(rgb.height, rgb.width, 3)
