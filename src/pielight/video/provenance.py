"""The record of what made a clip, among the metadata of its container."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pielight.errors import PielightError
from pielight.io.provenance import NAMESPACE, Record, parse_record
from pielight.video.containers import ANY_METADATA
from pielight.video.open_clip import open_clip

KEY = "pielight"
_COMMENT = "comment"


def with_clip_record(metadata: Mapping[str, str], record: Record, muxer: str) -> dict[str, str]:
    """Return metadata with a record; where a container knows few names, as the comment if there is none.

    >>> with_clip_record({"title": "night"}, Record.of("1.0"), "mpegts")
    {'title': 'night'}
    """
    kept = without_clip_record(metadata)
    text = record.description().decode()
    if muxer in ANY_METADATA:
        return {**kept, KEY: text}
    if muxer == "avi" and not any(name.lower() == _COMMENT for name in kept):
        return {**kept, _COMMENT: text}
    return kept


def without_clip_record(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata without the record of an earlier result."""
    return {name: value for name, value in metadata.items() if name.lower() != KEY and NAMESPACE not in value}


def clip_record_in(metadata: Mapping[str, str]) -> Record | None:
    """Return the record in metadata, or None."""
    text = next((value for value in metadata.values() if NAMESPACE in value), "")
    return parse_record(text.encode("utf-8", "replace")) if text else None


def read_clip_record(path: Path) -> Record | None:
    """Return the record in a clip; None without one, or if it cannot be read."""
    try:
        with open_clip(path) as container:
            return clip_record_in(container.metadata)
    except PielightError:
        return None
