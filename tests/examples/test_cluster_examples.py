"""The examples for clusters: the scripts by variables as Slurm sets them, and with a stand-in where a program lacks."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("s3fs")
import pyarrow.parquet as pq

from pielight import Enhancer
from tests.cluster.conftest import BAD, jpeg, samples, write_tar

EXAMPLES = Path(__file__).parents[2] / "examples/cluster"
STAND_IN = """#!/bin/sh
shift 2
while read -r line; do
    words=$(echo "$*" | sed "s/{}/$line/")
    $words || exit 1
done
"""
pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="scripts of a POSIX shell"),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tar files, and a path on which ``pielight`` is."""
    for number in range(3):
        write_tar(tmp_path / f"in/{number}.tar", samples(number, 1))
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/pielight"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pielight "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def script(name: str, *words: str, **variables: str) -> str:
    done = subprocess.run(["bash", str(EXAMPLES / name), *words], capture_output=True, text=True, check=True,
                          env=os.environ | variables, timeout=100)  # fmt: skip
    return done.stderr


def test_slurm(place: Path) -> None:
    for number in range(2):
        script("slurm.sh", "in", "out", SLURM_ARRAY_TASK_ID=str(number), SLURM_ARRAY_TASK_COUNT="2",
               SLURM_CPUS_PER_TASK="1")  # fmt: skip
    assert sorted(path.name for path in (place / "out").glob("*.tar")) == ["0.tar", "1.tar", "2.tar"]
    assert not (place / "out/_pielight/report.parquet").exists()
    told = subprocess.run(["pielight", "cluster", "in", "out", "--finish"], capture_output=True, text=True, check=True)
    assert "3 enhanced, 3 members copied in 3 shards" in told.stderr


def test_gnu_parallel(place: Path) -> None:
    if not shutil.which("parallel"):
        (place / "bin/parallel").write_text(STAND_IN)
        (place / "bin/parallel").chmod(0o755)
    assert "3 enhanced, 3 members copied in 3 shards" in script("parallel.sh", "in", "out", "2")


class Series:
    """Stands for a ``pandas.Series``."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def map(self, call: Callable[[Any], Any]) -> Series:
        return Series([call(value) for value in self.values])


def test_the_function_for_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas, on what has the one method that is used."""
    if not find_spec("pandas"):
        monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(Series=Series))
    names = runpy.run_path(str(EXAMPLES / "spark.py"))
    batches: Iterator[Series] = iter([Series([jpeg(1), None]), Series([BAD])])
    first, second = names["brighten_series"](batches)
    assert first.values == [Enhancer(threads=1)(jpeg(1)), None]
    assert second.values == [None]


def test_spark_itself(tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    pytest.importorskip("pandas")
    import pyarrow as pa

    if not shutil.which("java"):
        pytest.skip("Spark needs a Java")
    pq.write_table(pa.table({"id": [1, 2], "bytes": [jpeg(1), BAD]}), tmp_path / "in.parquet")
    words = [sys.executable, str(EXAMPLES / "spark.py"), "in.parquet", "out.parquet"]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=200,
                   env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable})  # fmt: skip
    made = pq.read_table(tmp_path / "out.parquet", use_threads=False).sort_by("id")
    assert made["bytes"].to_pylist() == [Enhancer(threads=1)(jpeg(1)), None]
