"""The end of a run: every shard has its manifest, its results are there, and the report is one file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pielight import __version__
from pielight.cluster.manifest import Manifest
from pielight.cluster.rows import SCHEMA, decoded_rows
from pielight.cluster.run import ClusterJob, Prepared, prepare
from pielight.cluster.shards import OWN, earlier_outputs, prefix_in
from pielight.cluster.storage import Storage
from pielight.core.json_file import json_text
from pielight.core.messages import counted, few, shown, utf8
from pielight.io.formats import is_picture_name

REPORT, SUMMARY = f"{OWN}/report.parquet", f"{OWN}/report.json"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Summary:
    """What a run has done.

    Attributes:
        shards: Shards that are done.
        missing: Names of those that are not.
        done: Photos that were enhanced.
        failed: Photos that failed.
        copied: Members of tar files that are no photos.
        seconds: Of one worker, for all shards.
        notes: What to know, a line each.
    """

    shards: int
    missing: list[str]
    done: int
    failed: int
    copied: int
    seconds: float
    notes: list[str]

    @property
    def is_whole(self) -> bool:
        """Whether every shard is done, and no photo failed."""
        return not self.missing and not self.failed


def finish(job: ClusterJob, verify: bool = False, on_shard: Callable[[int, int], None] = lambda *_: None) -> Summary:
    """Check that every shard is done, and write the report of all photos.

    Args:
        job: What was to be done.
        verify: Whether checksums of all results are computed anew.
        on_shard: Called with the number of shards that are read, and that of all.

    Raises:
        PielightError: A place cannot be read, or the report cannot be written.
    """
    prepared = prepare(job)
    target = Storage(job.target)
    missing = [task.shard.name for task in prepared.tasks]
    notes = list(prepared.notes)
    counts: Counter[str] = Counter()
    outputs = {shard.name: shard.outputs(job.options.file_format) for shard in prepared.plan.shards}
    results = {name for task in prepared.tasks for name in outputs[task.shard.name]}
    kept = sorted(prepared.kept, key=lambda manifest: manifest.shard)
    with target.writing(REPORT) as file, pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for number, manifest in enumerate(kept, 1):
            data = target.read(f"{OWN}/{manifest.shard}.rows.parquet")
            problem = "its rows have changed" if hashlib.sha256(data).hexdigest() != manifest.rows_sha256 else ""
            if not problem and verify:
                problem = _changed(target, manifest, data, outputs[manifest.shard])
            if problem:
                missing.append(manifest.shard)
                results.update(outputs[manifest.shard])
                notes.append(f"{shown(manifest.shard)}: {problem}; delete {target.shown(OWN)}/{shown(manifest.shard)}"
                             ".json to have it made again")  # fmt: skip
            else:
                counts.update(done=manifest.done, failed=manifest.failed, copied=manifest.copied)
                table = decoded_rows(data)
                writer.write_table(table)
                results.update(_results(table, manifest, outputs[manifest.shard]))
                notes += [f"{shown(manifest.shard)}: {note}" for note in manifest.notes]
            on_shard(number, len(kept))
    notes += _others(prepared, target, results)
    seconds = sum(manifest.seconds for manifest in kept)
    summary = Summary(len(prepared.plan.shards) - len(missing), sorted(missing), counts["done"], counts["failed"],
                      counts["copied"], round(seconds, 1), notes)  # fmt: skip
    target.write(SUMMARY, utf8(json_text({"pielight": __version__, **vars(summary)}) + "\n"))
    return summary


def _results(table: pa.Table, manifest: Manifest, outputs: list[str]) -> list[str]:
    if manifest.kind != "files":
        return outputs
    done = table.filter(pc.equal(table["status"], "done"))
    return [outputs[index] for index in done["index"].to_pylist()]


def _others(prepared: Prepared, target: Storage, results: set[str]) -> list[str]:
    """Describe photos that the output holds beside the results, as earlier runs leave them, in a line if any."""
    if prepared.plan.shards[0].kind != "files":
        return []
    others = (f"{OWN}/", *earlier_outputs(prepared.present), *filter(None, [prefix_in(target, prepared.plan.source)]))
    names = [
        name for name in prepared.present
        if name not in results and is_picture_name(Path(name)) and not name.startswith(others)
    ]  # fmt: skip
    if not names:
        return []
    return [f"{target.shown('')}: {counted(len(names), 'photo')} that this run did not make, {few(names)}; delete "
            "what earlier ones left"]  # fmt: skip


def _changed(target: Storage, manifest: Manifest, rows: bytes, outputs: list[str]) -> str:
    """Return whether results are not those that were written, in a few words; empty if they are."""
    if manifest.kind != "files":
        checksum = hashlib.sha256()
        with target.reading(manifest.shard) as file:
            while piece := file.read(_PIECE):
                checksum.update(piece)
        return "" if checksum.hexdigest() == manifest.sha256 else "its result has changed"
    table = decoded_rows(rows).select(["index", "sha256"]).to_pylist()
    changed = [
        outputs[row["index"]] for row in table
        if row["sha256"] and hashlib.sha256(target.read(outputs[row["index"]])).hexdigest() != row["sha256"]
    ]  # fmt: skip
    return f"changed since: {few(changed)}" if changed else ""
