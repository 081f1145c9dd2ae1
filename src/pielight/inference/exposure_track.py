"""The exposure maps of all frames of a clip, from a look of the network at some of them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pielight.errors import OptionError
from pielight.inference.exposure_map import ExposureMap
from pielight.inference.exposure_smoothing import CausalSmoother, Look, smoothed
from pielight.inference.fades import SeenFrame, held_light
from pielight.inference.scene_cut import SceneCutDetector
from pielight.ops.exposure_shift import exposure_shift, is_nearly_black

FPS = 30.0  # frames per second where nobody says so
INTERVAL = 1 / 6  # seconds between two looks, about
_DRIFT = 0.3  # EV of change since the last look at which the network looks at once
_SUDDEN, _LEAST_SUDDEN = 2.5, 0.1  # times the usual change of a cell, and EV, at which it looks at once, too
_ROUNDING = 1e-3  # of a frame, of sums of its duration
_MEMORY = 0.1  # share of the newest frame in the usual change


class PredictsMaps(Protocol):
    """Predicts the exposure map of a picture."""

    def predict(self, pixels: Any, auto: bool = True) -> ExposureMap:
        """Return the map of a picture, (H, W, 1 or 3), or what it takes in its place."""


class FrameExposure(NamedTuple):
    """What a track knows of one frame.

    Attributes:
        number: Of the frame, from 0.
        exposure: Its map.
        is_cut: Whether it begins another scene; what remembers frames, such as a denoiser, starts anew.
        shift: EV by which the source became brighter as a whole since the frame before; 0 after a cut.
        is_look: Whether the network looked at it.
        is_blank: Whether it shows nothing, such as black.
    """

    number: int
    exposure: ExposureMap
    is_cut: bool
    shift: float
    is_look: bool
    is_blank: bool


class ExposureTrack:
    """Sees the frames of one clip in their order, and gives each its exposure map, in the same order.

    ``see`` each frame, then take what ``maps`` yields; after the last frame call ``finish``, and take the rest::

        track = ExposureTrack(network, fps=30, ahead=0.5)
        for frame in decoder:
            waiting.append(frame)
            track.see(thumbnail_of(frame), lambda: rgb_of(frame), frame.time)
            for found in track.maps():
                write(expose(waiting.popleft(), found.exposure))
        track.finish()  # and once more the inner loop

    Every frame costs a thumbnail of 32 x 32 cells of brightness (:func:`pielight.ops.frame_thumbnail.frame_thumbnail`;
    the Y plane of a decoder as a gray picture will do, always in the same range). The network looks at every n-th
    frame, at the first one of each scene, and where light or exposure change at once; only then is the frame asked for
    as a picture, within ``see``. It does not look at black frames. Nothing is smoothed over a scene cut. Memory is
    bounded; not for several threads.

    Args:
        network: Predicts maps: a network, or the engine of a device.
        auto: Whether well-exposed pictures stay as they are.
        fps: Frames per second, where ``see`` is given no times.
        every: Frames from one look to the next at most; None is a sixth of a second.
        ahead: Seconds of frames that a map may wait for. 0 is for streams: each map is there as soon as its frame was
            seen. Above 0, maps are smoothed in both directions, without lag, and come later (:meth:`delay`).

    Raises:
        OptionError: A number is out of range.

    >>> from pielight.inference.exposure_map import DESCRIPTOR
    >>> from pielight.inference.descriptor import find_model
    >>> from pielight.ops.frame_thumbnail import frame_thumbnail
    >>> track = ExposureTrack(DESCRIPTOR.open(find_model("brighten", None).path, 1))
    >>> frame = np.full((90, 160, 3), 20, np.uint8)
    >>> for _ in range(3):
    ...     shift = track.see(frame_thumbnail(frame), lambda: frame)
    ...     print([(found.number, found.is_look) for found in track.maps()])
    [(0, True)]
    [(1, False)]
    [(2, False)]
    """

    def __init__(
        self,
        network: PredictsMaps,
        auto: bool = True,
        *,
        fps: float = FPS,
        every: int | None = None,
        ahead: float = 0.0,
    ) -> None:
        if not 0 < fps < 1e6:
            raise OptionError(f"fps {fps!r}: must be above 0")
        if every is not None and (not isinstance(every, int) or every < 1):
            raise OptionError(f"every {every!r}: must be a whole number, at least 1, or None")
        if not 0 <= ahead <= 10:
            raise OptionError(f"ahead {ahead!r}: must lie between 0 and 10 seconds")
        self._network, self._auto = network, auto
        self.fps, self.every, self.ahead = fps, every or max(1, round(fps * INTERVAL)), ahead
        self._cuts, self._smoother = SceneCutDetector(), CausalSmoother(auto)
        self._before: NDArray[np.floating] | None = None
        self._index, self._since_look, self._time = 0, 0, 0.0
        self._told: float | None = None
        self._light, self._light_of_look = 0.0, 0.0
        self._usual: float | None = None
        self._looks: list[Look] = []
        self._waiting: deque[SeenFrame] = deque()
        self._past: deque[SeenFrame] = deque()  # of the scene, as far as it is smoothed
        self._ready: deque[FrameExposure] = deque()

    def delay(self) -> int:
        """Return for how many further frames a map may have to wait at a steady ``fps``: how many to keep.

        >>> from pielight.inference.exposure_map import DESCRIPTOR
        >>> from pielight.inference.descriptor import find_model
        >>> network = DESCRIPTOR.open(find_model("brighten", None).path, 1)
        >>> [ExposureTrack(network, fps=30, ahead=ahead).delay() for ahead in (0.0, 0.5)]
        [0, 15]
        """
        return 0 if self.ahead == 0 else max(int(np.ceil(self.ahead * self.fps)), self.every)

    def see(self, thumbnail: NDArray[np.floating], full: Callable[[], Any], time: float | None = None) -> float:
        """Take in the next frame.

        Args:
            thumbnail: Brightness of the frame in cells, (32, 32) in [0, 1].
            full: Returns the frame as a picture, (H, W, 3) RGB or (H, W, 1): uint8, uint16, or floats in [0, 1]; or
                what the network takes in its place. Called at once, or not at all.
            time: Of the frame, in seconds; times may be anything that rises. None is ``1 / fps`` after the one before.

        Returns:
            EV by which the source became brighter as a whole since the frame before, as its map will tell, too.

        Raises:
            PielightError: The thumbnail has another shape than before, or what ``full`` returns is no picture.
        """
        seconds = self._seconds(time)
        was_blank = self._cuts.is_blank
        is_cut = self._cuts.see(thumbnail)
        is_first = self._before is None
        shift, is_sudden = (0.0, False) if is_cut or self._before is None else self._change(self._before, thumbnail)
        if is_cut:
            self._end_scene()
        self._before = thumbnail
        self._light += shift
        self._since_look += 1
        is_jump = is_sudden or was_blank or abs(self._light - self._light_of_look) > _DRIFT
        is_due = is_cut or is_jump or self._since_look >= self.every
        is_look = is_first or (is_due and not self._cuts.is_blank)  # of a black frame it would learn nothing
        predicted = self._network.predict(full(), self._auto) if is_look else None
        if predicted is not None:
            self._since_look, self._light_of_look = 0, self._light
            if self.ahead:
                is_step = is_sudden or abs(shift) > _DRIFT
                self._looks.append(Look(self._time, self._light, predicted, is_step, is_nearly_black(thumbnail)))
        seen = SeenFrame(self._index, self._time, self._light, is_cut, shift, is_look, self._cuts.is_blank)
        self._index += 1
        if self.ahead == 0:
            self._ready.append(_found(seen, self._smoother.see(predicted, shift, seconds, is_sudden)))
        else:
            self._waiting.append(seen)
            self._give()
        return shift

    def maps(self) -> Iterator[FrameExposure]:
        """Yield what is ready, in the order of the frames; each frame once."""
        while self._ready:
            yield self._ready.popleft()

    def finish(self) -> None:
        """Make the maps of the frames that still wait: no other frame follows."""
        self._end_scene()

    def _seconds(self, time: float | None) -> float:
        """Return the time since the frame before, and keep that of this one."""
        seconds = np.nan if time is None or self._told is None else time - self._told
        if not 0 < seconds < np.inf:  # times that are not known, stand still or run back, as in some files
            seconds = 1 / self.fps
        self._told = time
        self._time += seconds
        return seconds

    def _change(self, before: NDArray[np.floating], after: NDArray[np.floating]) -> tuple[float, bool]:
        """Return the shift of exposure between two frames, and whether something else changed at once."""
        shift, rest = exposure_shift(before, after)
        usual = rest if self._usual is None else self._usual
        is_sudden = rest > _SUDDEN * usual + _LEAST_SUDDEN
        self._usual = usual + _MEMORY * (rest - usual)
        return shift, is_sudden

    def _end_scene(self) -> None:
        """Make the maps of a scene's last frames, and forget it."""
        while self._waiting:
            self._give_one()
        last = self._past[-1] if self._past and self._past[-1].is_blank else None
        self._past = deque() if last is None else deque([replace(last, light=-math.inf)])
        self._smoother.restart()
        self._looks.clear()
        self._light = self._light_of_look = 0.0
        self._usual = None

    def _give(self) -> None:
        """Make the maps of frames that no further look within reach can change."""
        while self._waiting and self._time >= self._waiting[0].time + self.ahead - _ROUNDING / self.fps:
            first = self._waiting[0]
            is_between = self._looks[-1].time >= first.time
            if not is_between and self._index - first.index <= self.every:  # later there is none: frames are black
                return
            self._give_one()

    def _give_one(self) -> None:
        seen = self._waiting.popleft()
        while len(self._looks) > 1 and self._looks[1].time <= seen.time - self.ahead:
            if self._looks[1].is_dim and not self._looks[0].is_dim:  # what is nearly black tells less than before
                self._looks.pop(1)
            else:
                self._looks.pop(0)
        while self._past and self._past[0].time < seen.time - self.ahead:
            self._past.popleft()
        light = held_light(seen, self._past, self._waiting, self.ahead)
        self._past.append(seen)
        exposure = smoothed(self._looks, seen.time, light, self.ahead, self._auto)
        self._ready.append(_found(seen, exposure))


def _found(seen: SeenFrame, exposure: ExposureMap) -> FrameExposure:
    return FrameExposure(seen.index, exposure, seen.is_cut, seen.shift, seen.is_look, seen.is_blank)
