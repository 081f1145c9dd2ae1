"""Damaged files give a picture or a one-line error, nothing else."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pielight.errors import PictureError
from pielight.media.picture import decode, encode


def files() -> dict[str, bytes]:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (24, 32, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[271], exif[274] = "maker", 6
    made = {}
    for name, options in {
        "JPEG": {"quality": 80, "exif": exif},
        "PNG": {"exif": exif},
        "WEBP": {"lossless": True, "exif": exif},
        "TIFF": {"compression": "tiff_lzw", "exif": exif},
        "BMP": {},
    }.items():
        file = io.BytesIO()
        image.save(file, name, **options)
        made[name] = file.getvalue()
    return made


FILES = files()


def outcome(data: bytes) -> None:
    message = "bad.jpg: "
    try:
        encode(decode(data, "bad.jpg"), name="bad.jpg")
    except PictureError as error:
        message = str(error)
    assert message.startswith("bad.jpg: ")
    assert "\n" not in message


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_truncated_anywhere(name: str) -> None:
    data = FILES[name]
    for length in range(0, len(data), max(1, len(data) // 60)):
        outcome(data[:length])


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits(name: str, flips: list[tuple[int, int]]) -> None:
    data = bytearray(FILES[name])
    for place, bits in flips:
        data[place % min(len(data), 400)] ^= bits
    outcome(bytes(data))


@given(data=st.binary(min_size=1, max_size=100))
@settings(deadline=None)
def test_noise(data: bytes) -> None:
    outcome(data)


def test_a_truncated_jpeg_is_an_error_not_a_grey_picture() -> None:
    with pytest.raises(PictureError, match=r"bad\.jpg: damaged picture"):
        decode(FILES["JPEG"][:-200], "bad.jpg")
