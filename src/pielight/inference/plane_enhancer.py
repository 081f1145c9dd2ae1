"""Frames held as planes of luma and chroma enhanced without flicker, and without a detour through RGB."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.inference.exposure_map import ExposureNetwork
from pielight.inference.exposure_track import FPS, ExposureTrack, FrameExposure
from pielight.inference.frame_denoiser import FrameDenoiser
from pielight.inference.processor import Processor
from pielight.inference.shadow_fade import cells_of_planes, shadow_fade
from pielight.ops.chroma_fade import fade_chroma
from pielight.ops.frame_thumbnail import SIDE, frame_thumbnail
from pielight.ops.hdr import SDR, render_sdr, sdr_of
from pielight.ops.yuv import Planes, YuvEncoding, by_rows, check_planes, yuv_to_rgb
from pielight.ops.yuv_exposure import expose_yuv
from pielight.options import KEEP, EnhanceOptions

T = TypeVar("T")
_ROWS = 8  # of each cell of a thumbnail that are looked at, about
_SIDE = 512  # pixels along the shorter side of a frame of HDR that the network looks at, about


@dataclass
class _Waiting(Generic[T]):
    planes: Planes
    rgb: NDArray[Any] | None  # if the network looked at it
    tag: T
    shift: float = 0.0  # of its exposure


class PlaneEnhancer(Generic[T]):
    """Enhances the frames of one stream, of one size and encoding, as planes.

    The same as :class:`~pielight.inference.frame_enhancer.FrameEnhancer` does with pictures, to a level; only what
    works on channels of R, G and B is not for it: black, warmth and tint. The network sees HDR as it looks in SDR
    (:mod:`pielight.ops.hdr`). Not for several threads.

    Args:
        processor: The model, with its runtime; one for which :meth:`suits` holds.
        options: How frames are enhanced.
        encoding: Of the planes.
        fps: Frames per second, where frames come without times.
        every: Frames from one look of the network to the next at most; None is a sixth of a second.
        ahead: Seconds of frames that a frame may wait for, whose maps are then smoothed in both directions. 0 returns
            each frame at once.
        in_place: Whether results take the memory of their frames.

    Raises:
        OptionError: A number is out of range, or the model or an option is not for planes.

    >>> from pielight import Enhancer
    >>> enhancer: PlaneEnhancer[int] = PlaneEnhancer(Enhancer(threads=1).processor, EnhanceOptions(), YuvEncoding())
    >>> dark = np.full((90, 160), 30, np.uint8), np.full((45, 80), 128, np.uint8), np.full((45, 80), 128, np.uint8)
    >>> [(bool(planes[0].mean() > 60), number) for planes, number in enhancer.push(dark, 7)]
    [(True, 7)]
    """

    def __init__(
        self,
        processor: Processor,
        options: EnhanceOptions,
        encoding: YuvEncoding,
        *,
        fps: float = FPS,
        every: int | None = None,
        ahead: float = 0.0,
        in_place: bool = False,
    ) -> None:
        network = processor.network
        if not isinstance(network, ExposureNetwork) or not self.suits(processor, options):
            raise OptionError("planes: only for models of exposures on the CPU, without black, warmth and tint")
        self._track = ExposureTrack(network, options.is_gated, fps=fps, every=every, ahead=ahead)
        self._options, self._encoding, self._threads = options, encoding, processor.runtime.threads
        self._denoiser = FrameDenoiser(options, encoding.bits, self._threads, encoding)
        self._in_place = in_place
        self._waiting: deque[_Waiting[T]] = deque()

    @staticmethod
    def suits(processor: Processor, options: EnhanceOptions) -> bool:
        """Return whether a model and options work on planes.

        >>> from pielight import Enhancer
        >>> processor = Enhancer(threads=1).processor
        >>> [PlaneEnhancer.suits(processor, EnhanceOptions(black=black)) for black in (0, 0.5)]
        [True, False]
        """
        is_plain = options.black == 0 and options.warmth == options.tint == KEEP
        return is_plain and isinstance(processor.network, ExposureNetwork) and processor.runtime.device is None

    def push(self, planes: Planes, tag: T, time: float | None = None) -> list[tuple[Planes, T]]:
        """Take the next frame, and return those that are ready, in order.

        Args:
            planes: Luma (H, W) and two planes of chroma: :func:`pielight.ops.yuv.check_planes`. They must not change
                until they come back.
            tag: What comes back with it.
            time: Of the frame, in seconds.

        Returns:
            Frames with their tags. A frame that needs nothing comes back itself, as it was.

        Raises:
            PielightError: They are no such planes, or a network is damaged.
        """
        check_planes(planes, self._encoding)
        waiting = _Waiting(planes if self._in_place else by_rows(planes), None, tag)

        def picture() -> NDArray[Any]:
            waiting.rgb = yuv_to_rgb(waiting.planes, self._encoding, self._threads)
            if self._encoding.transfer == SDR:
                return waiting.rgb
            step = max(1, min(waiting.rgb.shape[:2]) // _SIDE)
            return render_sdr(waiting.rgb[::step, ::step], self._encoding.transfer)

        self._waiting.append(waiting)
        waiting.shift = self._track.see(self._thumbnail(planes[0]), picture, time)
        return list(self._ready())

    def flush(self) -> list[tuple[Planes, T]]:
        """Return the frames that still wait: no other follows."""
        self._track.finish()
        return list(self._ready())

    def _ready(self) -> Iterator[tuple[Planes, T]]:
        for found in self._track.maps():
            frame = self._waiting.popleft()
            yield self._enhanced(frame, found), frame.tag

    def _enhanced(self, frame: _Waiting[T], found: FrameExposure) -> Planes:
        if self._options.strength == 0:
            return frame.planes
        shift = found.shift
        if frame.rgb is not None and (found.is_cut or found.number == 0):
            following = [(later.planes, later.shift) for later in self._waiting]
            self._denoiser.prime(frame.rgb, found.exposure, following)
            shift = 0.0
        elif frame.rgb is not None:
            self._denoiser.look(frame.rgb, found.exposure)
        elif found.is_cut or found.is_blank:
            self._denoiser.restart()
        luma, u, v = self._denoiser.denoise(frame.planes, shift)
        ev = found.exposure.at(self._options)
        if luma is frame.planes[0] and not ev.any():
            return frame.planes
        if self._denoiser.doubtful is not None:
            if u is frame.planes[1] and not self._in_place:
                u, v = u.copy(), v.copy()
            means = cells_of_planes((luma, u, v), self._encoding, self._threads)
            kept = shadow_fade(means, self._denoiser.doubtful, found.exposure, self._options)
            fade_chroma([u, v], kept, self._encoding.white, self._threads)
        out = frame.planes if self._in_place else None
        return expose_yuv((luma, u, v), ev, self._encoding, self._threads, out)

    def _thumbnail(self, luma: NDArray[Any]) -> NDArray[np.float32]:
        """Return the thumbnail of a plane of luma, in full range."""
        rows = luma[:: max(1, luma.shape[0] // (SIDE * _ROWS))]
        if self._encoding.bits > 8:
            rows = rows << (16 - self._encoding.bits)
        black, white = self._encoding.black, self._encoding.white
        small = frame_thumbnail(rows[..., np.newaxis])
        whole: NDArray[np.float32] = np.clip((small * white - black) / np.float32(self._encoding.ranges[0]), 0, 1)
        if self._encoding.transfer != SDR:
            return sdr_of(whole, self._encoding.transfer).astype(np.float32)
        return whole
