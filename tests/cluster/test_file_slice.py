"""Slices of a listing: names that are no text, and files that cannot be read."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from pielight.cluster.finish import finish
from pielight.cluster.options import ClusterOptions
from pielight.cluster.run import ClusterJob, prepare
from pielight.cluster.shards import ShardSearch
from tests.cluster.conftest import BAD, jpeg
from tests.cluster.test_cluster_run import PLAIN, done, report


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8 are Linux's")
def test_a_name_that_is_no_utf8_is_enhanced_like_any(tmp_path: Path) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    photos.mkdir()
    for number, name in enumerate((b"a.jpg", b"latin\xe9.jpg")):
        (photos / os.fsdecode(name)).write_bytes(jpeg(number))
    job = ClusterJob(str(photos), str(out), PLAIN)
    assert [end.text for end in done(job)] == [""]
    assert [os.fsencode(path.name) for path in sorted(out.glob("*.jpg"))] == [b"a.jpg", b"latin\xe9.jpg"]
    assert finish(job, verify=True).is_whole
    assert [(row["key"], row["output"]) for row in report(out)][1] == ("latin\\udce9.jpg", "latin\\udce9.jpg")
    assert not prepare(job).tasks


def test_photos_that_failed_are_tried_again_where_that_is_wanted(tree: Path, tmp_path: Path) -> None:
    job = ClusterJob(str(tree), str(tmp_path / "out"), PLAIN, ShardSearch(per_slice=6))
    done(job)
    assert not prepare(job).tasks
    prepared = prepare(replace(job, existing="retry"))
    assert prepared.notes[0] == "files-000001 is made again: 1 photo failed"
    assert [task.shard.name for task in prepared.tasks] == ["files-000001"]


def test_photos_of_earlier_runs_are_told(tmp_path: Path) -> None:
    photos, out = tmp_path / "out/in", tmp_path / "out"  # the source inside of the output, and another output, too
    photos.mkdir(parents=True)
    for number in range(3):
        (photos / f"{number}.jpg").write_bytes(jpeg(number))
    job = ClusterJob(str(photos), str(out), PLAIN)
    done(job)
    done(replace(job, target=str(out / "other")))
    assert finish(job).notes == []
    (photos / "1.jpg").write_bytes(BAD)
    done(job)
    text = ": 1 photo that this run did not make, 1.jpg; delete what earlier ones left"
    assert finish(job).notes == [f"{out}{text}"]
    other = replace(job, options=ClusterOptions(PLAIN.enhance, file_format="webp"))
    done(other)
    assert "3 photos that this run did not make, 0.jpg, 1.jpg, 2.jpg" in finish(other).notes[-1]
