"""The enhancement of a clip's frames, in order, behind two calls: push and flush."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pielight.core.threads import check_threads
from pielight.enhancer import Enhancer
from pielight.errors import PictureError
from pielight.inference.exposure_track import FPS
from pielight.inference.frame_enhancer import FrameEnhancer
from pielight.inference.plane_enhancer import PlaneEnhancer
from pielight.ops.yuv import YuvEncoding
from pielight.options import EnhanceOptions
from pielight.video.alpha import copy_alpha
from pielight.video.color import Color, Converter, copy_time, is_packed
from pielight.video.hdr_metadata import dynamic_in
from pielight.video.probe import ClipInfo, side_data_of
from pielight.video.yuv_frame import encoding_by, encoding_of, planes_of

_AHEAD = 0.5  # seconds of frames that a map may wait for
_MOST_BYTES = 256 << 20  # of frames that wait
Kind = tuple[str, int, int, Color]


class ClipEnhancer:
    """Enhances the frames of one clip without flicker; they come out in order, with time and color, some later.

    Planes of luma and chroma are enhanced as such, with maps that are smoothed in both directions; other frames as RGB,
    each at once. HDR is for planes only: :func:`check_hdr`.

    Args:
        enhancer: The model.
        options: Strength and the like.
        every: The network looks at every Nth frame, or more often; None is a sixth of a second.
        pix_fmt: Pixel format of the results; None is that of each frame.
        fps: Frames per second, where they have no times.
        keep: Whether the frames that were pushed must stay as they are.

    >>> frame = VideoFrame(64, 48, "yuv420p")
    >>> frame.pts = 7
    >>> frames = ClipEnhancer(Enhancer(threads=1), EnhanceOptions())
    >>> [one.pts for one in frames.push(frame) + frames.flush()]
    [7]
    """

    def __init__(
        self,
        enhancer: Enhancer,
        options: EnhanceOptions,
        every: int | None = None,
        pix_fmt: str | None = None,
        fps: float = FPS,
        keep: bool = False,
    ) -> None:
        if options.auto is None:
            options = replace(options, auto=enhancer.auto)
        self._processor, self._options, self._pix_fmt = enhancer.processor, options, pix_fmt
        self._every, self._fps, self._keep = every, fps, keep
        self._converter = Converter(check_threads(enhancer.threads))
        self._kind: Kind | None = None  # of the frames that the following enhance
        self._planes: PlaneEnhancer[VideoFrame] | None = None
        self._encoding: YuvEncoding | None = None
        self._pictures: FrameEnhancer | None = None

    def push(self, frame: VideoFrame) -> list[VideoFrame]:
        """Take the next frame, and return those that are ready.

        Raises:
            PielightError: A network is damaged.
        """
        if self._options.strength == 0:
            return [self._in_format(frame)]
        kind = frame.format.name, frame.width, frame.height, Color.of(frame)
        ready = []
        if kind != self._kind:
            ready, self._kind = self.flush(), kind
            self._begin(frame)
        if self._planes is None or self._encoding is None:
            return [*ready, self._as_picture(frame)]
        if self._keep or (Color.of(frame).hdr and dynamic_in(side_data_of(frame))):
            result = VideoFrame(frame.width, frame.height, frame.format.name)
            for to, plane in zip(planes_of(result, self._encoding), planes_of(frame, self._encoding), strict=True):
                to[...] = plane
            Color.of(frame).give(result)
            copy_time(frame, result)
            copy_alpha(frame, result)
        else:
            frame.make_writable()  # a copy with all that belongs to it, where the decoder still needs the frame
            result = frame
        found = self._planes.push(planes_of(result, self._encoding), result, frame.time)
        return [*ready, *(self._in_format(one) for _, one in found)]

    def flush(self) -> list[VideoFrame]:
        """Return the frames that are left at the end of the clip."""
        return [] if self._planes is None else [self._in_format(frame) for _, frame in self._planes.flush()]

    def _begin(self, frame: VideoFrame) -> None:
        """Start anew with frames like this one."""
        own = frame.format.name
        is_own = self._pix_fmt in (None, own) or Color.of(frame).hdr or is_packed(str(self._pix_fmt), own)
        self._encoding = encoding_of(frame) if is_own else None
        self._planes = self._pictures = None
        if self._encoding is None or not PlaneEnhancer.suits(self._processor, self._options):
            self._pictures = FrameEnhancer(self._processor, self._options, fps=self._fps, every=self._every)
            return
        size = sum(plane.buffer_size for plane in frame.planes)
        ahead = min(_AHEAD, _MOST_BYTES / size / self._fps)
        self._planes = PlaneEnhancer(
            self._processor, self._options, self._encoding,
            fps=self._fps, every=self._every, ahead=ahead, in_place=True,
        )  # fmt: skip

    def _as_picture(self, frame: VideoFrame) -> VideoFrame:
        assert self._pictures is not None
        rgb = self._converter.to_rgb(frame)
        if rgb is frame:  # it was RGB already, and the side-by-side view shows it, too
            rgb = _copied(frame)
        pixels = pixels_of(rgb)
        pixels[...] = self._pictures(pixels)
        result = self._converter.back(rgb, frame, self._pix_fmt or frame.format.name)
        copy_alpha(frame, result)
        copy_time(frame, result)
        return result

    def _in_format(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame in the pixel format of the results."""
        if self._pix_fmt in (None, frame.format.name):
            return frame
        if is_packed(str(self._pix_fmt), frame.format.name):
            return self._converter.repacked(frame, str(self._pix_fmt))
        return self._converter.back(self._converter.to_rgb(frame), frame, str(self._pix_fmt))


def check_hdr(info: ClipInfo, enhancer: Enhancer, options: EnhanceOptions, source: str) -> None:
    """Refuse what cannot be done with HDR; ordinary clips pass.

    Raises:
        PictureError: It is HDR, and its pixels are no planes of luma and chroma, or options or the model are not for
            it.
    """
    if not info.color.hdr or options.strength == 0:
        return
    if encoding_by(info.pix_fmt, info.height, info.color) is None:
        raise PictureError(
            f"{source}: HDR ({info.color.hdr}) in {info.pix_fmt} is not enhanced; convert it to yuv420p10"
        )
    if not PlaneEnhancer.suits(enhancer.processor, options):
        what = "by models that brighten, on the CPU, without black, warmth and tint"
        raise PictureError(f"{source}: HDR ({info.color.hdr}) is enhanced {what} only; convert the clip to SDR first")


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
