"""Which shards are left, and their way through the workers; the manifests that exist are the state."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from pielight.cluster.enhance_shard import ShardFailure, ShardTask
from pielight.cluster.job import claim
from pielight.cluster.manifest import Manifest
from pielight.cluster.options import ClusterOptions
from pielight.cluster.shards import OWN, Shard, ShardPlan, ShardSearch, plan_shards
from pielight.cluster.storage import Entry, Storage
from pielight.cluster.workers import Workers
from pielight.core.messages import counted, few, shown
from pielight.errors import DataError, PielightError

Existing = Literal["skip", "retry", "overwrite"]
ATTEMPTS = 3
_TICK = 0.2
_PAUSE = 2.0  # seconds before the second attempt


@dataclass(frozen=True)
class ClusterJob:
    """What is to be done.

    Attributes:
        source: Path, URL or pattern of the photos.
        target: Folder or prefix of the results.
        options: What is done to every photo.
        search: Which files are taken.
        column: Of the bytes in Parquet files; None finds it.
        part: Number and count: only every count-th shard, beginning with that number, from 0.
        existing: What becomes of shards that are done: ``skip`` keeps those whose photos and options have not changed,
            ``retry`` those of them without failed photos, ``overwrite`` none.
    """

    source: str
    target: str
    options: ClusterOptions = field(default_factory=ClusterOptions)
    search: ShardSearch = field(default_factory=ShardSearch)
    column: str | None = None
    part: tuple[int, int] = (0, 1)
    existing: Existing = "skip"


@dataclass(frozen=True)
class Prepared:
    """What is left to be done.

    Attributes:
        plan: All shards.
        tasks: Those that are left, of this part.
        kept: Manifests of those that are done, of this part.
        notes: What to know, a line each.
        present: What the output held before, by name.
    """

    plan: ShardPlan
    tasks: list[ShardTask]
    kept: list[Manifest]
    notes: list[str]
    present: Mapping[str, Entry]


class ShardEnd(NamedTuple):
    """What became of a shard."""

    shard: Shard
    manifest: Manifest | None
    text: str = ""  # why it failed, or is tried again
    is_tried_again: bool = False
    is_full: bool = False  # whether nothing more can be written
    is_final: bool = False  # whether the same command would fail again


def prepare(job: ClusterJob) -> Prepared:
    """Find the shards, and those that are left.

    Raises:
        DataError: There are none, or the output holds other results.
        PielightError: A place cannot be listed, or there is no such model.
    """
    target, record = Storage(job.target), job.options.record()
    plan = plan_shards(job.source, target, job.search, job.options.file_format)
    present = {entry.name: entry for entry in target.entries()}
    is_other = claim(target, plan, present, job.options.file_format) != plan.source.identity
    number, count = job.part
    part = plan.shards[number::count]
    manifests, notes = read_manifests(target, part, present)
    kept, tasks = [], []
    for shard in part:
        manifest, task = manifests.get(shard.name), _task(job, plan, shard, record)
        stale = manifest.why_stale(shard, task.options_record) if manifest else ""
        why = stale or (_incomplete(manifest, shard, present, job) if manifest else "")
        if manifest is not None and not why and job.existing != "overwrite":
            kept.append(manifest)
            continue
        if manifest is not None and why and job.existing != "overwrite":
            if manifest.source != plan.source.identity and manifest.signature != shard.signature:
                raise DataError(
                    f"{target.shown(shard.name)}: made from {shown(manifest.source)}; "
                    "choose another output, or --existing overwrite"
                )
            notes.append(f"{shown(shard.name)} is made again: {why}")
        tasks.append(task)
    text = foreign_text(target, plan, present)
    if text and is_other and not kept and job.existing != "overwrite":
        raise DataError(f"{text}; choose another output, or --existing overwrite")
    if text and number == 0:
        notes.append(text)
    notes.extend(plan.left_out)
    return Prepared(plan, tasks, kept, notes, present)


def read_manifests(
    target: Storage, shards: list[Shard], present: Mapping[str, Entry]
) -> tuple[dict[str, Manifest], list[str]]:
    """Read the manifests that exist, by the names of their shards; and what is wrong with others, a line each."""
    names = {shard.manifest: shard.name for shard in shards if shard.manifest in present}
    found, notes = {}, []
    for name, data in target.read_all(list(names)):
        try:
            found[names[name]] = Manifest.decoded(data, target.shown(name))
        except DataError as error:
            notes.append(f"{error}: {shown(names[name])} is made again")
    return found, notes


def foreign_text(target: Storage, plan: ShardPlan, present: Mapping[str, Entry]) -> str:
    """Describe manifests of shards that the source does not hold; empty if there are none."""
    own = {shard.manifest for shard in plan.shards}
    others = sorted(
        name.removeprefix(f"{OWN}/").removesuffix(".json")
        for name in present
        if name.startswith(f"{OWN}/") and name.endswith(".json") and name not in own and name.count("/") > 0
        and name not in (f"{OWN}/job.json", f"{OWN}/report.json")
    )  # fmt: skip
    if not others:
        return ""
    return f"{target.shown('')}: results of {counted(len(others), 'shard')} that are not in the source: {few(others)}"


def _incomplete(manifest: Manifest, shard: Shard, present: Mapping[str, Entry], job: ClusterJob) -> str:
    """Return whether results have gone since, or are wanted that failed, in a few words; empty if neither."""
    if job.existing == "retry" and manifest.failed:
        return f"{counted(manifest.failed, 'photo')} failed"
    outputs = shard.outputs(job.options.file_format)
    there = sum(name in present for name in outputs)
    if shard.kind == "files":
        return "" if there >= manifest.done else f"{counted(manifest.done - there, 'result')} of it gone"
    if not there:
        return "its result is gone"
    return "" if present[shard.name].size == manifest.bytes_out else "its result has changed"


def _task(job: ClusterJob, plan: ShardPlan, shard: Shard, record: Mapping[str, str]) -> ShardTask:
    return ShardTask(
        plan.source.address,
        Storage(job.target).address,
        shard,
        job.options,
        record,
        search=job.search,
        column=job.column,
    )


def run(
    tasks: list[ShardTask],
    workers: Workers,
    stop: Callable[[], bool] = lambda: False,
    on_wait: Callable[[int], None] = lambda photos: None,
    attempts: int = ATTEMPTS,
) -> Iterator[ShardEnd]:
    """Run shards, as many at a time as there is room for; one that fails does not stop the rest.

    A shard whose worker died, or whose storage failed, is tried again; where there is no room for results, no other
    shard is started.

    Args:
        tasks: From :func:`prepare`.
        workers: What runs them; they are ended at the end.
        stop: Asked several times a second; once it returns True, everything ends.
        on_wait: Called several times a second with the photos that are done in running shards.
        attempts: How often a shard is tried.
    """
    waiting, running, is_full = deque(tasks), 0, False
    later: list[tuple[float, ShardTask]] = []
    try:
        while (waiting or running or later) and not stop():
            due = [one for one in later if one[0] <= time.monotonic()]
            later = [one for one in later if one not in due]
            waiting.extend(task for _, task in due)
            while waiting and not is_full and workers.has_room():
                workers.start(waiting.popleft())
                running += 1
            if running:
                finished = workers.wait(_TICK)
            else:
                if is_full:
                    return
                time.sleep(_TICK)
                continue
            on_wait(workers.photos_in_work())
            for task, outcome, is_lost in finished:
                running -= 1
                if isinstance(outcome, Manifest):
                    yield ShardEnd(task.shard, outcome)
                    continue
                is_full = is_full or outcome.is_full
                if outcome.is_final or task.attempt >= attempts or is_full:
                    is_final = outcome.is_final and not outcome.is_full
                    text = _why(outcome, task, is_lost)
                    yield ShardEnd(task.shard, None, text, is_full=outcome.is_full, is_final=is_final)
                else:
                    yield ShardEnd(task.shard, None, outcome.text, is_tried_again=True)
                    pause = 0.0 if is_lost else _PAUSE * 2 ** (task.attempt - 1)
                    again = replace(task, attempt=task.attempt + 1, losses=task.losses + is_lost)
                    later.append((time.monotonic() + pause, again))
    finally:
        workers.close()


def _why(outcome: ShardFailure, task: ShardTask, is_lost: bool) -> str:
    return f"{outcome.text}, {task.attempt} times" if is_lost else outcome.text


def check_part(number: int, count: int) -> tuple[int, int]:
    """Return the part of a run if there is such a one.

    Raises:
        PielightError: There is none.

    >>> check_part(0, 4)
    (0, 4)
    """
    if not 0 <= number < count:
        raise PielightError(f"part {number}/{count}: the parts of {count} are 0/{count} to {count - 1}/{count}")
    return number, count
