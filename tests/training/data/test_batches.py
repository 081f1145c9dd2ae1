"""Batches are a function of the generator; regions are computed once per content."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pielight.errors import DataError
from pielight.training.data.batches import PictureSet, cached_regions, load
from pielight.training.data.regions import Labels
from pielight.training.schema import DataConfig


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Counted:
    """Quarters for regions, and how often they were asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    def __call__(self, pixels: NDArray[np.uint8], method: str) -> Labels:
        self.calls.append(pixels.shape)
        rows, columns = np.indices(pixels.shape[:2])
        return (2 * (rows > 5) + (columns > 5)).astype(np.int32)


def random_pixels(seed: int = 0, height: int = 40, width: int = 30) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_batches_follow_from_the_generator(toy_data: DataConfig) -> None:
    pictures = load(toy_data.dark, "dark", toy_data)
    assert len(pictures) == 6
    first, second, other = (pictures.batch(5, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not torch.equal(first[0], other[0])
    assert first[0].shape == (5, 3, 64, 64)
    assert first[1].shape == (5, 32, 32)
    assert 0 <= first[0].min() <= first[0].max() <= 1


def test_regions_lie_where_the_picture_does() -> None:
    """A picture whose brightness is its label, through crop, squash and mirror."""
    labels = torch.zeros(40, 60, dtype=torch.int32)
    labels[10:, 20:] = 1
    labels[30:, :40] = 2
    picture = (labels * 100).to(torch.uint8).repeat_interleave(2, 0).repeat_interleave(2, 1).expand(3, -1, -1)
    data = DataConfig(size=64, loss_size=32, crop=(0.5, 1.0))
    batch, regions = PictureSet([picture], [labels], data).batch(20, seeded(0))
    small = torch.nn.functional.interpolate(batch, (32, 32), mode="area")[:, 0] * 255 / 100
    assert (small - regions).abs().median() < 1e-3
    assert ((small - regions).abs() < 0.5).float().mean() > 0.93  # all but the pixels on an edge
    assert len({tuple(item.flatten().tolist()) for item in regions}) == 20


def test_the_cache_is_keyed_by_content(tmp_path: Path) -> None:
    data, compute = DataConfig(cache=str(tmp_path / "deep" / "cache")), Counted()
    labels = cached_regions(random_pixels(), data, compute)
    assert compute.calls == [(20, 15, 3)]
    assert labels.shape == (20, 15)
    again = cached_regions(random_pixels(), data, compute)
    assert np.array_equal(labels, again)
    assert again.dtype == np.int32
    assert len(compute.calls) == 1
    cached_regions(random_pixels(1), data, compute)
    cached_regions(random_pixels(), dataclasses.replace(data, regions="slic"), compute)
    cached_regions(random_pixels().reshape(30, 40, 3), data, compute)  # the same bytes in another shape
    assert len(compute.calls) == 4
    assert len(list(tmp_path.rglob("*.npz"))) == 4
    assert not list(tmp_path.rglob("*.part*"))


def keep_first_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def encrypt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def other_shape(path: Path) -> None:
    np.savez(path, labels=np.zeros((3, 3), np.int32))


def other_name(path: Path) -> None:
    np.savez(path, regions=np.zeros((20, 15), np.int32))


@pytest.mark.parametrize(
    "damage", [keep_first_half, flip_a_byte, encrypt, other_shape, other_name, lambda path: path.write_bytes(b"")]
)
def test_a_damaged_cache_is_computed_anew(damage: Callable[[Path], object], tmp_path: Path) -> None:
    data, compute = DataConfig(cache=str(tmp_path)), Counted()
    labels = cached_regions(random_pixels(), data, compute)
    (path,) = tmp_path.rglob("*.npz")
    damage(path)
    for _ in range(2):
        assert np.array_equal(cached_regions(random_pixels(), data, compute), labels)
    assert len(compute.calls) == 2


def test_more_regions_than_16_bits_hold(tmp_path: Path) -> None:
    def many(pixels: NDArray[np.uint8], _: str) -> Labels:
        return np.arange(pixels.shape[0] * pixels.shape[1], dtype=np.int32).reshape(pixels.shape[:2])

    data = DataConfig(cache=str(tmp_path))
    pixels = random_pixels(0, 600, 600)
    cached_regions(pixels, data, many)
    assert cached_regions(pixels, data, many).max() == 89_999


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"file: the region cache cannot be written \([^\n]+\); set data.cache"):
        cached_regions(random_pixels(), DataConfig(cache=str(tmp_path / "file")), Counted())


def test_nothing_usable(tmp_path: Path, toy_data: DataConfig) -> None:
    (tmp_path / "a.txt").write_text("hello")
    for folders in ([str(tmp_path)], [*toy_data.dark, str(tmp_path)]):
        with pytest.raises(DataError, match=f"^{tmp_path}: no usable dark picture; `pielight data check` says why"):
            load(folders, "dark", toy_data)
