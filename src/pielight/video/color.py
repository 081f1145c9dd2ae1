"""The color of a clip: how its code values mean light, and the way to RGB and back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

UNSPECIFIED, LIMITED, FULL = 0, 1, 2  # FFmpeg's numbers of a range
HDR = {16: "PQ", 18: "HLG"}  # FFmpeg's numbers of a transfer
UNKNOWN = 2  # FFmpeg's number of primaries, transfer and matrix that are not told
# FFmpeg's numbers of a matrix, and those of swscale; of what is not told, HD is BT.709 and the rest BT.601.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}
_RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal")
_PACKED = {"nv12": ("yuv420p", "yuvj420p"), "p010le": ("yuv420p10le",)}  # the same values in another order
HD = 720  # rows, from which on what is not told is taken for BT.709
# swscale's ways to RGB and back. Without accurate rounding and chroma for every pixel, a way there and back takes a
# whole level off the luma, which brightening would multiply; nearest chroma is what averaging undoes.
_TO_RGB = 0x10 | 0x2000 | 0x40000
_BACK = 0x2 | 0x40000


@dataclass(frozen=True)
class Color:
    """What the numbers of a clip's pixels mean, in FFmpeg's numbers.

    Attributes:
        primaries: 1 is BT.709, 2 unknown.
        transfer: 16 is PQ and 18 HLG.
        matrix: 0 is RGB, 1 BT.709, 9 BT.2020.
        range: 0 is unspecified, 1 limited, 2 full.
    """

    primaries: int = UNKNOWN
    transfer: int = UNKNOWN
    matrix: int = UNKNOWN
    range: int = UNSPECIFIED

    @classmethod
    def of(cls, frame: VideoFrame) -> Color:
        """Return the color of a frame.

        >>> Color.of(VideoFrame(4, 4, "yuv420p")).matrix
        2
        """
        return cls(*map(int, (frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range)))

    def give(self, frame: VideoFrame) -> None:
        """Tag a frame with it."""
        frame.color_primaries, frame.color_trc = self.primaries, self.transfer
        frame.colorspace, frame.color_range = self.matrix, self.range

    @property
    def hdr(self) -> str:
        """The name of its transfer if it is one for high dynamic range, else nothing."""
        return HDR.get(self.transfer, "")


class Converter:
    """Converts frames to RGB and back, by the matrix and range of each; for one thread.

    Args:
        threads: Threads of swscale.

    >>> frame = VideoFrame(16, 8, "yuv420p10le")
    >>> Converter().to_rgb(frame).format.name
    'rgb48le'
    """

    def __init__(self, threads: int = 1) -> None:
        self._there, self._back, self._threads = VideoReformatter(), VideoReformatter(), threads

    def to_rgb(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame in rgb24, or rgb48le if it has more than 8 bits, with its time and side data."""
        color, deep = Color.of(frame), bits_of(frame) > 8
        rgb = self._there.reformat(
            frame,
            format="rgb48le" if deep else "rgb24",
            src_colorspace=_matrix(frame, color),
            dst_colorspace=_matrix(frame, color),
            src_color_range=_range(frame.format.name, color),
            dst_color_range=FULL,
            interpolation=_TO_RGB,
            threads=self._threads,
        )
        color.give(frame)  # swscale has tagged it with what it was told
        return rgb

    def repacked(self, frame: VideoFrame, pix_fmt: str) -> VideoFrame:
        """Return a frame in a format that holds the same values: :func:`is_packed`."""
        color = color_as(pix_fmt, Color.of(frame), frame.format.name, frame.height)
        kept = _range(frame.format.name, color)
        result = self._back.reformat(frame, format=pix_fmt, src_color_range=kept, dst_color_range=kept)
        color.give(frame)
        color.give(result)
        return result

    def back(self, rgb: VideoFrame, source: VideoFrame, pix_fmt: str) -> VideoFrame:
        """Return a frame of :meth:`to_rgb` in a pixel format, with the color of its source if that has one for it."""
        color = color_as(pix_fmt, Color.of(source), source.format.name, source.height)
        frame = self._back.reformat(
            rgb,
            format=pix_fmt,
            src_colorspace=_matrix(source, color),
            dst_colorspace=_matrix(source, color),
            src_color_range=FULL,
            dst_color_range=_range(pix_fmt, color),
            interpolation=_BACK,
            threads=self._threads,
        )
        color.give(frame)
        return frame


def is_packed(pix_fmt: str, planar: str) -> bool:
    """Return whether a pixel format holds the values of planes in another order, as encoders in hardware take them.

    >>> is_packed("nv12", "yuv420p"), is_packed("p010le", "yuv420p")
    (True, False)
    """
    return planar in _PACKED.get(pix_fmt, ())


def copy_time(source: VideoFrame, result: VideoFrame) -> None:
    """Give a frame the time of another one.

    >>> one, other = VideoFrame(4, 4, "gray"), VideoFrame(4, 4, "gray")
    >>> one.pts = 3
    >>> copy_time(one, other)
    >>> other.pts
    3
    """
    result.pts, result.duration = source.pts, source.duration
    if source.time_base:
        result.time_base = source.time_base


def color_as(pix_fmt: str, color: Color, source_fmt: str, height: int) -> Color:
    """Return the color of a result in a pixel format, which is the source's but where one of them is RGB.

    Args:
        pix_fmt: Of the result.
        color: Of the source.
        source_fmt: Pixel format of the source.
        height: In rows.

    >>> color_as("yuv420p", Color(matrix=0), "bgra", 1080).matrix
    1
    """
    if source_fmt.startswith("yuvj") and color.range == UNSPECIFIED:
        color = replace(color, range=FULL)
    if is_rgb(source_fmt) and not is_rgb(pix_fmt):
        return replace(color, matrix=1 if height >= HD else 6, range=LIMITED)
    if is_rgb(pix_fmt) and not is_rgb(source_fmt):
        return replace(color, matrix=0, range=FULL)
    return color


def is_rgb(pix_fmt: str) -> bool:
    """Return whether a pixel format holds RGB, or a palette of it.

    >>> is_rgb("gbrp10le"), is_rgb("yuv420p"), is_rgb("gray")
    (True, False, False)
    """
    return pix_fmt.startswith(_RGB)


def bits_of(frame: VideoFrame) -> int:
    """Return the bits of a frame's samples.

    >>> bits_of(VideoFrame(4, 4, "yuv422p10le"))
    10
    """
    return max(component.bits for component in frame.format.components)


def _matrix(frame: VideoFrame, color: Color) -> int:
    return _MATRICES.get(color.matrix, 1 if frame.height >= HD else 5)


def _range(pix_fmt: str, color: Color) -> int:
    if color.range != UNSPECIFIED:
        return color.range
    return FULL if pix_fmt.startswith(("yuvj", *_RGB)) else LIMITED
