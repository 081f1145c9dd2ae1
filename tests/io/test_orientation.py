import numpy as np
import pytest
from PIL import Image, ImageOps

from pielight.io.orientation import as_stored, swaps_sides, upright, upright_image

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


@pytest.mark.parametrize("orientation", range(10))
def test_pixels_and_images_turn_as_pillow_turns_them(orientation: int) -> None:
    image = Image.fromarray(PIXELS)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(upright(PIXELS, orientation), expected)
    assert np.array_equal(np.asarray(upright_image(Image.fromarray(PIXELS), orientation)), expected)
    assert (expected.shape[:2] == (4, 2)) == swaps_sides(orientation)


@pytest.mark.parametrize("orientation", range(10))
def test_back_is_the_inverse(orientation: int) -> None:
    image = Image.fromarray(PIXELS)
    assert as_stored(upright_image(image, orientation), orientation).tobytes() == image.tobytes()


@pytest.mark.parametrize("orientation", range(10))
def test_upright_pixels_are_a_view(orientation: int) -> None:
    assert np.shares_memory(upright(PIXELS, orientation), PIXELS)
