"""Previews of a clip: a small animation of its first seconds, and a picture of one frame."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from pielight.ops.hdr import SDR, render_sdr
from pielight.video.clip_enhancer import pixels_of
from pielight.video.color import Converter
from pielight.video.yuv_frame import encoding_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

GIF_SECONDS, GIF_RATE, GIF_SIDE = 3.0, 10, 320
POSTER_SECONDS = 1.0  # from the start; a shorter clip shows its last frame
_COLORS = 128
_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


class Previews:
    """Collects, from the frames of a result as they come, what its previews show.

    Args:
        gif: Whether there is to be an animation.
        poster: Whether there is to be a picture.
        rotation: Degrees that frames are turned by when they are shown, counterclockwise.
    """

    def __init__(self, gif: bool, poster: bool, rotation: int = 0) -> None:
        self._gif, self._poster, self._rotation = gif, poster, rotation % 360
        self._converter = Converter()
        self._first: float | None = None
        self._small: list[Image.Image] = []
        self._shown: Image.Image | None = None
        self._is_chosen = False

    def take(self, frame: VideoFrame) -> None:
        """Look at the next frame."""
        if not self._gif and not self._poster:
            return
        time = float(frame.time or 0)
        self._first = time if self._first is None else self._first
        since = time - self._first
        is_due = self._gif and since < GIF_SECONDS and since * GIF_RATE >= len(self._small)
        wants_poster = self._poster and not self._is_chosen
        if not is_due and not wants_poster:
            return
        image = self._image(frame)
        if wants_poster:
            self._shown, self._is_chosen = image, since >= POSTER_SECONDS
        if is_due:
            small = image.copy()
            small.thumbnail((GIF_SIDE, GIF_SIDE))
            self._small.append(small.quantize(_COLORS))

    def gif(self) -> bytes | None:
        """Return the file of the animation, if there is to be one."""
        if not self._small:
            return None
        file = io.BytesIO()
        first, rest = self._small[0], self._small[1:]
        first.save(file, "GIF", save_all=True, append_images=rest, duration=1000 // GIF_RATE, loop=0)
        return file.getvalue()

    def poster(self) -> bytes | None:
        """Return the file of the picture, a JPEG, if there is to be one."""
        if self._shown is None:
            return None
        file = io.BytesIO()
        self._shown.save(file, "JPEG", quality=90)
        return file.getvalue()

    def _image(self, frame: VideoFrame) -> Image.Image:
        pixels, encoding = pixels_of(self._converter.to_rgb(frame)), encoding_of(frame)
        if encoding is not None and encoding.transfer != SDR:
            pixels = render_sdr(pixels, encoding.transfer)
        if pixels.itemsize > 1:
            pixels = (pixels >> 8).astype("uint8")
        image = Image.fromarray(pixels.copy())
        turn = _TURNS.get(self._rotation)
        return image if turn is None else image.transpose(turn)
