"""Frames are drawn on the canvas as the formats have it."""

import numpy as np
import pytest

from pielight.errors import PictureError
from pielight.io.codecs.frame import Canvas, Disposal, Frame, FrameControl
from pielight.io.image import Picture


def drawn(canvas: Canvas, level: int, control: FrameControl, alpha: int | None = None, dtype: type = np.uint8) -> Frame:
    size = (control.height, control.width)
    opacity = None if alpha is None else np.full(size, alpha, dtype)
    return canvas.frame(1, Picture(np.full((*size, 1), level, dtype), "L"), opacity, control)


def test_disposal() -> None:
    for disposal, expected in ((Disposal.KEEP, 50), (Disposal.RESTORE, 10)):
        canvas = Canvas(3, 1)
        drawn(canvas, 10, FrameControl(0, 0, 3, 1, False, Disposal.KEEP))
        frame = drawn(canvas, 50, FrameControl(1, 0, 1, 1, False, disposal))
        assert frame.displayed is not None
        assert frame.displayed.ravel().tolist() == frame.pixels.ravel().tolist() == [10, 50, 10]
        last = drawn(canvas, 9, FrameControl(0, 0, 1, 1, False, Disposal.KEEP))
        assert last.pixels.ravel().tolist() == [9, expected, 10]


def test_a_cleared_region_shows_what_is_blended_over_it() -> None:
    canvas = Canvas(1, 1)
    drawn(canvas, 200, FrameControl(0, 0, 1, 1, False, Disposal.CLEAR))
    frame = drawn(canvas, 100, FrameControl(0, 0, 1, 1, True, Disposal.KEEP), alpha=128)
    assert frame.displayed is not None
    assert frame.displayed.item() == 100


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_opacity_blends(dtype: type) -> None:
    canvas, most = Canvas(1, 1), np.iinfo(dtype).max
    control = FrameControl(0, 0, 1, 1, True, Disposal.KEEP)
    drawn(canvas, 0, control, dtype=dtype)
    frame = drawn(canvas, most, control, most // 2 + 1, dtype)
    assert frame.displayed is not None
    assert frame.displayed.item() == pytest.approx(most / 2, rel=0.01)
    assert frame.pixels.item() == most


def test_what_is_processed_is_cropped_to_the_region() -> None:
    canvas = Canvas(3, 2)
    frame = drawn(canvas, 50, FrameControl(1, 1, 2, 1, False, Disposal.KEEP))
    assert frame.cropped().pixels.ravel().tolist() == [50, 50]
    whole = Frame(frame.pixels, frame.picture, None)
    assert whole.cropped().pixels is frame.pixels


@pytest.mark.parametrize(("left", "channels"), [(2, 1), (0, 3)])
def test_frames_that_do_not_fit_are_damage(left: int, channels: int) -> None:
    canvas = Canvas(3, 1)
    drawn(canvas, 1, FrameControl(0, 0, 3, 1, False, Disposal.KEEP))
    picture = Picture(np.zeros((1, 2, channels), np.uint8), "RGB")
    with pytest.raises(PictureError, match="does not fit the canvas"):
        canvas.frame(2, picture, None, FrameControl(left, 0, 2, 1, False, Disposal.KEEP))
