"""Manifests: what says that a shard is done, and how; written after its results."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pielight.cluster.shards import Kind, Shard
from pielight.core.json_file import json_text
from pielight.core.messages import shown, utf8
from pielight.errors import DataError

_CHECKSUM = re.compile("[0-9a-f]{32,}")


@dataclass(frozen=True)
class Manifest:
    """That a shard is done.

    Attributes:
        shard: Its name.
        kind: What its photos came in.
        source: Where it was read.
        signature: Of its inputs: :attr:`pielight.cluster.shards.Shard.signature`.
        options: All that determines the bytes of results, but the version.
        version: Of pielight.
        done: Photos that were enhanced.
        failed: Photos that failed.
        copied: Members of a tar that are no photos.
        bytes_out: Of the results.
        sha256: Of the resulting file; of a slice, of the lines ``SHA256  NAME`` of its results.
        rows_sha256: Of the file of rows.
        seconds: Time taken.
        notes: What to know of the shard.
    """

    shard: str
    kind: Kind
    source: str
    signature: str
    options: Mapping[str, str]
    version: str
    done: int
    failed: int
    copied: int
    bytes_out: int
    sha256: str
    rows_sha256: str
    seconds: float
    notes: tuple[str, ...] = field(default=())

    def encoded(self) -> bytes:
        """Return it as JSON."""
        return utf8(json_text(asdict(self)) + "\n")

    @classmethod
    def decoded(cls, data: bytes, name: str) -> Manifest:
        """Read what :meth:`encoded` wrote.

        Raises:
            DataError: It is something else.

        >>> Manifest.decoded(b"{}", "a.tar.json")
        Traceback (most recent call last):
            ...
        pielight.errors.DataError: a.tar.json: no manifest of pielight
        """
        try:
            values: dict[str, Any] = json.loads(data)
            known = cls(**{**values, "notes": tuple(values["notes"])})
            numbers = (known.done, known.failed, known.copied, known.bytes_out)
            if not all(isinstance(number, int) for number in numbers) or not isinstance(known.options, dict):
                raise TypeError
            return known
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise DataError(f"{shown(name)}: no manifest of pielight") from error

    def why_stale(self, shard: Shard, options: Mapping[str, str]) -> str:
        """Return why a shard must be enhanced again, in a few words; empty if it must not."""
        if self.signature != shard.signature:
            return "its photos have changed"
        names = sorted(name for name in {*options, *self.options} if options.get(name) != self.options.get(name))
        return "; ".join(f"{name} {_short(self.options.get(name))}, now {_short(options.get(name))}" for name in names)


def _short(value: str | None) -> str:
    return "none" if value is None else shown(value[:8] if _CHECKSUM.fullmatch(value) else value)
