import io

import pytest
from PIL import Image

from pielight.io.metadata.exif import Untouched, orientation_of, with_orientation

ORDERS = [b"II", b"MM"]


def block(order: bytes, **tags: int | str) -> bytes:
    exif = Image.Exif()
    exif.endian = "<" if order == b"II" else ">"
    for tag, value in tags.items():
        exif[int(tag[1:])] = value
    return exif.tobytes()


def read_by_pillow(exif: bytes) -> dict[int, object]:
    tags = Image.Exif()
    tags.load(exif)
    return dict(tags)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("prefix", [True, False])
def test_the_orientation_is_changed_in_place(order: bytes, prefix: bool) -> None:
    exif = block(order, _271="maker", _274=6)
    exif = exif if prefix else exif.removeprefix(b"Exif\0\0")
    assert orientation_of(exif) == 6
    turned = with_orientation(exif, 1)
    assert len(turned) == len(exif)
    assert sum(a != b for a, b in zip(turned, exif, strict=True)) == 1
    assert read_by_pillow(turned) == {271: "maker", 274: 1}


@pytest.mark.parametrize("order", ORDERS)
def test_a_block_without_it_gets_a_longer_directory_at_its_end(order: bytes) -> None:
    exif = block(order, _271="maker", _305="software")
    assert with_orientation(exif, 1) == exif
    turned = with_orientation(exif, 8)
    assert turned[14 : len(exif)] == exif[14:]
    assert read_by_pillow(turned) == {271: "maker", 274: 8, 305: "software"}
    assert orientation_of(turned) == 8


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_damaged_blocks_are_left_alone(cut: int) -> None:
    exif = block(b"II", _271="maker", _305="software")[:cut]
    turned = with_orientation(exif, 6)
    assert turned == exif or orientation_of(turned) == 6


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientations_that_do_not_exist_are_1(value: int) -> None:
    assert orientation_of(block(b"II", _274=value)) == 1


def test_pillow_writes_an_untouched_block_byte_for_byte() -> None:
    exif = block(b"MM", _271="maker", _274=6).removeprefix(b"Exif\0\0") + b"padding"
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "WEBP", exif=Untouched(exif))
    assert exif in file.getvalue()
