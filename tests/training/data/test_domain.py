"""The physics that is matched to a user's pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from pielight.enhancer import Enhancer
from pielight.errors import DataError
from pielight.training.data.domain import enhanced, held_out, matched, read_folder, rehearsal
from pielight.training.data.toy import toy_scene
from pielight.training.degradations.raw_darkening import darken_raw
from pielight.training.schema import DataConfig, ExposureDataConfig, RawDarkeningConfig

PLAIN = RawDarkeningConfig(shot_noise=(1e-6, 1e-6), compressed=0)


@pytest.fixture
def data() -> DataConfig:
    return ExposureDataConfig(min_size=32).limits


@pytest.fixture
def well() -> list[Tensor]:
    random = np.random.default_rng(0)
    scenes = [np.round(255 * toy_scene(random, 96) ** (1 / 2.2)).astype(np.uint8) for _ in range(12)]
    return [torch.from_numpy(scene.transpose(2, 0, 1).copy()) for scene in scenes]


def darkened(well: list[Tensor], stops: float, how: RawDarkeningConfig = PLAIN) -> list[Tensor]:
    dark = [darken_raw(one.float() / 255, stops, how, Generator().manual_seed(i)) for i, one in enumerate(well)]
    return [(one * 255).round().to(torch.uint8) for one in dark]


@pytest.mark.parametrize("stops", [-2.0, -4.0])
def test_exposure_is_found(well: list[Tensor], stops: float) -> None:
    low, high = matched(darkened(well, stops), well, PLAIN).stops
    assert low < high
    assert low - 0.5 <= stops <= high + 0.5


def test_noise_is_found(well: list[Tensor]) -> None:
    quiet, noisy = (dataclasses.replace(PLAIN, shot_noise=(noise, noise), compressed=0) for noise in (1e-6, 5e-3))
    found = [matched(darkened(well, -3.0, how), well, PLAIN).shot_noise[1] for how in (quiet, noisy)]
    assert found[1] > 10 * found[0]


def test_lit_parts_are_found(well: list[Tensor]) -> None:
    dark = darkened(well, -4.0)
    lamps = [picture.clone() for picture in dark]
    for picture in lamps:
        picture[:, :32, :32] = 250
    assert matched(dark, well, PLAIN).regional == 0.1
    assert matched(lamps, well, PLAIN).regional == 0.8


def test_held_out_are_runs_of_a_fifth() -> None:
    assert held_out(8) == [2, 7]
    out = held_out(200)
    assert len(out) == 40
    assert out[:10] == list(range(20, 30))


def test_a_folder_is_split(tmp_path: Path, data: DataConfig, well: list[Tensor]) -> None:
    for index, picture in enumerate(well):
        Image.fromarray(picture.numpy().transpose(1, 2, 0)).save(tmp_path / f"{index:02}.png")
    learned, unseen = read_folder(str(tmp_path), "well", data).split()
    assert [path.name for path in unseen.paths] == ["02.png", "07.png"]
    assert torch.equal(unseen.pictures[0], well[2])
    assert len(learned.pictures) == 10


def test_too_few(tmp_path: Path, data: DataConfig) -> None:
    (tmp_path / "few").mkdir()
    with pytest.raises(DataError, match="few: 0 usable dark pictures, and 8 are needed; `pielight data check"):
        read_folder(str(tmp_path / "few"), "dark", data)
    with pytest.raises(DataError, match="none: no such folder"):
        read_folder(str(tmp_path / "none"), "dark", data)
    Image.new("RGB", (64, 64), (20, 20, 20)).save(tmp_path / "few" / "flat.png")
    with pytest.raises(DataError, match="few: 0 usable"):
        read_folder(str(tmp_path / "few"), "dark", data)


def test_results_take_the_place_of_well_exposed_pictures(well: list[Tensor], start: Path) -> None:
    dark = darkened(well, -3.0)
    made = enhanced(Enhancer(start, 1), dark, 6)
    assert 6 <= len(made) <= len(dark)
    assert all(picture.shape == (3, 96, 96) and picture.float().mean() > 0.15 * 255 for picture in made)
    black = [torch.randint(0, 2, (3, 64, 64), dtype=torch.uint8) for _ in range(8)]
    with pytest.raises(DataError, match=r"only \d of 8 dark pictures .* give well-exposed ones with --normal DIR"):
        enhanced(Enhancer(start, 1), black, 9)


def test_rehearsal() -> None:
    pictures = rehearsal(80)
    assert len(pictures) == 4
    assert all(min(picture.shape[1:]) == 80 and picture.dtype == torch.uint8 for picture in pictures)
