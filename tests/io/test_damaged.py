"""Damaged files give a picture or a one-line error, nothing else: truncated anywhere, with bytes changed, noise."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pielight.errors import PictureError
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples

EXAMPLES = 150  # for each kind of file
PLACES = st.one_of(st.integers(0, 399), st.integers(0, 1 << 20))  # half of them in the head
KINDS = sorted(samples.MAKERS)


def outcome(data: bytes, name: str) -> None:
    message = f"{name}: "
    try:
        encode(decode(data, name), name=name)
    except PictureError as error:
        message = str(error)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()


@pytest.mark.parametrize("name", KINDS)
def test_truncated_anywhere(name: str) -> None:
    data = samples.sample(name)
    for length in range(0, len(data), max(1, len(data) // 60)):
        outcome(data[:length], name)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(flips=st.lists(st.tuples(PLACES, st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bits(name: str, flips: list[tuple[int, int]]) -> None:
    data = bytearray(samples.sample(name))
    for place, bits in flips:
        data[place % len(data)] ^= bits
    outcome(bytes(data), name)


@given(data=st.binary(min_size=1, max_size=100))
@settings(deadline=None)
def test_noise(data: bytes) -> None:
    outcome(data, "bad.jpg")


@pytest.mark.parametrize("name", ["rgb.jpg", "progressive.jpg", "gray.jpg", "cmyk.jpg"])
def test_a_truncated_jpeg_is_an_error_not_a_gray_picture(name: str) -> None:
    with pytest.raises(PictureError, match=rf"{name}: damaged picture"):
        decode(samples.sample(name)[:-30], name)
