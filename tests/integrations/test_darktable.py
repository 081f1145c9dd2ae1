"""Packages for darktable: its rules, and their graphs in ONNX Runtime, in tiles, against pielight's own results.

darktable itself does not run here.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import skimage.data
import torch
from numpy.typing import NDArray

from pielight import Enhancer, ExposureMap
from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.ops import noise
from tests.integrations.darktable_tiles import run_tiles
from tests.integrations.modules import INTEGRATIONS, load

PACKAGE, CHECK = load("darktable/package.py"), load("darktable/check.py")
GRAPHS, NOISE_GRAPH = sys.modules["graphs"], sys.modules["noise_graph"]
PHOTO = (skimage.data.astronaut() / 255).astype(np.float32)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {path.stem: path for path in PACKAGE.write_packages(tmp_path_factory.mktemp("darktable"))}


def model(package: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return what a package does to (1, 3, H, W)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = zipfile.ZipFile(package).read(f"{package.stem}/model.onnx")
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda picture: session.run(None, {"input": picture})[0]


def noisy(picture: NDArray[np.float32], shot: float = 3e-3, read: float = 1e-5) -> NDArray[np.float32]:
    light = srgb_to_linear(picture)
    grain = np.random.default_rng(0).normal(size=light.shape) * np.sqrt(shot * light + read)
    return linear_to_srgb(np.clip(light + grain, 0, 1)).astype(np.float32)


def psnr(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(-10 * np.log10(np.mean(np.square(one - other))))


def test_packages_keep_the_rules(packages: dict[str, Path]) -> None:
    assert [*packages] == ["denoise-pielight", "brighten-pielight"]
    for path in packages.values():
        assert [*CHECK.problems(path)] == []
    versions = json.loads((packages["denoise-pielight"].parent / "versions.json").read_text())["models"]
    for name, path in packages.items():
        assert versions[name]["sha256"] == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        assert path.stat().st_size < 600_000


@pytest.mark.slow
def test_packages_are_the_same_each_time(packages: dict[str, Path], tmp_path: Path) -> None:
    again = {path.stem: path.read_bytes() for path in PACKAGE.write_packages(tmp_path)}
    assert again == {name: path.read_bytes() for name, path in packages.items()}


def test_noise_is_estimated_as_pielight_does() -> None:
    levels = np.array([0.1, 0.3, 0.6], np.float32)[:, None, None].repeat(3, 2)
    for shot, read in ((1e-3, 1e-6), (5e-3, 1e-5), (1e-2, 2e-4)):
        picture = noisy(PHOTO[:384, :384], shot, read)
        found = NOISE_GRAPH.estimate(torch.from_numpy(picture).permute(2, 0, 1)[None])
        planes = torch.from_numpy(levels).permute(2, 0, 1)[None]
        graph = NOISE_GRAPH.sigma(planes, *found)[0].permute(1, 2, 0).numpy()
        assert np.allclose(graph, noise.estimate(picture).sigma(levels), rtol=0.2)


def test_at_pielights_own_level_the_graph_does_what_pielight_does() -> None:
    picture = noisy(PHOTO[:384, :384])
    with torch.no_grad():
        graph = GRAPHS.Denoiser(1.3)(torch.from_numpy(picture).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    own = ExposureMap(np.full((1, 1), 1e-6)).apply(picture, denoise=1.0)
    assert np.abs(graph - own).mean() < 0.5 / 255
    assert np.abs(picture - own).mean() > 2 / 255


def test_tiles_are_denoised_without_seams(packages: dict[str, Path]) -> None:
    denoise = model(packages["denoise-pielight"])
    clean = np.concatenate([PHOTO, PHOTO[:, ::-1]], 1)  # two tiles beside each other
    picture = noisy(clean)
    result = run_tiles(denoise, picture, GRAPHS.TILE)
    assert psnr(clean, result) > psnr(clean, picture) + 2.5
    centered = run_tiles(denoise, np.ascontiguousarray(picture[:, 256:]), GRAPHS.TILE)  # the seam is within a tile
    across = np.abs(result[:, 600:680] - centered[:, 344:424])
    assert across.mean() < 0.3 / 255
    steps = np.abs(np.diff(result[:, 600:680], axis=1)).mean((0, 2))
    assert steps[39] < steps.max()  # of column 640, where the second tile begins


def test_what_is_clean_stays(packages: dict[str, Path]) -> None:
    smooth = np.linspace(0.1, 0.9, 512, dtype=np.float32)[:, None, None].repeat(512, 1).repeat(3, 2)
    result = run_tiles(model(packages["denoise-pielight"]), smooth, GRAPHS.TILE)
    assert np.abs(result - smooth).max() < 0.5 / 255


@pytest.mark.parametrize("ev", [0, -3, -5])
def test_a_whole_picture_is_brightened_as_by_free(packages: dict[str, Path], ev: float) -> None:
    dark = linear_to_srgb(srgb_to_linear(PHOTO[:380]) * 2.0**ev).astype(np.float32)
    graph = model(packages["brighten-pielight"])(dark.transpose(2, 0, 1)[np.newaxis])[0].transpose(1, 2, 0)
    own = Enhancer("free", threads=1)(dark, denoise=0)
    assert np.abs(graph - own).mean() < 2 / 255
    if ev == 0:
        assert np.abs(graph - dark).max() < 1e-5


def changed(package: Path, folder: Path, **changes: Any) -> Path:
    """Return a package with values of config.json, of the card, or files in another way."""
    with zipfile.ZipFile(package) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files[f"{package.stem}/config.json"])
    for key, value in changes.items():
        if key in config["model_card"]:
            config["model_card"][key] = value
        elif "." in key:
            files[f"{package.stem}/{key}"] = value
        elif key != "rename":
            config[key] = value
    files[f"{package.stem}/config.json"] = json.dumps(config).encode()
    path = folder / changes.get("rename", package.name)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def other_names(package: Path) -> bytes:
    content = onnx.load_from_string(zipfile.ZipFile(package).read(f"{package.stem}/model.onnx"))
    content.graph.input[0].name = "picture"
    for node in content.graph.node:
        node.input[:] = ["picture" if name == "input" else name for name in node.input]
    result: bytes = content.SerializeToString()
    return result


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"rename": "other.dtmodel"}, "the file must be named denoise-pielight.dtmodel"),
        ({"id": "denoise-other"}, "id must be denoise-pielight"),
        ({"task": "upscale"}, "begin with the task"),
        ({"version": 1.0}, "version must be a text"),
        ({"attributes": {"input_sizes": [128]}}, "must name tiles above 128 pixels"),
        ({"attributes": {"input_sizes": [512]}}, "expected [1, 3, 512, 512]"),
        ({"license": "CC-BY-NC-4.0"}, "must be compatible with GPL-3.0"),
        ({"training_data_license": "academic research only"}, "must be free for any use"),
        ({"README.md": b"| MOF | Class II |"}, "the criterion 'Model license' is missing"),
        ({"model.onnx": b"nothing"}, "model.onnx cannot be loaded"),
        ({"model.onnx": other_names}, "must have one input, 'input'"),
    ],
)
def test_broken_rules_are_told_by_a_line(
    packages: dict[str, Path], tmp_path: Path, changes: dict[str, Any], line: str
) -> None:
    package = packages["denoise-pielight"]
    values = {key: value(package) if callable(value) else value for key, value in changes.items()}
    found = [*CHECK.problems(changed(package, tmp_path, **values))]
    assert any(line in each for each in found), found
    assert all(len(each.splitlines()) == 1 for each in found)


def test_the_command_tells_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.dtmodel"
    path.write_bytes(io.BytesIO(b"no zip").getvalue())
    command = [sys.executable, str(INTEGRATIONS / "darktable/check.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}: no zip archive")
