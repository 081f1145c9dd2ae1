"""Enhances the photos of a shard one by one, and takes down what became of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pielight.cluster.photos import Photos
from pielight.cluster.rows import Row


class Recorder:
    """Enhances the photos of a shard one by one, and takes down what became of each.

    Args:
        shard: Its name.
        photos: What enhances.
        on_photo: Called after each photo.

    Attributes:
        rows: What became of each photo.
        copied: Members that are no photos.
        notes: What to know of the shard.
    """

    def __init__(self, shard: str, photos: Photos, on_photo: Callable[[], None] = lambda: None) -> None:
        self._shard, self._photos, self._on_photo = shard, photos, on_photo
        self.rows: list[Row] = []
        self.copied = 0
        self.notes: list[str] = []

    def photo(self, index: int, key: str, data: bytes, output: str) -> bytes | None:
        """Enhance a photo; None if it fails.

        Args:
            index: Its place in the shard.
            key: What it is called there.
            data: Its file.
            output: Name of the result.
        """
        made = self._photos.enhance(data, key)
        width, height = made.size or (None, None)
        row = Row(self._shard, index, key, "done", None, made.text or None, made.seconds, width, height, len(data))
        if made.data is None:
            row = replace(row, status="failed", error=made.text, note=None)
        else:
            row = replace(row, bytes_out=len(made.data), output=output, sha256=made.sha256)
        self.rows.append(row)
        self._on_photo()
        return made.data

    def fail(self, index: int, key: str, size: int, error: str) -> None:
        """Take down that a photo failed before it could be enhanced."""
        self.rows.append(Row(self._shard, index, key, "failed", error, bytes_in=size))
        self._on_photo()
