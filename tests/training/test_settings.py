"""Settings of any recipe: names, types and files are checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pielight.errors import ConfigError
from pielight.training.settings import as_yaml, build_settings, read_values


@dataclass(frozen=True)
class Group:
    rate: float = 1.0
    between: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Recipe:
    count: int = 3
    folders: tuple[str, ...] = ()
    cache: str | None = None
    group: Group = field(default_factory=Group)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    recipe = Recipe(4, ("a", "b"), None, Group(1e-5, (0.2, 0.3)))
    (tmp_path / "r.yaml").write_text(as_yaml(recipe))
    assert build_settings(Recipe, read_values(tmp_path / "r.yaml")) == recipe


def test_changes_win_and_one_value_is_a_list_of_one(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("count: 5\ngroup: {rate: 2}\n")
    values = read_values(tmp_path / "r.yaml", ["group.rate=1e-3", "folders=a", "cache=null"])
    assert build_settings(Recipe, values) == Recipe(5, ("a",), None, Group(0.001))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("cuont=3", "unknown setting cuont; did you mean count"),
        ("group.rte=3", r"unknown setting group\.rte; did you mean group\.rate"),
        ("count=many", "count: 'many' should be of type int"),
        ("count=true", "count: True"),
        ("group.rate=fast", "'fast' is not a number"),
        ("group.between=[0.9]", "2 values"),
        ("group=3", "group is a group"),
        ("count.more=3", "count: {'more': 3} should be of type int"),
        ("count", "should look like key=value"),
        ("count=[", "not YAML"),
    ],
)
def test_wrong_settings_say_what_is_wrong(change: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        build_settings(Recipe, read_values(None, [change]))


def test_a_value_that_is_no_group_is_named_in_full(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("group: {between: [0, 1]}\n")
    with pytest.raises(ConfigError, match=r"^--set group\.between\.low=1: group\.between is a value, not a group$"):
        read_values(tmp_path / "r.yaml", ["group.between.low=1"])


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "\x00"])
def test_wrong_files(text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        read_values(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        read_values(tmp_path / "none.yaml")
