"""The frames of one stream enhanced one after the other, without flicker and without delay."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels, check_pixels
from pielight.core.threads import check_threads, share_rows
from pielight.errors import OptionError
from pielight.inference.exposure_map import ExposureMap, ExposureNetwork
from pielight.inference.exposure_smoothing import SLOW
from pielight.inference.exposure_track import FPS, ExposureTrack, FrameExposure
from pielight.inference.frame_denoiser import FrameDenoiser
from pielight.inference.pipeline_arrays import (
    check_tensor,
    is_tensor,
    split_opacity,
    tensor_batch,
    tensor_like,
    tensor_pixels,
)
from pielight.inference.processor import BatchEngine, FrameKind, Processor, kind_of_frame
from pielight.inference.shadow_fade import cells_of_picture, shadow_fade
from pielight.ops.chroma_fade import fade_colors
from pielight.ops.finish import Finish, apply_finish
from pielight.ops.frame_thumbnail import frame_thumbnail
from pielight.options import EnhanceOptions

if TYPE_CHECKING:
    from torch import Tensor

_BITS = 15  # that are denoised of deep frames


class FrameEnhancer:
    """Enhances the frames of one stream: the network looks at some, and maps move smoothly between.

    It holds what frames share: an :class:`~pielight.inference.exposure_track.ExposureTrack`, a
    :class:`~pielight.inference.frame_denoiser.FrameDenoiser`, and the balance of colors. Models that predict no
    exposure map, as of haze or rain, enhance each frame by itself. Not for several threads; each stream needs its own.

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
            self._track = ExposureTrack(processor.runtime.engine or network, options.is_gated, fps=fps, every=every)
        self._processor, self._options, self._bgr, self._fps = processor, options, bgr, fps
        self._denoiser: FrameDenoiser | None = None
        self._kind: FrameKind | None = None  # of the frames that the denoiser remembers
        self._finish = self._finish_aim = Finish(options.black)
        self._number = 0

    @overload
    def __call__(self, frame: NDArray[Any]) -> NDArray[Any]: ...

    @overload
    def __call__(self, frame: Tensor) -> Tensor: ...

    def __call__(self, frame: Any) -> Any:
        """Return the next frame, enhanced: a new array of the same shape and type.

        Args:
            frame: (H, W), (H, W, 1), (H, W, 3), or with opacity (H, W, 2), (H, W, 4): uint8, uint16, or floats in
                [0, 1]. The size may change from frame to frame. Or a torch tensor: one frame (3, H, W), or the next
                ones (N, 3, H, W), which stay on the device of the enhancer if they are not denoised.

        Raises:
            PielightError: It is no picture.
        """
        if is_tensor(frame):
            return self._next_ones(frame)
        if not isinstance(frame, np.ndarray):
            raise OptionError(f"frame {self._number}: {type(frame).__name__}, expected a NumPy array or a tensor")
        if self._options.strength == 0:
            return frame.copy()
        colors, opacity = split_opacity(frame)
        check_pixels(colors)
        result = self._enhanced(colors)
        self._number += 1
        return (result if opacity is None else np.concatenate([result, opacity], axis=2)).reshape(frame.shape)

    def _next_ones(self, frames: Tensor) -> Tensor:
        """Enhance a tensor of one frame or several: maps one after the other, pixels in one batch."""
        check_tensor(frames)
        if self._bgr:
            raise OptionError("bgr is only for arrays")
        if self._options.strength == 0:
            return frames.detach().clone()
        engine = self._processor.runtime.engine
        if engine is None or self._track is None or self._options.denoise != 0:
            return tensor_like(frames, [self(pixels) for pixels in tensor_pixels(frames)])
        batch = tensor_batch(frames, engine)
        found = [
            self._next_map(engine, picture, small)
            for picture, small in zip(batch.split(1), engine.frame_thumbnails(batch), strict=True)
        ]
        maps, finishes = zip(*found, strict=True)
        return engine.render(batch, maps, self._options, finishes).reshape(frames.shape).to(frames.device, frames.dtype)

    def _next_map(self, engine: BatchEngine, frame: Tensor, small: Pixels) -> tuple[ExposureMap, Finish]:
        """Return the map and the balance of colors of the next frame on a device, (1, 3, H, W), by its thumbnail."""
        assert self._track is not None
        self._track.see(small, lambda: frame)
        (found,) = self._track.maps()
        finish = self._finished(
            found, lambda: self._processor.finishes_for(engine, frame, [found.exposure], self._options)[0]
        )
        self._number += 1
        return found.exposure, finish

    def _enhanced(self, colors: Pixels) -> Pixels:
        is_bgr = self._bgr and colors.shape[2] == 3
        rgb = colors[..., ::-1] if is_bgr else colors
        if self._track is None:
            result = self._processor.process(rgb, self._options)
            return np.ascontiguousarray(result[..., ::-1]) if is_bgr else result
        self._track.see(frame_thumbnail(colors, bgr=is_bgr), lambda: rgb)
        (found,) = self._track.maps()
        finish = self._finished(found, partial(self._processor.finish_for, rgb, found.exposure, self._options))
        if finish.is_neutral:  # channels are all exposed alike, in any order
            return self._exposed(colors, rgb, found)
        result = np.ascontiguousarray(self._exposed(rgb, rgb, found))
        apply_finish(rgb, result, finish, self._processor.runtime.threads)
        return np.ascontiguousarray(result[..., ::-1]) if is_bgr else result

    def _exposed(self, pixels: Pixels, rgb: Pixels, found: FrameExposure) -> Pixels:
        """Take the noise out of a frame that its map would show, and apply the map."""
        runtime = self._processor.runtime
        kind, is_bgr = kind_of_frame(pixels), pixels is not rgb
        is_new = self._denoiser is None or kind != self._kind
        if self._denoiser is None or is_new:
            bits = 8 if pixels.dtype == np.uint8 else _BITS
            self._denoiser, self._kind = FrameDenoiser(self._options, bits, runtime.threads), kind
        if found.is_cut or found.is_blank:
            self._denoiser.restart()
        if is_new or found.is_look:
            self._denoiser.look(rgb, found.exposure)
        if self._denoiser.is_active:
            threads = check_threads(runtime.threads)
            planes = self._denoiser.denoise(_planes(pixels, threads), found.shift)
            pixels = _picture(planes, pixels.dtype, threads)
        if self._denoiser.doubtful is not None:
            pixels = np.ascontiguousarray(pixels) if self._denoiser.is_active else pixels.copy(order="C")
            means = cells_of_picture(pixels, runtime.threads)
            kept = shadow_fade(
                means[..., ::-1] if is_bgr else means, self._denoiser.doubtful, found.exposure, self._options
            )
            fade_colors(pixels, kept, is_bgr, runtime.threads)
        return found.exposure.render(pixels, self._options, runtime.threads, device=runtime.device)

    def _finished(self, found: FrameExposure, find: Callable[[], Finish]) -> Finish:
        """Return the balance of colors of a frame, which moves slowly to that of the last look."""
        if found.is_look:
            self._finish_aim = find()
        if found.is_cut or self._number == 0:
            self._finish = self._finish_aim
        else:
            share = 1 - math.exp(-1 / (self._fps * SLOW))
            was, aim = self._finish, self._finish_aim
            warmth, tint = (a + share * (b - a) for a, b in ((was.warmth, aim.warmth), (was.tint, aim.tint)))
            self._finish = Finish(aim.black, warmth, tint)
        return self._finish


def _planes(pixels: Pixels, threads: int) -> list[Pixels]:
    """Return the channels of a picture, green first, in 8 or 15 bits."""
    if pixels.dtype == np.uint16:
        pixels = pixels >> 1
    elif pixels.dtype != np.uint8:
        pixels = np.rint(pixels * np.float32((1 << _BITS) - 1)).astype(np.uint16)
    order = (1, 0, 2) if pixels.shape[2] == 3 else (0,)
    planes = [np.empty(pixels.shape[:2], pixels.dtype) for _ in order]

    def copy(top: int, bottom: int) -> None:
        for plane, channel in zip(planes, order, strict=True):
            plane[top:bottom] = pixels[top:bottom, :, channel]

    share_rows(copy, len(pixels), pixels.size, threads)
    return planes


def _picture(planes: Sequence[Pixels], dtype: np.dtype[Any], threads: int) -> Pixels:
    """Undo :func:`_planes`."""
    ordered = [planes[1], planes[0], planes[2]] if len(planes) == 3 else planes
    pixels: Pixels = np.empty((*planes[0].shape, len(planes)), planes[0].dtype)

    def copy(top: int, bottom: int) -> None:
        for channel, plane in enumerate(ordered):
            pixels[top:bottom, :, channel] = plane[top:bottom]

    share_rows(copy, len(pixels), pixels.size, threads)
    if dtype == np.uint16:
        return (pixels << 1) | (pixels >> (_BITS - 1))
    return pixels if dtype == np.uint8 else (pixels / np.float32((1 << _BITS) - 1)).astype(dtype)
