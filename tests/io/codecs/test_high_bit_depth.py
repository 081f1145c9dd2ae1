"""More than 8 bits a channel, by imagecodecs and tifffile; most of it is tested with the sample formats of TIFF."""

import io

import numpy as np
import pytest
import tifffile

from pielight.errors import PictureError
from pielight.io.codecs.high_bit_depth import decode_high_bit_depth, extra_samples_note
from pielight.io.codecs.tiff.sample_format import read_sample_format
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples


def test_16_bit_cmyk_becomes_8_bits() -> None:
    file = io.BytesIO()
    inks = np.full((5, 4, 4), 257 * 40, np.uint16)
    tifffile.imwrite(file, inks, photometric="separated", metadata=None)
    picture = decode_high_bit_depth(file.getvalue(), read_sample_format(file.getvalue()))
    assert (picture.mode, picture.note) == ("CMYK", "16-bit CMYK rounded to 8 bits")
    assert picture.source is not None
    assert np.asarray(picture.source.image(picture.pixels)).ravel().tolist() == [40] * 80


def test_premultiplied_opacity_is_refused() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, samples.deep(4), photometric="rgb", extrasamples=["assocalpha"], metadata=None)
    with pytest.raises(PictureError, match="premultiplied opacity is not supported"):
        decode(file.getvalue())


def test_gray_with_a_channel_without_a_name() -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, samples.deep(2), photometric="minisblack", extrasamples=["unspecified"], metadata=None)
    picture = decode(file.getvalue())
    assert picture.mode == "LX;16"
    assert decode(encode(picture, "TIFF")).mode == "LX;16"
    assert extra_samples_note(2) == "left out: 2 unnamed extra samples"


@pytest.mark.parametrize(("channels", "mode"), [(1, "I;16"), (2, "LA;16"), (3, "RGB;16"), (4, "RGBA;16")])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bits_come_back(channels: int, mode: str, file_format: str) -> None:
    picture = decode(samples.deep_tiff(channels))
    assert picture.mode == mode
    again = decode(encode(picture, file_format))
    assert again.mode == mode
    assert np.array_equal(again.pixels, picture.pixels)
    assert (picture.alpha is None) == (channels in (1, 3))
    assert picture.alpha is None or np.array_equal(picture.alpha, again.alpha)  # type: ignore[arg-type]
