"""Parquet files: the schema and all other columns stay."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")
import pyarrow as pa
import pyarrow.parquet as pq

from pielight.cluster import parquet_shard
from pielight.cluster.parquet_shard import enhance_parquet, find_column
from pielight.cluster.recorder import Recorder
from pielight.cluster.run import ClusterJob, prepare
from pielight.errors import DataError
from tests.cluster.conftest import BAD, Reversed, jpeg
from tests.cluster.test_cluster_run import PLAIN, done

ROW = st.fixed_dictionaries(
    {
        "key": st.one_of(st.none(), st.text(max_size=5)),
        "jpg": st.one_of(st.none(), st.binary(max_size=40), st.just(BAD)),
        "label": st.one_of(st.none(), st.integers(-9, 9)),
        "boxes": st.lists(st.fixed_dictionaries({"x": st.floats(0, 1), "raw": st.binary(max_size=3)}), max_size=2),
    }
)
SCHEMA = pa.schema(
    [
        pa.field("key", pa.string()),
        pa.field("jpg", pa.large_binary()),
        pa.field("label", pa.int16(), metadata={"unit": "none"}),
        pa.field("boxes", pa.list_(pa.struct([("x", pa.float64()), ("raw", pa.binary())]))),
    ],
    metadata={"huggingface": "{}"},
)


def enhanced(table: Any, column: str | None = None, **how: Any) -> tuple[Any, Recorder]:
    file, out, record = io.BytesIO(), io.BytesIO(), Recorder("a.parquet", Reversed())
    pq.write_table(table, file, **how)
    file.seek(0)
    enhance_parquet(file, out, record, column, "a.parquet")
    return pq.read_table(out, use_threads=False), record


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, max_size=9), st.integers(1, 4))
def test_all_but_the_photos_stays(rows: list[dict[str, Any]], group: int) -> None:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), file)
    before = pq.read_table(file, use_threads=False)  # which calls items of lists as Parquet does
    after, record = enhanced(before, row_group_size=group)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert after.drop(["jpg"]).equals(before.drop(["jpg"]))
    wanted = [None if row["jpg"] is None or row["jpg"] == BAD else row["jpg"][::-1] for row in rows]
    assert after["jpg"].to_pylist() == wanted
    assert [row.index for row in record.rows] == [n for n, row in enumerate(rows) if row["jpg"] is not None]


@pytest.mark.parametrize("batch", [1, 3, 1 << 20])
def test_photos_of_hugging_face(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_shard, "_BYTES", batch)
    photos = [{"bytes": b"ab", "path": "1.jpg"}, None, {"bytes": None, "path": "2.jpg"}, {"bytes": BAD, "path": None}]
    after, record = enhanced(pa.table({"n": range(4), "image": photos}))
    assert after["image"].to_pylist() == [
        {"bytes": b"ba", "path": "1.jpg"}, None, {"bytes": None, "path": "2.jpg"}, {"bytes": None, "path": None},
    ]  # fmt: skip
    assert [(row.key, row.status) for row in record.rows] == [("1.jpg", "done"), ("3", "failed")]


def test_compression_and_columns_without_nulls() -> None:
    schema = pa.schema([pa.field("jpg", pa.binary(), nullable=False), pa.field("t", pa.string())])
    table = pa.Table.from_pylist([{"jpg": b"ab", "t": "x"}, {"jpg": BAD, "t": "y"}], schema)
    file, out = io.BytesIO(), io.BytesIO()
    pq.write_table(table, file, compression={"jpg": "NONE", "t": "GZIP"})
    enhance_parquet(file, out, Recorder("a", Reversed()), None, "a")
    assert pq.read_table(out)["jpg"].to_pylist() == [b"ba", b""]
    group = pq.ParquetFile(out).metadata.row_group(0)
    assert [group.column(n).compression for n in range(2)] == ["UNCOMPRESSED", "GZIP"]


def test_which_column() -> None:
    schema = pa.schema([("mask", pa.binary()), ("jpg", pa.binary()), ("t", pa.string())])
    assert find_column(schema, None, "a").name == "jpg"
    assert find_column(schema, "mask", "a").name == "mask"
    for wanted, text in (("t", "no column t of bytes; choose with --column: mask, jpg"),):
        with pytest.raises(DataError, match=text):
            find_column(schema, wanted, "a")
    with pytest.raises(DataError, match="has several columns of bytes; choose with --column: a, b"):
        find_column(pa.schema([("a", pa.binary()), ("b", pa.binary())]), None, "a")
    with pytest.raises(DataError, match="has no column of bytes"):
        find_column(pa.schema([("a", pa.string())]), None, "a")


def test_columns_of_views() -> None:
    table = pa.table({"jpg": pa.array([b"ab" * 20, None], pa.binary_view())})
    after, _ = enhanced(table)
    assert after["jpg"].to_pylist() == [b"ba" * 20, None]
    assert after.schema.equals(table.schema)


def test_another_column_is_another_result(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"mask": [jpeg()], "jpg": [jpeg()]}), tmp_path / "in/a.parquet")
    job = ClusterJob(str(tmp_path / "in"), str(tmp_path / "out"), PLAIN, column="mask")
    done(job)
    assert not prepare(job).tasks
    assert prepare(replace(job, column="jpg")).notes == ["a.parquet is made again: Column mask, now jpg"]


def test_damage_is_told() -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"jpg": [b"ab" * 5000]}), file)
    for data in (b"", b"PAR1", b"no Parquet file", file.getvalue()[:-100], file.getvalue()[500:]):
        with pytest.raises(DataError, match=r"^a\.parquet: no Parquet file, or damaged"):
            enhance_parquet(io.BytesIO(data), io.BytesIO(), Recorder("a", Reversed()), None, "a.parquet")
