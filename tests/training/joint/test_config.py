"""Settings of joint optimization."""

from __future__ import annotations

from pathlib import Path

import pytest

from pielight.errors import ConfigError
from pielight.training.joint.config import read_joint
from pielight.training.settings import as_yaml

CONFIGS = sorted((Path(__file__).parents[3] / "configs").glob("joint-*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path: Path, tmp_path: Path) -> None:
    config = read_joint(path)
    assert config.data.clean.startswith("data/")
    (tmp_path / "resolved.yaml").write_text(as_yaml(config))
    assert read_joint(tmp_path / "resolved.yaml") == config


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("train=all", "train: 'all' is unknown; choose enhancer, downstream or both"),
        ("enhancer=none", "enhancer: none leaves only the downstream model to learn"),
        ("recipe=denoise", "recipe: 'denoise' is not for this command"),
        ("weights.task=0", "weights: task and distil are both 0"),
        ("weights.distil=1", "a network without weights teaches nothing"),
        ("data.scale=0", "data.scale: 0.0 should be above 0 and at most 1"),
        ("data.width=16", "data.width: 16 should be at least 32"),
        ("darkening.stops=[1, 2]", "darkening.stops"),
        ("downstream.rates=3", "unknown setting downstream.rates; did you mean downstream.rate"),
        ("steps=0", "steps: 0 should be at least 1"),
    ],
)
def test_wrong_settings(change: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_joint(None, [change])


def test_labels_or_boxes() -> None:
    with pytest.raises(ConfigError, match="give labels or boxes, not both"):
        read_joint(None, ["data.labels=a", "data.boxes=b"])
