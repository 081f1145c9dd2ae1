"""Pictures with a profile are converted to sRGB."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from pielight.io.color.cicp import profile_of, srgb_profile
from pielight.io.color.cmyk import CmykPixels
from pielight.io.color.icc import to_srgb
from pielight.io.image import Picture
from pielight.io.metadata.metadata import Metadata


def picture(profile: bytes | None, channels: int = 3) -> Picture:
    pixels = np.full((4, 5, channels), 90, np.uint8)
    pixels[..., 0] = 180
    return Picture(pixels, "RGB" if channels == 3 else "L", metadata=Metadata(icc_profile=profile))


def test_wide_colors_become_more_saturated() -> None:
    converted, changed = to_srgb(picture(profile_of((12, 13))))
    assert changed
    assert converted.metadata.icc_profile is None
    red, green, _ = converted.pixels[0, 0]
    assert (red > 180, green < 90) == (True, True)


def test_no_profile_and_srgb_change_nothing() -> None:
    for profile in (None, srgb_profile()):
        converted, changed = to_srgb(picture(profile))
        assert not changed
        assert converted.metadata.icc_profile is None
        assert np.array_equal(converted.pixels, picture(None).pixels)


@pytest.mark.parametrize("profile", [b"damaged", None])
def test_damaged_profiles_and_those_of_another_model_are_dropped(profile: bytes | None) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    converted, changed = to_srgb(picture(profile or lab, 1))
    assert (changed, converted.metadata.icc_profile) == (False, None)
    assert np.array_equal(converted.pixels, picture(None, 1).pixels)


def test_cmyk_with_a_profile_of_another_model_keeps_its_values() -> None:
    inks = CmykPixels(np.full((4, 5, 4), 60, np.uint8))
    source = Picture(inks.light(), "CMYK", source=inks, metadata=Metadata(icc_profile=srgb_profile()))
    converted, changed = to_srgb(source)
    assert (changed, converted.mode) == (False, "CMYK")
    assert isinstance(inks.image(inks.light()), Image.Image)
