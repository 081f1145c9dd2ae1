"""Slices of a listing: names that are no text, and files that cannot be read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")

from pielight.cluster.finish import finish
from pielight.cluster.run import ClusterJob, prepare
from tests.cluster.conftest import jpeg
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
