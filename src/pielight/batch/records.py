"""The records of results: those that files have, and those that a run would give them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pielight.io.provenance import Record, read_record
from pielight.video.containers import is_clip_name
from pielight.video.enhance_clip import read_record_of_clip


class Records(NamedTuple):
    """The records that the results of a run get."""

    picture: Record
    clip: Record

    def of(self, path: Path) -> Record:
        """Return the record of the result of a file, by its extension."""
        return self.clip if is_clip_name(path) else self.picture


def record_in(path: Path) -> Record | None:
    """Return the record in a picture or a clip; None without one, or if it cannot be read."""
    return read_record_of_clip(path) if is_clip_name(path) else read_record(path)
