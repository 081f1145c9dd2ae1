"""A frame that shows two of one size and format side by side."""

from __future__ import annotations

from av.video.frame import VideoFrame

from pielight.video.alpha import plane_rows
from pielight.video.color import Color, copy_time


def side_by_side(left: VideoFrame, right: VideoFrame) -> VideoFrame:
    """Return a frame of twice the width, with the time and color of the right one; both have even widths.

    >>> one = VideoFrame(8, 6, "yuv420p")
    >>> both = side_by_side(one, one)
    >>> both.width, both.height
    (16, 6)
    """
    both = VideoFrame(2 * right.width, right.height, right.format.name)
    for number in range(len(both.planes)):
        width = _row_bytes(right, number)
        rows = plane_rows(both, number)
        rows[:, :width] = plane_rows(left, number)[:, :width]
        rows[:, width : 2 * width] = plane_rows(right, number)[:, :width]
    copy_time(right, both)
    Color.of(right).give(both)
    return both


def _row_bytes(frame: VideoFrame, number: int) -> int:
    """Return the bytes of a row of a plane that hold pixels."""
    plane, form = frame.planes[number], frame.format
    if len(frame.planes) == 1:
        return frame.width * form.padded_bits_per_pixel // 8
    size = (max(component.bits for component in form.components) + 7) // 8
    pairs = 2 if number and len(frame.planes) == 2 else 1  # nv12 and the like
    return plane.width * size * pairs
