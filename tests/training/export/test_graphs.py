"""Graphs for other runtimes do what pielight does: ``pielight.training.export.graph``, ``map_graph``, ``full_graph``,
``graph_statistics`` and ``mobile_color``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image

from pielight import enhance
from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.errors import ModelError, OptionError
from pielight.models import path_of
from pielight.ops.exposure import LEAST_EV, MOST_EV
from pielight.ops.exposure import canonical_exposure as in_closed_form
from pielight.ops.exposure import expose as expose_srgb
from pielight.ops.exposure_statistics import SEEN, exposure_statistics
from pielight.training.export.full_graph import FullGraph, canonical_exposure
from pielight.training.export.graph import make_graph, read_network
from pielight.training.export.graph_statistics import GraphStatistics
from pielight.training.export.map_graph import MapGraph
from pielight.training.export.mobile_color import decode, encode, expose
from pielight.training.networks.exposure_net import ExposureNet

Pixels = NDArray[np.uint8]
SIZE = (320, 256)


def darkened(name: str, ev: float) -> Pixels:
    """A photograph at another exposure, with a little noise."""
    image = Image.fromarray(getattr(skimage.data, name)()).resize(SIZE)
    dark = expose_srgb(np.asarray(image) / 255, ev) + np.random.default_rng(0).normal(0, 0.004, (*SIZE[::-1], 3))
    return np.rint(dark.clip(0, 1) * 255).astype(np.uint8)


def tensor(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()


def test_colors_are_close_to_the_definition() -> None:
    srgb = np.linspace(0, 1, 4001)
    linear = srgb_to_linear(srgb)
    decoded = decode(torch.from_numpy(srgb)).numpy()
    assert np.abs(decoded - linear).max() < 1e-4
    assert np.abs(decoded[1:] / linear[1:] - 1).max() < 5e-4  # black lights are multiplied by thousands
    assert np.abs(encode(torch.from_numpy(linear)).numpy() - srgb).max() < 2e-5
    for ev in (-3.0, 0.0, 9.0):
        found = encode(expose(decode(torch.from_numpy(srgb)), torch.tensor(ev, dtype=torch.float64))).numpy()
        assert np.abs(found - expose_srgb(srgb, ev)).max() < 3e-4
    assert np.abs(linear_to_srgb(linear) - srgb).max() < 1e-9


@pytest.mark.parametrize("name", ["pie", "free"])
def test_the_map_is_the_networks_own(name: str) -> None:
    network, _ = read_network(name)
    graph = MapGraph(network)
    random, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    night = np.zeros(SEEN, np.float32)
    night[:8], night[14:17], night[17] = [0, 0, 0.3, 0.6, 1, 0, 0, 0], [0.8, 0.05, 0.02], 9
    for statistics in (random.random(SEEN).astype(np.float32), exposed(darkened("coffee", -3)), night):
        seen = torch.rand(1, 3, 64, 64, generator=generator), torch.from_numpy(statistics)[None]
        with torch.no_grad():
            for found, wanted in zip(graph(*seen), network(*seen), strict=True):
                assert (found - wanted).abs().max() < 2e-3  # EV


def exposed(pixels: Pixels) -> NDArray[np.float32]:
    return np.append(exposure_statistics(pixels), np.float32(4)).astype(np.float32)


EVEN = [np.full((256, 320, 3), level, np.uint8) for level in (0, 255)]


@pytest.mark.parametrize("pixels", [darkened("astronaut", -2), darkened("rocket", -6), *EVEN])
def test_statistics(pixels: Pixels) -> None:
    found = GraphStatistics(*pixels.shape[:2])(tensor(pixels))[0].numpy()
    assert np.abs(found - exposure_statistics(pixels)).max() < 1e-3


def test_statistics_of_large_pictures_see_the_same_sample() -> None:
    pixels = np.random.default_rng(0).integers(0, 99, (512, 576, 3)).astype(np.uint8)
    found = GraphStatistics(512, 576)(tensor(pixels))[0].numpy()
    assert np.abs(found - exposure_statistics(pixels)).max() < 1e-2  # noise is halved to a four-thousandth


@pytest.mark.parametrize("level", [0.0, 1e-4, 0.02, 0.3, 0.9, 1.0])
def test_the_canonical_exposure(level: float) -> None:
    thumbnail = np.clip(level * np.linspace(0.5, 1.5, 3 * 64 * 64), 0, 1).reshape(3, 64, 64).astype(np.float32)
    found = canonical_exposure(decode(torch.from_numpy(thumbnail)[None])).item()
    assert found == pytest.approx(in_closed_form(thumbnail), abs=0.02)
    assert LEAST_EV <= found <= MOST_EV


@pytest.mark.parametrize(("name", "ev"), [("chelsea", -4), ("rocket", -2), ("coffee", 0), ("hubble_deep_field", -6)])
def test_pictures_come_out_as_they_do_by_pielight(name: str, ev: float) -> None:
    pixels = darkened(name, ev)
    network, _ = read_network("pie")
    with torch.no_grad():
        found = FullGraph(network, *pixels.shape[:2])(tensor(pixels))[0].permute(1, 2, 0).numpy()
    assert np.abs(np.rint(found * 255) - enhance(pixels, denoise=0)).max() <= 1


@pytest.mark.parametrize(
    ("width", "height", "hint"), [(1000, 750, "1024x768"), (1024, 200, "1024x256"), (8192, 768, "4096x768")]
)
def test_other_sizes_are_refused_with_the_next_one(width: int, height: int, hint: str) -> None:
    with pytest.raises(OptionError, match=f"multiples of 64 .*take {hint}"):
        make_graph(ExposureNet(), "full", width, height)


def test_models_of_ones_own_are_read_by_either_file(tmp_path: Path) -> None:
    for suffix in (".onnx", ".safetensors"):
        shutil.copy(path_of("free").with_suffix(suffix), tmp_path / f"mine{suffix}")
    for suffix in (".onnx", ".safetensors"):
        network, path = read_network(str(tmp_path / f"mine{suffix}"))
        assert isinstance(network, ExposureNet)
        assert path == tmp_path / "mine.onnx"
    (tmp_path / "mine.safetensors").unlink()
    with pytest.raises(ModelError, match=r"mine.safetensors is missing"):
        read_network(str(tmp_path / "mine.onnx"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("denoise", "no model that brightens; choose one of free, pie"),
        ("haze", "no model that brightens; choose one of free, pie, or give a file of your own"),
        ("nonsense.onnx", "no such model"),
        ("a.safetensors", "missing"),
    ],
)
def test_other_models_are_refused(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_network(name)
