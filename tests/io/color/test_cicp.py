"""Profiles of the color spaces that CICP code points name."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from pielight.io.color.cicp import profile_of, srgb_profile


@pytest.mark.parametrize("primaries", [9, 12])
def test_profiles_of_wide_primaries_open(primaries: int) -> None:
    profile = profile_of((primaries, 13))
    assert profile is not None
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    assert "sRGB" not in ImageCms.getProfileDescription(opened)
    transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    white = ImageCms.applyTransform(Image.new("RGB", (1, 1), "white"), transform)
    assert white is not None
    assert np.asarray(white).min() >= 254


def test_no_profile_for_srgb_unknown_codes_and_hdr() -> None:
    assert profile_of(None) is profile_of((1, 13)) is profile_of((2, 2)) is profile_of((9, 16)) is None
    assert srgb_profile() == srgb_profile()
