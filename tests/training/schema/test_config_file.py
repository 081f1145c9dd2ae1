"""Settings as YAML: files, changes, and what ``pielight.training.schema.setting_errors`` says of wrong ones."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path
from typing import Literal

import pytest

from pielight.errors import ConfigError
from pielight.training.schema import DenoiseConfig, JointConfig, OptimizerConfig, TrainConfig
from pielight.training.schema.config_file import (
    apply_changes,
    as_yaml,
    parse_change,
    read_values,
    validate,
    was_written_by_us,
    with_changes,
)  # fmt: skip
from pielight.training.schema.fields import Count, Flag, Interval, Number, Share, Text, Texts, section


@section
class Group:
    rate: Number = 1.0
    between: Interval = (0.0, 1.0)
    share: Share = 0.5


@section
class Recipe:
    count: Count = 3
    folders: Texts = ()
    cache: Text | None = None
    group: Group = field(default_factory=Group)
    kind: Literal["a", "b", "c"] = "a"
    flag: Flag = False


def read(*changes: str) -> Recipe:
    return with_changes(Recipe(), changes)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    recipe = Recipe(4, ("a", "b"), None, Group(1e-5, (0.2, 0.3)))
    (tmp_path / "r.yaml").write_text(as_yaml(recipe))
    assert validate(Recipe, read_values(tmp_path / "r.yaml")) == recipe
    assert was_written_by_us(tmp_path / "r.yaml", Recipe)
    (tmp_path / "r.yaml").write_text(as_yaml(recipe) + "# mine\n")
    assert not was_written_by_us(tmp_path / "r.yaml", Recipe)
    (tmp_path / "r.yaml").write_text("count: 4\n")
    assert not was_written_by_us(tmp_path / "r.yaml", Recipe)


def test_a_file_of_the_previous_release_was_written_by_us() -> None:
    for name, kind in (("train", TrainConfig), ("denoise", DenoiseConfig), ("joint", JointConfig)):
        assert was_written_by_us(Path(__file__).parent / "previous_release" / f"{name}.yaml", kind)


def test_changes_win_and_one_value_is_a_list_of_one() -> None:
    values = {"count": 5, "group": {"rate": 2}}
    apply_changes(Recipe, values, ["group.rate=1e-3", "folders=a", "cache=null", "group.share=1"])
    assert validate(Recipe, values) == Recipe(5, ("a",), None, Group(0.001, share=1.0))


def test_yaml_s_no_is_a_text() -> None:
    assert read("cache=no").cache == "no"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("cuont=3", "unknown setting cuont; did you mean count?"),
        ("group.rte=3", "unknown setting group.rte; did you mean group.rate?"),
        ("count=many", "count: 'many' should be of type int"),
        ("count=true", "count: True should be of type int"),
        ("count=1.5", "count: 1.5 should be of type int"),
        ("count=0", "count: 0 should be at least 1"),
        ("flag=1", "flag: 1 should be of type bool"),
        ("group.rate=fast", "group.rate: 'fast' is not a number"),
        ("group.rate=true", "group.rate: True should be of type float"),
        ("group.rate=.inf", "group.rate: inf should be finite"),
        ("group.between=[0.9]", "group.between: 2 values are expected, as in [0.1, 0.5]"),
        ("group.between=[1, 2, 3]", "group.between: 2 values are expected, as in [0.1, 0.5]"),
        ("group.between=[0.9, 0.1]", "group.between: the interval [0.9, 0.1] is the wrong way round"),
        ("group.share=2", "group.share: 2 should be between 0 and 1"),
        ("group=3", "group is a group of settings, not a value"),
        ("count.more=3", "--set count.more=3: count is a value, not a group"),
        ("kind=d", "kind: 'd' is unknown; choose a, b or c"),
        ("folders=[1]", "folders: 1 should be of type str"),
        ("cache=" + "x" * 5000, "cache: a text of 5,000 characters; at most 4,096 make sense"),
        ("count", "--set count: should look like key=value"),
        ("count=[", "--set count=[: the value is not YAML"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(change)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_unknown_settings_come_first() -> None:
    with pytest.raises(ConfigError, match="unknown setting cuont"):
        read("count=0", "cuont=1")


def test_values_of_classes_are_checked_without_a_file() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        OptimizerConfig(warmup_steps=-1)


def test_a_value_that_is_no_group_is_named_in_full() -> None:
    values = {"group": {"between": [0, 1]}}
    with pytest.raises(ConfigError, match=r"^--set group\.between\.low=1: group\.between is a value, not a group$"):
        apply_changes(Recipe, values, ["group.between.low=1"])
    assert parse_change("group.between=[0, 1]") == values


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "\x00"])
def test_wrong_files(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        read_values(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        read_values(tmp_path / "none.yaml")
