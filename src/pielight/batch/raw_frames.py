"""Raw frames in a stream, one behind the other without headers, as ``ffmpeg -f rawvideo`` reads and writes them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from pielight.batch.stream import write_stdout
from pielight.core.interrupt import deferred_interrupt
from pielight.core.signals import SIGNALED
from pielight.core.standard_streams import reason
from pielight.enhancer import Enhancer
from pielight.errors import OptionError, PictureError
from pielight.inference.plane_enhancer import PlaneEnhancer
from pielight.ops.yuv import Planes, YuvEncoding, rgb_to_yuv420, yuv_to_rgb
from pielight.options import EnhanceOptions

PixelFormat: TypeAlias = Literal["rgb24", "yuv420p", "nv12"]
FrameFilter: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
MOST_PIXELS = 1 << 28  # of a frame: 16,384 x 16,384
_HIGH_DEFINITION = 720  # lines, from which on frames are taken for BT.709


@dataclass(frozen=True)
class RawLayout:
    """How the bytes of a raw frame lie.

    Attributes:
        width: Pixels of a row.
        height: Rows.
        pixel_format: ``"rgb24"``; ``"yuv420p"``, planes Y, U, V; or ``"nv12"``, Y, and U and V in turns.
        matrix: ``"bt601"`` or ``"bt709"``; None is BT.709 from 720 lines on.
        full_range: Whether luma goes from 0 to 255 and not from 16 to 235.

    Raises:
        OptionError: A side is below 1, or there is no such format.

    >>> RawLayout(4, 3).size, RawLayout(5, 3, "nv12").size
    (36, 27)
    """

    width: int
    height: int
    pixel_format: PixelFormat = "rgb24"
    matrix: str | None = None
    full_range: bool = False

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0 and self.width * self.height <= MOST_PIXELS):
            raise OptionError(
                f"size {self.width}x{self.height}: expected sides from 1, and {MOST_PIXELS} pixels at most"
            )
        if self.pixel_format not in get_args(PixelFormat):
            raise OptionError(f"pixel format {self.pixel_format!r}: choose {', '.join(get_args(PixelFormat))}")

    @property
    def size(self) -> int:
        """Bytes of a frame."""
        if self.pixel_format == "rgb24":
            return 3 * self.width * self.height
        low = self._low()
        return self.width * self.height + 2 * low[0] * low[1]

    def planes(self, data: NDArray[np.uint8]) -> Planes:
        """Return views of the planes in the bytes of a frame, not of rgb24."""
        luma, low = self.width * self.height, self._low()
        y = data[:luma].reshape(self.height, self.width)
        if self.pixel_format == "nv12":
            pairs = data[luma:].reshape(*low, 2)
            return y, pairs[..., 0], pairs[..., 1]
        u, v = data[luma:].reshape(2, *low)
        return y, u, v

    def pack(self, planes: Planes) -> NDArray[np.uint8]:
        """Return the bytes of a frame of planes."""
        y, u, v = planes
        chroma = np.stack([u, v], 2) if self.pixel_format == "nv12" else np.stack([u, v])
        return np.concatenate([y.reshape(-1), chroma.reshape(-1)])

    def decode(self, data: NDArray[np.uint8], threads: int | None = None) -> NDArray[np.uint8]:
        """Return the picture (H, W, 3) in the bytes of a frame; of rgb24, a view of them.

        >>> RawLayout(2, 1).decode(np.arange(6, dtype=np.uint8)).tolist()
        [[[0, 1, 2], [3, 4, 5]]]
        """
        if self.pixel_format == "rgb24":
            return data.reshape(self.height, self.width, 3)
        return yuv_to_rgb(self.planes(data), self.encoding, threads)

    def encode(self, rgb: NDArray[Any], threads: int | None = None) -> NDArray[np.uint8]:
        """Return the bytes of a frame.

        >>> RawLayout(2, 2, "yuv420p").encode(np.zeros((2, 2, 3), np.uint8)).tolist()
        [16, 16, 16, 16, 128, 128]
        """
        if self.pixel_format == "rgb24":
            return np.ascontiguousarray(rgb).reshape(-1)
        return self.pack(rgb_to_yuv420(rgb, self.encoding, threads))

    def _low(self) -> tuple[int, int]:
        return (self.height + 1) // 2, (self.width + 1) // 2

    @property
    def encoding(self) -> YuvEncoding:
        """How planes encode R'G'B'."""
        return YuvEncoding(self.matrix or ("bt709" if self.height >= _HIGH_DEFINITION else "bt601"), self.full_range)


def frame_filter(
    enhancer: Enhancer, options: EnhanceOptions, layout: RawLayout, *, fps: float, every: int | None = None
) -> FrameFilter:
    """Return the function from the bytes of a frame to those of the result, for one stream.

    Planes are enhanced as they are; where colors are balanced or black is held, they go through RGB.

    Args:
        enhancer: The model.
        options: How frames are enhanced.
        layout: Of the frames.
        fps: Frames per second.
        every: Frames from one look of the network to the next at most; None is a sixth of a second.

    Raises:
        OptionError: An argument is out of range.
    """
    threads = enhancer.threads
    if layout.pixel_format != "rgb24" and PlaneEnhancer.suits(enhancer.processor, options):
        frames: PlaneEnhancer[None] = PlaneEnhancer(enhancer.processor, options, layout.encoding, fps=fps, every=every)
        return lambda data: layout.pack(frames.push(layout.planes(data), None)[0][0])
    enhance = enhancer.frame_enhancer(options, fps=fps, every=every)
    return lambda data: layout.encode(enhance(layout.decode(data, threads)), threads)


def read_frames(stream: BinaryIO, layout: RawLayout) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes of each frame of a stream, until it ends; each in memory of its own.

    Raises:
        PictureError: The stream holds no frame, ends within one, or cannot be read.

    >>> import io
    >>> [frame.tolist() for frame in read_frames(io.BytesIO(bytes(range(6))), RawLayout(1, 1))]
    [[0, 1, 2], [3, 4, 5]]
    """
    number = 0
    while True:
        frame = np.empty(layout.size, np.uint8)
        count = _fill(stream, frame.data)
        if count < layout.size:
            break
        yield frame
        number += 1
    if count:
        raise PictureError(
            f"standard input: ends {count} bytes into frame {number + 1}, whose {layout.size} would be "
            f"{layout.width}x{layout.height} of {layout.pixel_format}; check --size and --pix-fmt"
        )
    if number == 0:
        raise PictureError("standard input: empty")


def stream_frames(stdin: BinaryIO, stdout: BinaryIO, layout: RawLayout, enhance: FrameFilter) -> Iterator[int]:
    """Enhance the frames of a stream into another one: each is written before the next is read.

    Ctrl-C ends it between two frames.

    Args:
        stdin: What is read.
        stdout: Gets frames of the same layout.
        layout: Of the frames.
        enhance: Returns the next frame: :func:`frame_filter`.

    Yields:
        How many frames are written.

    Raises:
        PictureError: See :func:`read_frames`, or the result cannot be written.
        BrokenPipeError: Nobody reads the results any more.
        KeyboardInterrupt: After Ctrl-C.
    """
    for number, data in enumerate(read_frames(stdin, layout), 1):
        result = enhance(data)
        with deferred_interrupt(signal.SIGTERM) as interrupted:
            write_stdout(stdout, result.data)
        if interrupted.number == signal.SIGTERM:
            raise SystemExit(SIGNALED + signal.SIGTERM)
        if interrupted():
            raise KeyboardInterrupt
        yield number


def _fill(stream: BinaryIO, memory: memoryview) -> int:
    """Read into memory until it is full or the stream ends; return how many bytes were read."""
    count = 0
    while count < len(memory):
        try:
            read = stream.readinto(memory[count:])  # type: ignore[attr-defined]
        except OSError as error:
            raise PictureError(f"standard input: cannot be read ({reason(error)})") from error
        if not read:
            break
        count += read
    return count
