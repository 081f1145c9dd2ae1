"""The rows of the report: what became of each photo, as a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from pielight.core.messages import utf8

SCHEMA = pa.schema(
    [
        pa.field("shard", pa.string(), nullable=False),
        pa.field("index", pa.int64(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("error", pa.string()),
        pa.field("note", pa.string()),
        pa.field("seconds", pa.float32(), nullable=False),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("bytes_in", pa.int64(), nullable=False),
        pa.field("bytes_out", pa.int64()),
        pa.field("output", pa.string()),
        pa.field("sha256", pa.string()),
    ]
)


@dataclass(frozen=True)
class Row:
    """What became of a photo.

    Attributes:
        shard: Name of its shard.
        index: Its place there, from 0: member, row, or file of the slice.
        key: What it is called there.
        status: ``done``, or ``failed``.
        error: Why it failed, in a line.
        note: What to know of the result.
        seconds: Time taken.
        width: Of the photo, in pixels; None if that is not in its header.
        height: The same.
        bytes_in: Size of its file.
        bytes_out: Size of the result's.
        output: Name of the result.
        sha256: Checksum of the result.
    """

    shard: str
    index: int
    key: str
    status: Literal["done", "failed"]
    error: str | None = None
    note: str | None = None
    seconds: float = 0.0
    width: int | None = None
    height: int | None = None
    bytes_in: int = 0
    bytes_out: int | None = None
    output: str | None = None
    sha256: str | None = None


def encoded_rows(rows: Sequence[Row]) -> bytes:
    """Encode rows as a Parquet file; what is no UTF-8 in a name becomes an escape.

    >>> decoded_rows(encoded_rows([Row("a.tar", 0, "caf\\udce9.jpg", "done")]))["key"][0].as_py()
    'caf\\\\udce9.jpg'
    """
    file, known = io.BytesIO(), [{name: _text(value) for name, value in asdict(row).items()} for row in rows]
    pq.write_table(pa.Table.from_pylist(known, SCHEMA), file, compression="zstd")
    return file.getvalue()


def decoded_rows(data: bytes) -> pa.Table:
    """Decode the rows of a Parquet file.

    >>> decoded_rows(encoded_rows([Row("a.tar", 0, "x.jpg", "done")])).num_rows
    1
    """
    with pq.ParquetFile(io.BytesIO(data), pre_buffer=False) as file:
        return file.read(use_threads=False)  # threads of Arrow's may still run when the process ends, and abort it


def _text(value: object) -> object:
    return utf8(value).decode() if isinstance(value, str) else value
