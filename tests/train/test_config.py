"""Settings: every name and value is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pielight.errors import ConfigError
from pielight.train.config import Training, as_yaml, read_config, read_values
from pielight.train.denoising.config import is_denoising, read_denoising

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
            "adaptive.capture.quality=[70, 80]",
        ],
    )
    (tmp_path / "c.yaml").write_text(as_yaml(config))
    assert read_config(tmp_path / "c.yaml") == config
    assert config.optimiser.rate == 0.001
    assert config.harder
    assert config.adaptive.capture.quality == (70, 80)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("stpes=3", "unknown setting stpes; did you mean steps"),
        ("losses.contras=3", r"unknown setting losses\.contras; did you mean losses\.contrast"),
        ("optimizer.rate=3", "did you mean optimiser"),
        ("steps=many", "steps: 'many' should be of type int"),
        ("steps=0", "steps: 0 should be at least 1"),
        ("steps=true", "steps: True"),
        ("data.size=100", "multiple of 32"),
        ("data.crop=[0.9, 0.5]", "wrong way round"),
        ("data.crop=[0.9]", "2 values"),
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
        ("data=3", "data is a group"),
        ("steps.more=3", r"steps\.more"),
        ("steps", "should look like key=value"),
        ("steps=[", "not YAML"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"steps": 5}))
    with pytest.raises(ConfigError, match=said):
        read_config(tmp_path / "c.yaml", [change])


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "\x00"])
def test_wrong_files(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        read_config(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        read_config(tmp_path / "none.yaml")


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert read_config(tmp_path / "c.yaml") == Training()
