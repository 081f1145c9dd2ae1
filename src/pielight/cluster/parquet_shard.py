"""A Parquet file with a column of photos' bytes: these are enhanced, all else is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pielight.cluster.recorder import Recorder
from pielight.core.messages import few, shown
from pielight.errors import DataError, PielightError

_BYTES = 32 << 20  # that are held of a batch, about
_ROWS = 1024
_KEYS = ("__key__", "key", "id", "image_id", "path", "file_name", "filename", "name", "url")
_NAMES = ("bytes", "image", "jpg", "jpeg", "img", "photo", "picture", "content", "data")


class PhotoColumn(NamedTuple):
    """Where the bytes of photos are.

    Attributes:
        name: Of the column.
        field: Of a column of structs, as Hugging Face's ``{bytes, path}``; empty of a column of bytes.
    """

    name: str
    field: str = ""


def find_column(schema: pa.Schema, wanted: str | None, name: str) -> PhotoColumn:
    """Find the column of photos' bytes.

    Args:
        wanted: Its name; None is the only one, or one with a usual name.
        name: What the file is called in messages.

    Raises:
        DataError: There is none.

    >>> find_column(pa.schema([("id", pa.int64()), ("jpg", pa.binary())]), None, "a.parquet")
    PhotoColumn(name='jpg', field='')
    """
    found = {field.name: column for field in schema if (column := _column(field)) is not None}
    if wanted is not None and wanted in found:
        return found[wanted]
    usual = [one for one in _NAMES if one in found]
    if wanted is None and (len(found) == 1 or usual):
        return found[usual[0]] if usual else next(iter(found.values()))
    what = f"has no column {shown(wanted)} of bytes" if wanted else "has no column of bytes"
    if found and not wanted:
        what = "has several columns of bytes"
    raise DataError(f"{name}: {what}; choose with --column: {few(list(found)) or 'there is none'}")


def enhance_parquet(source: BinaryIO, target: BinaryIO, record: Recorder, wanted: str | None, name: str) -> None:
    """Enhance a Parquet file into another one of the same schema, row for row.

    A photo that fails becomes null, or empty where there are no nulls; a photo that is null stays so.

    Args:
        source: Open for reading, seekable.
        target: Gets the file, from its start to its end.
        record: Enhances and takes down what became of each photo.
        wanted: Name of the column; None is the only one, or one with a usual name.
        name: What the file is called in messages.

    Raises:
        DataError: It is no Parquet file, damaged, or has no such column.
    """
    try:
        with pq.ParquetFile(source, pre_buffer=False) as file:
            schema = file.schema_arrow
            column = find_column(schema, wanted, name)
            key = next((one for one in _KEYS if one in schema.names), None)
            with pq.ParquetWriter(pa.PythonFile(target, "w"), schema, **_codecs(file.metadata)) as writer:
                for batch, start in _batches(file):
                    writer.write_batch(_enhanced(batch, column, key, start, record))
    except (pa.ArrowException, OSError) as error:  # Arrow raises both where a file is damaged
        if isinstance(error, PielightError) or getattr(error, "errno", None):
            raise
        raise DataError(f"{name}: no Parquet file, or damaged ({shown(str(error).splitlines()[0])})") from error


def _column(field: pa.Field) -> PhotoColumn | None:
    if _is_bytes(field.type):
        return PhotoColumn(field.name)
    if pa.types.is_struct(field.type) and any(one.name == "bytes" and _is_bytes(one.type) for one in field.type):
        return PhotoColumn(field.name, "bytes")
    return None


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind))


def _batches(file: pq.ParquetFile) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield parts of a file of about 32 MB, and the number of the first row of each."""
    start = 0
    for group in range(file.num_row_groups):
        known = file.metadata.row_group(group)
        rows = max(1, min(_ROWS, _BYTES * known.num_rows // max(1, known.total_byte_size)))
        for batch in file.iter_batches(rows, [group], use_threads=False):
            yield batch, start
            start += batch.num_rows


def _enhanced(batch: pa.RecordBatch, column: PhotoColumn, key: str | None, start: int, record: Recorder) -> Any:
    place = batch.schema.get_field_index(column.name)
    field, values = batch.schema.field(place), batch.column(place)
    if not column.field:
        photos = values.to_pylist()
        names = _names(batch, key, start)
        array = pa.array(_made(photos, names, start, record, field.nullable), field.type)
    else:
        inner = field.type.field(column.field)
        parts = dict(zip((one.name for one in field.type), values.flatten(), strict=True))
        photos = parts[column.field].to_pylist()
        names = _names(batch, key, start)
        if key is None and "path" in parts:
            names = [str(path or name) for path, name in zip(parts["path"].to_pylist(), names, strict=True)]
        parts[column.field] = pa.array(_made(photos, names, start, record, inner.nullable), inner.type)
        array = pa.StructArray.from_arrays(list(parts.values()), fields=list(field.type), mask=values.is_null())
    return batch.set_column(place, field, array)


def _names(batch: pa.RecordBatch, key: str | None, start: int) -> list[str]:
    numbers = range(start, start + batch.num_rows)
    if key is None:
        return [str(number) for number in numbers]
    return [str(number if one is None else one) for one, number in zip(batch[key].to_pylist(), numbers, strict=True)]


def _made(
    photos: list[bytes | None], names: list[str], start: int, record: Recorder, is_nullable: bool
) -> list[bytes | None]:
    made: list[bytes | None] = []
    for number, (photo, name) in enumerate(zip(photos, names, strict=True)):
        result = None if photo is None else record.photo(start + number, name, photo, name)
        photos[number] = None  # its bytes are needed no more
        made.append(b"" if result is None and not is_nullable else result)
    return made


def _codecs(known: pq.FileMetaData) -> dict[str, Any]:
    """Return how the columns are compressed, as in the source."""
    if not known.num_row_groups:
        return {}
    group = known.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    names = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}
    return {"compression": {one.path_in_schema: names.get(one.compression, one.compression) for one in columns}}
