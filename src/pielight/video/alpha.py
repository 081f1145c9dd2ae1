"""The opacity of frames, which the enhancement leaves alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_PACKED = {"rgba": 3, "bgra": 3, "argb": 0, "abgr": 0}  # where the opacity of a pixel lies
_PLANE = 3  # of planar formats


def has_alpha(pix_fmt: str) -> bool:
    """Return whether a pixel format has opacity.

    >>> has_alpha("yuva420p"), has_alpha("bgra"), has_alpha("yuv420p")
    (True, True, False)
    """
    return pix_fmt.startswith(("yuva", "gbrap", "ya", *_PACKED))


def copy_alpha(source: VideoFrame, result: VideoFrame) -> None:
    """Copy the opacity of a frame to another one of its size and format; of other formats it stays opaque.

    >>> one, other = VideoFrame(2, 2, "bgra"), VideoFrame(2, 2, "bgra")
    >>> one.planes[0].update(bytes([9] * one.planes[0].buffer_size))
    >>> copy_alpha(one, other)
    >>> int(plane_rows(other, 0)[0, 3])
    9
    """
    if source.format.name != result.format.name or source is result:
        return
    place = _PACKED.get(source.format.name)
    if place is not None:
        width = 4 * source.width
        plane_rows(result, 0)[:, place:width:4] = plane_rows(source, 0)[:, place:width:4]
    elif has_alpha(source.format.name) and len(source.planes) > _PLANE:
        width = min(source.planes[_PLANE].line_size, result.planes[_PLANE].line_size)
        plane_rows(result, _PLANE)[:, :width] = plane_rows(source, _PLANE)[:, :width]


def plane_rows(frame: VideoFrame, number: int) -> NDArray[Any]:
    """Return the bytes of a plane as an array (rows, bytes of a row with padding) that shares its memory.

    >>> plane_rows(VideoFrame(6, 4, "yuv420p"), 1).shape[0]
    2
    """
    plane = frame.planes[number]
    data: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
    return data.reshape(-1, plane.line_size)[: plane.height]
