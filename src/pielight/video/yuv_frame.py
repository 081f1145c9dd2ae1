"""The planes of a frame as arrays, and how they encode its colors."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pielight.ops.hdr import HLG, PQ, SDR
from pielight.ops.yuv import Planes, YuvEncoding
from pielight.video.color import FULL, HD, UNSPECIFIED, Color

_FORMAT = re.compile(r"yuv[aj]?(?:420|422|440|444)p(?:(9|10|12)le)?")
_TRANSFERS = {16: PQ, 18: HLG}
_MATRICES = {1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020"}  # FFmpeg's numbers
_UNTOLD = 2


def encoding_of(frame: VideoFrame) -> YuvEncoding | None:
    """Return how a frame's planes encode its colors, as :func:`encoding_by` does.

    >>> encoding_of(VideoFrame(64, 48, "yuv420p10le"))
    YuvEncoding(matrix='bt601', full_range=False, bits=10, transfer='srgb')
    >>> encoding_of(VideoFrame(64, 48, "rgb24")) is None
    True
    """
    return encoding_by(frame.format.name, frame.height, Color.of(frame))


def encoding_by(pix_fmt: str, height: int, color: Color) -> YuvEncoding | None:
    """Return how planes of a pixel format encode colors, or None if they are no luma and chroma that are known.

    >>> encoding_by("yuv420p10le", 1080, Color(9, 18, 9, 1))
    YuvEncoding(matrix='bt2020', full_range=False, bits=10, transfer='hlg')
    """
    match, matrix = _FORMAT.fullmatch(pix_fmt), _MATRICES.get(color.matrix)
    if color.matrix == _UNTOLD:
        matrix = "bt2020" if color.hdr else "bt709" if height >= HD else "bt601"
    if match is None or matrix is None or (match[1] and sys.byteorder != "little"):
        return None
    is_full = color.range == FULL or (color.range == UNSPECIFIED and pix_fmt.startswith("yuvj"))
    return YuvEncoding(matrix, is_full, int(match[1] or 8), _TRANSFERS.get(color.transfer, SDR))


def planes_of(frame: VideoFrame, encoding: YuvEncoding) -> Planes:
    """Return the planes of luma and chroma of a frame, which share its memory.

    >>> [plane.shape for plane in planes_of(VideoFrame(6, 4, "yuv420p"), YuvEncoding())]
    [(4, 6), (2, 3), (2, 3)]
    """
    return _plane(frame, 0, encoding), _plane(frame, 1, encoding), _plane(frame, 2, encoding)


def _plane(frame: VideoFrame, number: int, encoding: YuvEncoding) -> NDArray[Any]:
    plane = frame.planes[number]
    kind = np.dtype(np.uint8 if encoding.bits == 8 else np.uint16)
    values: NDArray[Any] = np.frombuffer(memoryview(plane), kind)
    return values.reshape(-1, plane.line_size // kind.itemsize)[: plane.height, : plane.width]
