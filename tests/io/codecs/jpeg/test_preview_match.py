"""A JPEG that shows the same as a larger one is recognized."""

import pytest
from PIL import Image, ImageOps

from pielight.io.codecs.jpeg.segments import parse
from pielight.io.codecs.jpeg.trailer import is_smaller_copy
from tests.io import samples

SCENE = samples.image("RGB", 160, 120)


def matches(smaller: Image.Image | bytes, **options: object) -> bool:
    content = smaller if isinstance(smaller, bytes) else samples.saved(smaller, "JPEG", **options)
    whole = samples.saved(SCENE, "JPEG", quality=95)
    return is_smaller_copy(content, parse(content), whole, parse(whole))


@pytest.mark.parametrize("size", [(80, 60), (41, 31)])
def test_a_smaller_copy(size: tuple[int, int]) -> None:
    assert matches(SCENE.resize(size), quality=60)


def test_what_is_no_smaller_copy() -> None:
    small = SCENE.resize((80, 60))
    assert not matches(SCENE)  # as large
    assert not matches(SCENE.resize((80, 40)))  # of another shape
    assert not matches(ImageOps.invert(small))
    assert not matches(small.convert("L"))  # as maps of depth are
    assert not matches(Image.new("RGB", small.size))  # without any detail
    damaged = bytearray(samples.saved(small, "JPEG"))
    start = damaged.index(b"\xff\xda")
    assert not matches(bytes(damaged[: start - 40] + damaged[start:]))
