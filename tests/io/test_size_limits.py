import pytest

from pielight.errors import PictureError
from pielight.io.size_limits import MAX_FRAMES, MAX_PIXELS, MAX_SIDE, check_frames, check_size, memory_for


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((MAX_SIDE + 1, 1, 3, 1 << 30), "a side"),
        ((16_001, 16_000, 3, 1 << 30), "the limit is 256 megapixels"),
        ((16_000, 16_000, 3, 1000), "decompression bomb"),
    ],
)
def test_pictures_that_are_too_large_are_refused(size: tuple[int, int, int, int], reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        check_size(*size)


def test_the_largest_pass() -> None:
    check_size(MAX_SIDE, MAX_PIXELS // MAX_SIDE, 3, 10_000_000)
    check_frames(MAX_FRAMES, 1_000_000_000)


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ((MAX_FRAMES + 1, 1, None), "more than 2,000 frames"),
        ((2, 1_000_000_001, None), "the limit is 1,000 together"),
        ((2, 900_000_000, 1000), "decompression bomb"),
    ],
)
def test_animations_that_are_too_large_are_refused(frames: tuple[int, int, int | None], reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        check_frames(*frames)


def test_a_shortage_of_memory_names_the_picture() -> None:
    with pytest.raises(PictureError, match=r"^a\.jpg: not enough memory$"), memory_for("a.jpg"):
        raise MemoryError
