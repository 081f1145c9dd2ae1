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
from tests.cluster.test_cluster_run import PLAIN, InThisProcess, command, done


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


def test_results_of_earlier_runs_are_left_out(tree: Path, tmp_path: Path) -> None:
    def plan(source: Path, target: Path) -> tuple[list[str], tuple[str, ...]]:
        made = plan_shards(str(source), Storage(str(target)), ShardSearch(include=["?.jpg"]), None)
        return [entry.name for shard in made.shards for entry in shard.inputs], made.left_out

    done(ClusterJob(str(tree), str(tree / "bright"), PLAIN, ShardSearch(include=["0.jpg"])))
    names, left_out = plan(tree, tmp_path / "out")
    assert names == [f"{number}.jpg" for number in range(5)] + [f"trip/{number}.jpg" for number in range(5, 8)]
    assert left_out[0] == f"results of earlier runs left out: {tree}/bright"
    assert plan(tree, tree / "bright")[1][0].startswith("1 file of an unsupported format")
    assert plan(tree / "bright", tmp_path / "out") == (["0.jpg"], ())  # which was named


def test_what_is_no_source_is_told(tmp_path: Path) -> None:
    def refused(source: Path) -> str:
        with pytest.raises(PielightError) as error:
            plan_shards(str(source), Storage(str(tmp_path / "out")), ShardSearch(), None)
        return str(error.value)

    assert refused(tmp_path / "none").endswith("none: no such file or folder")
    assert refused(tmp_path / "none.tar").endswith("none.tar: no such file or folder")
    (tmp_path / "a.jpg").write_bytes(b"")
    assert "a.jpg: a single file, neither .tar nor .parquet; 'pielight enhance'" in refused(tmp_path / "a.jpg")
    with pytest.raises(PielightError, match="memory://none/at/all: no such bucket or prefix, or an empty one"):
        plan_shards("memory://none/at/all", Storage(str(tmp_path)), ShardSearch(), None)
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.tgz", "b.TAR.GZ", "c.mp4", "notes.gz"):
        (folder / name).write_bytes(b"")
    assert refused(folder).endswith(
        "nothing to enhance, neither photos nor .tar nor .parquet files; 2 compressed tar files left out; decompress "
        "first, as with gunzip; 1 clip left out; 'pielight video' takes them"
    )


def test_a_damaged_shard_is_told_apart_and_tried_once(
    make_tars: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pielight.cluster.local_workers.LocalWorkers", lambda count: InThisProcess())
    tars = make_tars(2, 1)
    (tars / "0001.tar").write_bytes((tars / "0001.tar").read_bytes()[:700])
    made = command(tars, tmp_path / "out", "--denoise", "0")
    assert made.exit_code == 1
    assert "tried again" not in made.output
    assert "0001.tar: damaged tar file" in made.output
    assert "not usable: 1 shard, 0001.tar; the same command fails there again" in made.output
    assert "not done" not in made.output
