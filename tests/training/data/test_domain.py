"""The physics that is matched to a user's pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pielight.enhancer import Enhancer
from pielight.errors import DataError
from pielight.training.data.batches import PictureSet
from pielight.training.data.domain import enhanced, held_out, matched, picture_set, read_folder, rehearsal
from pielight.training.data.toy import toy_scene
from pielight.training.degradations.darkening import darken
from pielight.training.schema import DarkeningConfig, DataConfig

PLAIN = DarkeningConfig(
    untouched=0, regional=0, camera_response=(1.0, 1.0), white_balance=0, black_level=0, lift=0, fill_light=0
)


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    return DataConfig(size=64, loss_size=32, min_size=32, crop=(1.0, 1.0), cache=str(tmp_path / "cache"))


@pytest.fixture
def well(data: DataConfig) -> PictureSet:
    random = np.random.default_rng(0)
    scenes = [np.round(255 * toy_scene(random, 96) ** (1 / 2.2)).astype(np.uint8) for _ in range(12)]
    return picture_set(scenes, data)


def darkened(well: PictureSet, how: DarkeningConfig) -> PictureSet:
    pictures, labels = (torch.cat(items) for items in zip(*(
        PictureSet([picture], [label], well.data).batch(1, torch.Generator().manual_seed(0))
        for picture, label in zip(well.pictures, well.labels, strict=True)
    ), strict=True))  # fmt: skip
    dark = darken(pictures, labels, how, torch.Generator().manual_seed(1))[0]
    return PictureSet(list((dark * 255).round().to(torch.uint8)), list(labels), well.data)


@pytest.mark.parametrize("stops", [-2.0, -4.0])
def test_exposure_is_found(well: PictureSet, stops: float) -> None:
    how = dataclasses.replace(PLAIN, stops=(stops, stops), shot_noise=(1e-6, 1e-6), read_noise=(1e-9, 1e-9))
    low, high = matched(darkened(well, how), well, how).stops
    assert low < high
    assert low - 0.5 <= stops <= high + 0.5


def test_noise_is_found(well: PictureSet) -> None:
    quiet, noisy = (
        dataclasses.replace(PLAIN, stops=(-3.0, -3.0), shot_noise=(noise, noise), read_noise=(1e-9, 1e-9))
        for noise in (1e-6, 5e-3)
    )
    found = [matched(darkened(well, how), well, PLAIN).shot_noise[1] for how in (quiet, noisy)]
    assert found[1] > 10 * found[0]


def test_lit_parts_are_found(well: PictureSet) -> None:
    dark = darkened(well, dataclasses.replace(PLAIN, stops=(-4.0, -4.0)))
    lamps = [picture.clone() for picture in dark.pictures]
    for picture in lamps:
        picture[:, :30, :30] = 250
    assert matched(dark, well, PLAIN).regional == 0.1
    assert matched(PictureSet(lamps, dark.labels, dark.data), well, PLAIN).regional == 0.8


def test_held_out_are_runs_of_a_fifth() -> None:
    assert held_out(8) == [2, 7]
    out = held_out(200)
    assert len(out) == 40
    assert out[:10] == list(range(20, 30))


def test_too_few(tmp_path: Path, data: DataConfig) -> None:
    (tmp_path / "few").mkdir()
    with pytest.raises(DataError, match="few: 0 usable dark pictures, and 8 are needed; `pielight data check"):
        read_folder(str(tmp_path / "few"), "dark", data)
    with pytest.raises(DataError, match="none: no such folder"):
        read_folder(str(tmp_path / "none"), "dark", data)
    Image.new("RGB", (64, 64), (20, 20, 20)).save(tmp_path / "few" / "flat.png")
    with pytest.raises(DataError, match="few: 0 usable"):
        read_folder(str(tmp_path / "few"), "dark", data)


def test_results_take_the_place_of_well_exposed_pictures(well: PictureSet) -> None:
    dark = darkened(well, dataclasses.replace(PLAIN, stops=(-3.0, -3.0), shot_noise=(1e-6, 1e-6)))
    made = enhanced(Enhancer("pie", 1), dark, 6)
    assert 6 <= len(made) <= len(dark)
    assert all(picture.float().mean() > 0.15 * 255 for picture in made.pictures)
    black = PictureSet([torch.randint(0, 2, (3, 64, 64), dtype=torch.uint8) for _ in range(8)], dark.labels, dark.data)
    with pytest.raises(DataError, match=r"only 0 of 8 dark pictures .* give well-exposed ones with --normal DIR"):
        enhanced(Enhancer("pie", 1), black, 6)


def test_rehearsal(data: DataConfig) -> None:
    pictures = rehearsal(data)
    assert len(pictures) == 4
    assert all(min(picture.shape[1:]) == 80 for picture in pictures.pictures)
