"""Pillow's settings are those of the program that uses pielight, except while pielight is at work."""

import io
import warnings
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from pielight.batch import run
from pielight.io.codec_errors import own_limits
from pielight.io.decode import decode
from tests.io import samples


def test_a_look_at_sizes_and_a_decoder_that_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(samples.sample("rgb.png"))
    decoder = own_limits()

    def opened(*_: Any, **__: Any) -> Image.Image:
        decoder.__enter__()  # a worker begins while the size of the next picture is looked up, and ends later
        raise OSError

    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(Image, "open", opened)
    assert run._pixels(tmp_path / "a.png") == len(samples.sample("rgb.png"))
    decoder.__exit__(None, None, None)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before


def test_a_huge_picture_costs_its_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(samples.sample("rgb.png"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # Pillow alone would refuse it
    pixels = samples.WIDTH * samples.HEIGHT
    assert run._pixels(tmp_path / "a.png") == max(pixels, len(samples.sample("rgb.png")))


def test_pillow_opens_what_it_did_before() -> None:
    data = samples.sample("gray_alpha_16.tif")
    before = dict(TiffImagePlugin.OPEN_INFO)
    assert decode(data).mode == "LA;16"
    assert before == TiffImagePlugin.OPEN_INFO
    with pytest.raises(UnidentifiedImageError), Image.open(io.BytesIO(data)):
        pass
