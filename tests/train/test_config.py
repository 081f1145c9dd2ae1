"""Settings: every name and value is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pielight.errors import ConfigError
from pielight.train.config import Training, read_config
from pielight.train.denoising.config import is_denoising, read_denoising
from pielight.train.settings import as_yaml, read_values

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configurations_are_valid(path: Path) -> None:
    if is_denoising(read_values(path)):
        assert read_denoising(path).data.well
    else:
        assert read_config(path).data.well


def test_the_resolved_configuration_reads_back(tmp_path: Path) -> None:
    config = read_config(
        None,
        [
            "data.dark=[a, b]",
            "optimiser.rate=1e-3",
            "features=x.pth",
            "harder=true",
            "lattice.cell=16",
            "adaptive.capture.quality=[70, 80]",
        ],
    )
    (tmp_path / "c.yaml").write_text(as_yaml(config))
    assert read_config(tmp_path / "c.yaml") == config
    assert config.optimiser.rate == 0.001
    assert config.harder
    assert config.lattice.cell == 16
    assert config.adaptive.capture.quality == (70, 80)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("stpes=3", "unknown setting stpes; did you mean steps"),
        ("losses.contras=3", r"unknown setting losses\.contras; did you mean losses\.contrast"),
        ("steps=0", "steps: 0 should be at least 1"),
        ("data.size=100", "multiple of 32"),
        ("data.crop=[0.9, 0.5]", "wrong way round"),
        ("losses.contrast=-1", "should not be negative"),
        ("precision=fp8", "choose no or bf16"),
        ("negatives=wild", "choose paper, mild or adaptive"),
        ("harder=1", "harder: 1 should be of type bool"),
        ("adaptive.distance=[0.9, 0.2]", "wrong way round"),
        ("adaptive.distance=[0.2, 1.5]", r"adaptive\.distance should lie between 0 and 1"),
        ("adaptive.local=-0.1", r"adaptive\.local should lie"),
        ("adaptive.capture.noisy=2", r"adaptive\.capture\.noisy should lie"),
        ("adaptive.capture.quality=[10, 100]", r"quality should lie between 1 and 95"),
        ("adaptive.capture.quality=[90, 60]", "wrong way round"),
        ("adaptive.capture.shot=[0, 1e-3]", "shot and read should be above 0"),
        ("adaptive.capture.jpeg=3", "unknown setting adaptive.capture.jpeg"),
        ("lattice.cell=12", r"lattice\.cell: 12 should be 4, 8, 16 or 32"),
        ("lattice.cells=8", r"did you mean lattice\.cell\?"),
        ("lattice.iterations=0", r"lattice\.iterations: 0 should be at least 1"),
        ("lattice.width=wide", r"lattice\.width: 'wide' is not a number"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"steps": 5}))
    with pytest.raises(ConfigError, match=said):
        read_config(tmp_path / "c.yaml", [change])


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert read_config(tmp_path / "c.yaml") == Training()
