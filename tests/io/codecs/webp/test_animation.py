"""The frames of an animated WebP; how all formats keep theirs is tested in test_frames."""

import numpy as np
import pytest

from pielight.errors import PictureError
from pielight.io.codecs.webp.animation import WebpFrames
from pielight.io.codecs.webp.chunks import FRAME_HEADER, chunks
from tests.io.animations import animated, frames


def test_opacity_of_frames_with_loss() -> None:
    data = animated("WEBP", "RGBA", quality=90)
    spans = [span for kind, span in chunks(data, 12, len(data)) if kind == b"ANMF"]
    kinds = {kind for span in spans for kind, _ in chunks(data, span.start + FRAME_HEADER, span.stop)}
    assert kinds >= {b"ALPH", b"VP8 "}
    for frame, shown in zip(WebpFrames(data, "a"), frames(data), strict=True):
        assert frame.picture.mode == "RGBA"
        visible = shown[..., 3] > 200
        assert np.abs(frame.displayed[visible].astype(int) - shown[visible][:, :3]).mean() < 3  # type: ignore[index]


def test_a_frame_without_a_picture_is_named() -> None:
    data = animated("WEBP")
    span = next(span for kind, span in chunks(data, 12, len(data)) if kind == b"ANMF")
    coded = span.start + FRAME_HEADER
    with pytest.raises(PictureError, match=r"^a: damaged picture \(a frame is empty\)"):
        list(WebpFrames(data[:coded] + b"NONE" + data[coded + 4 :], "a"))
