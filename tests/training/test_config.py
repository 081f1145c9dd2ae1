"""Settings: every name and value is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pielight.errors import ConfigError
from pielight.training.config import Training, read_config
from pielight.training.objectives import find_task
from pielight.training.objectives.denoise_config import Denoising, is_denoising, read_denoising
from pielight.training.ranges import CHOICES, RANGES, named
from pielight.training.settings import as_yaml, read_values

CONFIGS = [
    path
    for path in sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
    if read_values(path).get("recipe") != "joint"
]


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
            "optimizer.rate=1e-3",
            "features=x.pth",
            "harder=true",
            "lattice.cell=16",
            "adaptive.capture.quality=[70, 80]",
        ],
    )
    (tmp_path / "c.yaml").write_text(as_yaml(config))
    assert read_config(tmp_path / "c.yaml") == config
    assert config.optimizer.rate == 0.001
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
        ("losses.contrast=-1", r"losses\.contrast: -1\.0 should be at least 0"),
        ("precision=fp8", "choose no or bf16"),
        ("negatives=wild", "choose paper, mild or adaptive"),
        ("harder=1", "harder: 1 should be of type bool"),
        ("adaptive.distance=[0.9, 0.2]", "wrong way round"),
        ("adaptive.distance=[0.2, 1.5]", r"adaptive\.distance: \[0\.2, 1\.5\] should be between 0 and 1"),
        ("adaptive.local=-0.1", r"adaptive\.local: -0\.1 should be"),
        ("adaptive.capture.noisy=2", r"adaptive\.capture\.noisy: 2\.0 should be"),
        ("adaptive.capture.quality=[10, 100]", r"quality: \[10, 100\] should be between 1 and 95"),
        ("adaptive.capture.quality=[90, 60]", "wrong way round"),
        ("adaptive.capture.shot=[0, 1e-3]", r"adaptive\.capture\.shot: \[0\.0, 0\.001\] should be above 0"),
        ("adaptive.capture.jpeg=3", "unknown setting adaptive.capture.jpeg"),
        ("lattice.cell=12", r"lattice\.cell: 12 should be 4, 8, 16 or 32"),
        ("lattice.cells=8", r"did you mean lattice\.cell\?"),
        ("lattice.iterations=0", r"lattice\.iterations: 0 should be at least 1"),
        ("darkening.shot=[0, 1e-3]", r"darkening\.shot: .* above 0"),
        ("darkening.stops=[-1, 1]", r"darkening\.stops: \[-1\.0, 1\.0\] should be at most 0"),
        ("darkening.night=1.5", r"darkening\.night: .* between 0 and 1"),
        ("data.crop=[0, 1]", r"data\.crop: .* above 0 and at most 1"),
        ("data.regions=magic", r"data\.regions: 'magic' is unknown; choose felzenszwalb or slic"),
        ("network=foo", "network: 'foo' is unknown; choose lattice or dcenet"),
        ("data.render=8", r"data\.render: 8 should be a multiple of 16"),
        ("judging.batch=0", r"judging\.batch: 0"),
        ("judging.steps=-1", r"judging\.steps: -1"),
        ("judging.stops=[1, -1]", r"judging\.stops: .* wrong way round"),
        ("losses.temperature=0", r"losses\.temperature: 0\.0 should be above 0"),
        ("losses.cast=.nan", r"losses\.cast: nan should be finite"),
        ("optimizer.average=1", r"optimizer\.average: 1\.0 should be at least 0 and below 1"),
        ("optimizer.rate=0", r"optimizer\.rate"),
        ("optimizer.clip=.inf", r"optimizer\.clip: inf should be finite"),
        ("optimizer.warmup=-1", r"optimizer\.warmup"),
        ("lattice.width=wide", r"lattice\.width: 'wide' is not a number"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"steps": 5}))
    with pytest.raises(ConfigError, match=said):
        read_config(tmp_path / "c.yaml", [change])


def test_a_lattice_of_one_node_has_no_smoothness() -> None:
    small = ["data.size=32", "data.render=32", "lattice.cell=32"]
    with pytest.raises(ConfigError, match="a lattice of one node"):
        read_config(None, small)
    assert read_config(None, [*small, "losses.smoothness=0", "losses.cast=0"]).data.size == 32


def test_something_is_learnt_from() -> None:
    terms = find_task("darkness").terms
    with pytest.raises(ConfigError, match="every weight is 0"):
        read_config(None, [f"losses.{term}=0" for term in terms])


def test_every_range_is_that_of_a_setting() -> None:
    names = {name for recipe in (Training(), Denoising()) for name, _ in named(recipe)}
    assert RANGES.keys() | CHOICES.keys() <= names


def test_an_empty_file_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("")
    assert read_config(tmp_path / "c.yaml") == Training()


def test_yaml_s_no_is_a_precision() -> None:
    assert read_config(None, ["precision=no"]).precision == "no"


def test_a_spatial_network_sees_what_losses_see() -> None:
    with pytest.raises(ConfigError, match=r"data.render: 64 should be data.size, 128, for task: rain"):
        read_config(None, ["task=rain", "data.render=64"])
