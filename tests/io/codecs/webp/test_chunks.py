"""The chunks of WebP and PNG files are found, also in broken ones."""

import io

import pytest
from PIL import Image

from pielight.io.codecs.png.chunks import png_chunks
from pielight.io.codecs.webp.chunks import is_lossless


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("frames", [1, 2])
def test_lossless_webp_is_recognized(lossless: bool, mode: str, frames: int) -> None:
    file, colors = io.BytesIO(), ("red", "blue")
    images = [Image.new(mode, (9, 9), color) for color in colors]
    images[0].putpixel((1, 1), 0)
    images[0].save(
        file,
        "WEBP",
        lossless=lossless,
        exif=b"Exif\0\0odd",
        save_all=frames > 1,
        append_images=images[1:frames],
    )
    assert is_lossless(file.getvalue()) == lossless


def test_broken_containers_end_the_search() -> None:
    assert not is_lossless(b"RIFF\xff\xff\xff\xffWEBPVP8X")
    assert list(png_chunks(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDRshort")) == []
