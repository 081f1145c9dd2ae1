"""Which photos are taken, from where, and under which names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from pielight.cluster.run import ClusterJob, prepare
from pielight.cluster.shards import ShardSearch, plan_shards
from pielight.cluster.storage import Storage
from pielight.errors import OptionError, PielightError
from tests.cluster.test_cluster_run import PLAIN, command, done


def test_an_empty_path_is_not_the_whole_disk(tmp_path: Path) -> None:
    for words in (["", tmp_path], [tmp_path, ""]):
        made = command(*words)
        assert made.exit_code == 2
        assert "an empty path; . is this folder" in made.output
    with pytest.raises(OptionError, match="an empty path"):
        Storage("")


def test_other_patterns_or_columns_make_shards_again(make_tars: Callable[..., Path], tmp_path: Path) -> None:
    job = ClusterJob(str(make_tars(1, 1)), str(tmp_path / "out"), PLAIN, ShardSearch(exclude=["*.seg.png", "*.gif"]))
    done(job)
    assert not prepare(replace(job, search=ShardSearch(exclude=["*.gif", "*.seg.png"]), column="jpg")).tasks
    prepared = prepare(replace(job, search=ShardSearch(include=["*.jpg"])))
    text = "0000.tar is made again: Exclude *.gif *.seg.png, now none; Include none, now *.jpg"
    assert prepared.notes == [text]
    assert len(prepared.tasks) == 1


def test_names_that_are_none_on_disk_are_refused(tmp_path: Path) -> None:
    place = f"memory://{tmp_path.name}/in"
    Storage(place).write("a//b.jpg", b"")
    with pytest.raises(PielightError, match=r"a//b\.jpg: no name of a file on disk; leave it out with --exclude"):
        plan_shards(place, Storage(str(tmp_path)), ShardSearch(), None)
    shard = plan_shards(place, Storage(f"{place}/../out"), ShardSearch(), None).shards[0]
    assert shard.outputs("WEBP") == ["a//b.webp"]
