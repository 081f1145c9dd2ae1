import numpy as np
import pytest
from PIL import Image

from pielight.errors import PictureError
from pielight.io.image import Picture, from_image, interleaved, to_image


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA", "CMYK"])
def test_images_come_back_as_they_were(mode: str) -> None:
    rng = np.random.default_rng(0)
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 65536, (9, 7), np.uint16))
    else:
        bands = len(Image.new(mode, (1, 1)).getbands())
        data = rng.integers(0, 256, (9, 7, bands), np.uint8)
        image = Image.fromarray(data.squeeze(), None if bands < 4 else ("CMYK" if mode == "CMYK" else "RGBA"))
        image = image.convert("1") if mode == "1" else image.quantize(16) if mode == "P" else image
    picture = from_image(image)
    assert picture.mode == mode
    assert to_image(picture).mode == mode
    assert to_image(picture).convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


def test_a_transparent_color_becomes_alpha() -> None:
    image = Image.new("RGB", (2, 1), (10, 20, 30))
    image.putpixel((1, 0), (0, 0, 0))
    image.info["transparency"] = (0, 0, 0)
    picture = from_image(image)
    assert picture.mode == "RGBA"
    assert picture.alpha is not None
    assert picture.alpha.tolist() == [[255, 0]]


@pytest.mark.parametrize("mode", ["F", "I", "HSV", "YCbCr"])
def test_other_modes_are_refused_by_name(mode: str) -> None:
    with pytest.raises(PictureError, match=f"pictures of mode {mode} are not supported"):
        from_image(Image.new(mode, (2, 2)))


def test_modes_that_pillow_lacks_are_refused() -> None:
    with pytest.raises(PictureError, match="Pillow has no mode RGB;16"):
        to_image(Picture(np.zeros((2, 2, 3), np.uint16), "RGB;16"))


def test_channels_that_do_not_share_a_buffer_are_joined() -> None:
    pixels, alpha = np.ones((2, 3, 3), np.uint8), np.zeros((2, 3), np.uint8)
    assert interleaved(Picture(pixels, "RGBA", alpha))[0, 0].tolist() == [1, 1, 1, 0]
    buffer = np.zeros((2, 3, 4), np.uint8)
    other = Picture(buffer[..., :3], "RGBA", alpha)
    assert interleaved(other) is not buffer
