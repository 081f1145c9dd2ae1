"""CIE L*a*b* becomes sRGB as LittleCMS has it."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from pielight.io.color.lab import lab_to_srgb


@pytest.mark.parametrize("icc_coding", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_stays_gray(icc_coding: bool, dtype: type) -> None:
    most = np.iinfo(dtype).max
    white = 65_280 if icc_coding and most > 255 else most
    neutral = (most + 1) // 2 if icc_coding else 0
    values = np.array([[[0, neutral, neutral], [white, neutral, neutral]]], dtype)
    assert lab_to_srgb(values, icc_coding)[0] / most == pytest.approx(np.array([[0] * 3, [1] * 3]), abs=1e-3)


def test_colors_are_those_of_littlecms() -> None:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    colors = np.random.default_rng(2).integers(40, 216, (8, 8, 3), np.uint8)
    transform = ImageCms.buildTransform(srgb, lab, "RGB", "LAB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    image = ImageCms.applyTransform(Image.fromarray(colors), transform)
    assert image is not None
    signed = np.asarray(image)
    assert np.abs(lab_to_srgb(signed, icc_coding=False).astype(int) - colors).mean() < 2
    assert (
        np.abs(lab_to_srgb(signed ^ np.array([0, 128, 128], np.uint8), icc_coding=True).astype(int) - colors).mean() < 2
    )
