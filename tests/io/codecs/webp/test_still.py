"""WebP of one picture is written without loss where the source was, and with loss where a quality is asked for."""

import numpy as np

from pielight.io.codecs.webp.chunks import is_lossless
from pielight.io.codecs.webp.still import read_metadata
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples


def test_loss_is_that_of_the_source_unless_a_quality_is_asked_for() -> None:
    for lossless in (True, False):
        data = samples.saved(samples.image("RGB"), "WEBP", lossless=lossless)
        picture = decode(data)
        assert picture.metadata.lossless == lossless
        again = encode(picture, "WEBP")
        assert is_lossless(again) == lossless
        if lossless:
            assert np.array_equal(decode(again).pixels, picture.pixels)
        assert not is_lossless(encode(picture, "WEBP", quality=80))


def test_xmp_of_pillow_as_text_becomes_bytes() -> None:
    image = samples.image("RGB")
    image.info["xmp"] = "<x/>"
    assert read_metadata(image, b"").xmp == b"<x/>"
