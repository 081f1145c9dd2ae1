"""A slice of a listing: each photo becomes a file of the output, in the same tree."""

from __future__ import annotations

import hashlib

from pielight.cluster.recorder import Recorder
from pielight.cluster.shards import Shard, result_name
from pielight.cluster.storage import Storage, StorageError
from pielight.errors import PictureError


def enhance_files(source: Storage, target: Storage, shard: Shard, record: Recorder, file_format: str | None) -> None:
    """Enhance the photos of a slice, each into a file that appears whole or not at all.

    Raises:
        StorageError: A store fails, or a result cannot be written.
    """
    for index, entry in enumerate(shard.inputs):
        try:
            data = source.read(entry.name)
        except PictureError as error:
            record.fail(index, entry.name, entry.size, str(error))
            continue
        except StorageError as error:
            if not error.is_lasting:  # the whole slice is tried again
                raise
            record.fail(index, entry.name, entry.size, str(error))
            continue
        output = result_name(entry.name, file_format)
        result = record.photo(index, entry.name, data, output)
        if result is not None:
            target.write(output, result)


def checksum_of_files(record: Recorder) -> str:
    """Return the checksum of the lines that ``sha256sum`` would print of the results, in order.

    >>> checksum_of_files(Recorder("a", None))[:8]  # type: ignore[arg-type]
    'e3b0c442'
    """
    lines = [f"{row.sha256}  {row.output}\n" for row in record.rows if row.sha256]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
