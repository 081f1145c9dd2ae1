"""Files that are read by slices, as bytes are, so that a walk over a large one reads only what it needs."""

from __future__ import annotations

import mmap
from typing import Any, BinaryIO, Protocol

FileBytes = bytes | mmap.mmap  # the content of a file, read whole or mapped into memory


class Source(Protocol):
    """Bytes that are read by slices: an array of them, a mapped file, or a view of an open file."""

    def __len__(self) -> int: ...
    def __getitem__(self, span: slice, /) -> Any: ...


class FileView:
    """A view of an open file, whose position is not kept.

    Args:
        file: Open for reading.
        start: The position that counts as 0.
    """

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file, self._start = file, start
        self._length = max(0, file.seek(0, 2) - start)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, span: slice) -> bytes:
        """Return the bytes of a span without a step.

        >>> import io
        >>> FileView(io.BytesIO(b"0123456789"), 2)[3:5]
        b'56'
        """
        start, stop, _ = span.indices(self._length)
        self._file.seek(self._start + start)
        return self._file.read(max(0, stop - start))
