"""Every chroma subsampling stays, however the file spells it."""

import io

import imagecodecs
import numpy as np
import pytest
import simplejpeg
from PIL import Image, JpegImagePlugin

from pielight.io.codecs.jpeg.segments import Segment, parse
from pielight.io.codecs.jpeg.subsampling import save_scans, subsampling
from pielight.io.decode import decode
from pielight.io.encode import encode
from tests.io import samples

FULL = (1, 1)
ODD = [((1, 2), FULL, FULL), ((4, 1), FULL, FULL), ((1, 4), FULL, FULL), ((4, 2), FULL, FULL), ((2, 2), (2, 1), (1, 2))]


def made(sampling: tuple[tuple[int, int], ...], size: tuple[int, int] = (301, 203), **options: object) -> bytes:
    file = io.BytesIO()
    save_scans(samples.image("RGB", *size), file, {"subsampling": sampling, "quality": 90, **options})
    return file.getvalue()


def opened(data: bytes) -> JpegImagePlugin.JpegImageFile:
    image = Image.open(io.BytesIO(data))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    image.load()
    return image


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("sampling", ODD)
def test_a_sampling_that_pillow_does_not_write(sampling: tuple[tuple[int, int], ...], progressive: bool) -> None:
    source = made(sampling, progressive=progressive, comment=b"a comment", dpi=(300, 150))
    result = encode(decode(source))
    before, after = opened(source), opened(result)
    assert before.layer == after.layer
    assert [wide_high for _, *wide_high, _ in after.layer] == [list(factors) for factors in sampling]
    assert before.quantization == after.quantization
    assert after.info.get("progressive") == before.info.get("progressive")
    assert (after.info["comment"], after.info["dpi"]) == (b"a comment", (300, 150))
    assert np.abs(decode(result).pixels.astype(int) - decode(source).pixels).mean() < 1.5
    assert imagecodecs.jpeg8_decode(result).shape == (203, 301, 3)


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (16, 8), (17, 33)])
def test_4_4_0_holds_the_picture_at_every_size(size: tuple[int, int]) -> None:
    plain = np.asarray(samples.image("RGB", *size)).astype(int)
    data = made(((1, 2), FULL, FULL), size, quality=95)
    assert np.abs(np.asarray(opened(data)).astype(int) - plain).mean() < 3
    assert simplejpeg.decode_jpeg_header(data)[3] == "440"


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("211111", "211111"), ("221212", "211111"), ("422222", "211111"), ("412121", "211111"),
        ("221111", "221111"), ("422121", "221111"), ("442222", "221111"),
        ("222222", "111111"), ("111111", "111111"), ("121111", "121111"), ("222121", "121111"), ("411111", "411111"),
        ("222112", "222112"), ("001111", "001111"),
    ],
)  # fmt: skip
def test_spellings_of_a_sampling_are_distinguished(spelled: str, expected: str) -> None:
    def factors(digits: str) -> list[tuple[int, int]]:
        return [(int(digits[place]), int(digits[place + 1])) for place in (0, 2, 4)]

    channels = b"".join(bytes((number, wide << 4 | high, 0)) for number, (wide, high) in enumerate(factors(spelled)))
    frame = Segment(0xC0, b"\x08\0\x10\0\x10\3" + channels).coded()
    assert parse(b"\xff\xd8" + frame + b"\xff\xda").sampling() == tuple(factors(expected))


def test_an_impossible_sampling_becomes_4_4_4() -> None:
    assert [subsampling(found) for found in ((), (FULL,), ((3, 1), (2, 1), (2, 1)), ((0, 0), FULL, FULL))] == [0] * 4


@pytest.mark.parametrize("spelled", [((2, 2), (1, 2), (1, 2)), ((4, 1), (2, 1), (2, 1))])
def test_other_spellings_of_4_2_2_are_written_as_4_2_2(spelled: tuple[tuple[int, int], ...]) -> None:
    source = made(spelled)
    assert JpegImagePlugin.get_sampling(opened(source)) == -1  # what Pillow takes for unknown
    assert JpegImagePlugin.get_sampling(opened(encode(decode(source)))) == 1


def test_a_quality_of_ones_own_and_many_tables() -> None:
    source = made(((1, 2), FULL, FULL))
    small, large = encode(decode(source), quality=30), encode(decode(source), quality=95)
    assert len(small) < len(large) / 2
    assert opened(small).quantization == opened(samples.saved(samples.image("RGB"), "JPEG", quality=30)).quantization
    tables = {number: [number + 3] * 64 for number in range(3)}
    several = made(((1, 2), FULL, FULL), qtables=[tables[number] for number in range(3)])
    assert opened(encode(decode(several))).quantization == tables


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("sampling", [((2, 2), FULL, FULL, (2, 2)), ((2, 1), FULL, FULL, (2, 1))])
def test_cmyk_keeps_its_sampling_too(sampling: tuple[tuple[int, int], ...], progressive: bool) -> None:
    colors = samples.image("CMYK", 301, 203).split()[:3]
    black = Image.linear_gradient("L").resize((301, 203)).point(lambda value: value // 3)
    inks = Image.merge("CMYK", (*colors, black))
    file = io.BytesIO()
    save_scans(inks, file, {"subsampling": sampling, "quality": 90, "progressive": progressive, "comment": b"inks"})
    source = opened(file.getvalue())
    assert (source.mode, source.info["adobe_transform"], source.info["comment"]) == ("CMYK", 2, b"inks")
    assert np.abs(np.asarray(source).astype(int) - np.asarray(inks)).mean() < 4
    result = opened(encode(decode(file.getvalue())))
    assert (result.layer, result.quantization) == (source.layer, source.quantization)
    assert result.info.get("progressive") == source.info.get("progressive")
    shown = [np.asarray(image.convert("RGB")).astype(int) for image in (source, result)]
    assert np.abs(shown[0] - shown[1]).mean() < 3
    assert parse(samples.sample("cmyk.jpg")).sampling() == (FULL,) * 4
    assert opened(encode(decode(samples.sample("cmyk.jpg")))).info["adobe_transform"] == 0
