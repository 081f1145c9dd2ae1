"""Darkness: the equation, its noise, and the area mean."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pielight.core.color import srgb_to_linear
from pielight.errors import ConfigError
from pielight.evaluation.downstream.darkness import Darkness, darken, shrunk


@pytest.mark.parametrize("ev", [0.0, 1.0, 4.0])
def test_without_noise_the_light_is_halved(ev: float) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, 2)
    dark = darken(ramp, ev, 0, 0, np.random.default_rng(0))
    wanted = [255 * (1.055 * (v * 2**-ev) ** (1 / 2.4) - 0.055) if v * 2**-ev > 0.0031308 else 255 * 12.92 * v * 2**-ev
              for v in srgb_to_linear(np.arange(256) / 255)]  # fmt: skip
    assert np.abs(dark[0, :, 0] - np.array(wanted)).max() <= 0.5 + 1e-9


def test_noise_has_the_variance_that_is_stated() -> None:
    gray = np.full((400, 400, 3), 188, np.uint8)
    light = float(srgb_to_linear(np.array(188 / 255))) / 4
    for shot, read in ((1e-3, 1e-6), (0.0, 1e-4), (1e-3, 1e-4)):
        noisy = srgb_to_linear(darken(gray, 2, shot, read, np.random.default_rng(1)) / 255)
        assert noisy.mean() == pytest.approx(light, rel=0.01)
        assert noisy.var() == pytest.approx(shot * light + read, rel=0.03)
        assert abs(np.corrcoef(noisy[..., 0].ravel(), noisy[..., 1].ravel())[0, 1]) < 0.01


def test_noise_of_names_that_are_not_utf8() -> None:
    pixels, dark = np.full((8, 9, 3), 200, np.uint8), Darkness(ev=3)
    assert not np.array_equal(dark.degrade(pixels, "caf\udce9"), dark.degrade(pixels, "caf\udce8"))


def test_noise_depends_on_name_and_seed_alone() -> None:
    pixels = np.full((8, 9, 3), 200, np.uint8)
    first = Darkness(ev=3).degrade(pixels, "a")
    assert (Darkness(ev=3).degrade(pixels, "a") == first).all()
    assert (Darkness(ev=3).degrade(pixels, "b") != first).any()
    assert (Darkness(ev=3, seed=1).degrade(pixels, "a") != first).any()


@pytest.mark.parametrize(("size", "scale"), [((250, 333), 0.4), ((64, 48), 0.5), ((40, 30), 0.9), ((5, 5), 0.05)])
def test_shrinking_is_the_mean_of_areas(size: tuple[int, int], scale: float) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    small = shrunk(pixels, scale)
    wanted = cv2.resize(pixels, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - wanted).max() <= 1
    assert shrunk(pixels, 1.0) is pixels


def test_clean_is_not_darkened_and_0_ev_is_not_noisy() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert (Darkness(ev=6, shrink=0.5).clean(pixels) == shrunk(pixels, 0.5)).all()
    assert (Darkness(ev=0, shrink=0.5).degrade(pixels, "a") == shrunk(pixels, 0.5)).all()


@pytest.mark.parametrize("wrong", [{"ev": 17}, {"shot": -1}, {"read": 2}, {"shrink": 0}, {"shrink": 1.5}])
def test_values_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="; expected"):
        Darkness(**wrong)  # type: ignore[arg-type]
