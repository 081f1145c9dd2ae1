"""What the photos come in: tar files, Parquet files, or slices of a listing; and which there are."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, get_args

from pielight.batch.find import Findings, Search
from pielight.cluster.storage import Entry, Storage
from pielight.core.messages import counted, few, shown
from pielight.errors import DataError, PielightError
from pielight.io.formats import is_picture_name, is_unread_name, result_suffix
from pielight.io.result_names import origin
from pielight.video.containers import is_clip_name

Kind = Literal["tar", "parquet", "files"]
KINDS: tuple[Kind, ...] = get_args(Kind)
OWN = "_pielight"  # folder of manifests, rows and the report, in the output
JOB = "job.json"  # in that folder: whose output it is
PER_SLICE = 500
_SUFFIXES: dict[str, Kind] = {".tar": "tar", ".parquet": "parquet", ".pq": "parquet"}
_PACKED = (".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_MAGIC = re.compile(r"[*?\[{]")


@dataclass(frozen=True)
class Shard:
    """Photos that are enhanced together, and done when their manifest is written.

    Attributes:
        kind: What they come in.
        name: The tar or Parquet file, relative to the source; or that of the slice, as ``files-000012``.
        inputs: The file, or those of the slice.
    """

    kind: Kind
    name: str
    inputs: tuple[Entry, ...]

    @property
    def size(self) -> int:
        """Bytes of the inputs."""
        return sum(entry.size for entry in self.inputs)

    @property
    def signature(self) -> str:
        """A checksum of names, sizes and ETags or times of the inputs, which changes when these do."""
        text = "\n".join(f"{name}\t{size}\t{stamp}" for name, size, stamp in self.inputs)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def manifest(self) -> str:
        """Name of the manifest in the output."""
        return f"{OWN}/{self.name}.json"

    @property
    def rows(self) -> str:
        """Name of the rows of the report in the output."""
        return f"{OWN}/{self.name}.rows.parquet"

    def outputs(self, file_format: str | None) -> list[str]:
        """Return the names of the results.

        >>> Shard("files", "files-000000", (Entry("a.NEF", 1, ""), Entry("b.jpg", 1, ""))).outputs(None)
        ['a.tif', 'b.jpg']
        """
        return [self.name] if self.kind != "files" else [result_name(one.name, file_format) for one in self.inputs]


@dataclass(frozen=True)
class ShardPlan:
    """All shards of a source.

    Attributes:
        source: Where they are.
        shards: Sorted by name.
        left_out: What else there is, a line each.
    """

    source: Storage
    shards: list[Shard]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShardSearch:
    """Which files are taken, and how.

    Attributes:
        kind: What the photos come in; None is what there is.
        include: Patterns of photos' names, or of members of a tar, of which one must match if there are any.
        exclude: Patterns of which none may match.
        per_slice: Files of a slice of a listing.
    """

    kind: Kind | None = None
    include: Sequence[str] = field(default=())
    exclude: Sequence[str] = field(default=())
    per_slice: int = PER_SLICE

    def takes(self, name: str) -> bool:
        """Return whether the patterns let a photo pass."""
        return Search(include=self.include, exclude=self.exclude).takes(Path(name))

    def record(self, kind: Kind, column: str | None) -> dict[str, str]:
        """Return what of a shard is taken for photos: for manifests. A slice's signature has it.

        >>> ShardSearch(exclude=["*.seg.png"]).record("tar", None), ShardSearch().record("parquet", "jpg")
        ({'Exclude': '*.seg.png'}, {'Column': 'jpg'})
        """
        patterns = {"Include": self.include, "Exclude": self.exclude} if kind == "tar" else {}
        known = {name: " ".join(sorted(given)) for name, given in patterns.items() if given}
        return known | ({"Column": column} if kind == "parquet" and column else {})


def result_name(name: str, file_format: str | None) -> str:
    """Return the name of a photo's result, as those of ``pielight enhance -o FOLDER`` are called.

    Nothing but the suffix changes: members of a tar that belong together have the same name before their first dot.

    >>> result_name("trip/a.NEF", None), result_name("./trip//a.JPG", None), result_name("a.png", "WEBP")
    ('trip/a.tif', './trip//a.JPG', 'a.webp')
    """
    path = Path(name)
    return name.removesuffix(path.suffix) + result_suffix(path, file_format)


def plan_shards(source: str, target: Storage, search: ShardSearch, file_format: str | None) -> ShardPlan:
    """Find the shards of a folder or prefix, of one file, or of a pattern, as ``s3://b/train-{0000..0099}.tar``.

    Raises:
        DataError: There is none, or it holds several kinds.
        PielightError: Results would replace photos or each other, or the source cannot be listed.
    """
    place, pattern = _split(source)
    _check_source(place, source, pattern)
    entries, left_out = _without_results(place, target)
    if pattern:
        entries = _matching(entries, pattern, place)
    kinds, others = _by_kind(entries, search)
    left_out += others
    kind = search.kind or _only_kind(kinds, source, left_out)
    found = kinds[kind]
    if kind == "files":
        found = _photos(found, search)
        _check_names(found, target, file_format)
    if not found:
        raise DataError(f"{shown(source)}: nothing to enhance, {_wanted(kind)}")
    shards = [Shard(kind, entry.name, (entry,)) for entry in found] if kind != "files" else [
        Shard(kind, f"files-{start // search.per_slice:06d}", tuple(found[start : start + search.per_slice]))
        for start in range(0, len(found), search.per_slice)
    ]  # fmt: skip
    _check_places(shards, place, target, file_format)
    return ShardPlan(place, shards, tuple(left_out))


def _check_source(place: Storage, source: str, pattern: str) -> None:
    """Refuse what is no folder on disk."""
    if place.folder is None:
        return
    if not (place.folder / ("" if _MAGIC.search(pattern) else pattern)).exists():
        raise DataError(f"{shown(source)}: no such file or folder")
    if not place.folder.is_dir():
        raise DataError(f"{shown(source)}: a single file, neither .tar nor .parquet; 'pielight enhance' takes photos")


def _without_results(place: Storage, target: Storage) -> tuple[list[Entry], list[str]]:
    """Return the files that are no results of this command, and what is left out, a line each."""
    listed = place.entries()
    if not listed and place.folder is None:
        raise DataError(f"{shown(place.url)}: no such bucket or prefix, or an empty one")
    folders = earlier_outputs(entry.name for entry in listed)
    entries = [entry for entry in listed if not _is_own(entry.name, place, target)]
    taken = [entry for entry in entries if not entry.name.startswith(folders)]
    left_out = entries if folders and len(taken) < len(entries) else []
    held = [place.shown(one.rstrip("/")) for one in folders if any(entry.name.startswith(one) for entry in left_out)]
    return taken, [f"results of earlier runs left out: {few(held)}"] if held else []


def earlier_outputs(names: Iterable[str]) -> tuple[str, ...]:
    """Return the folders among files that are outputs of this command, each with / at its end.

    >>> earlier_outputs(["a.jpg", "bright/_pielight/job.json", "bright/a.jpg"])
    ('bright/',)
    """
    end = f"{OWN}/{JOB}"
    return tuple(name.removesuffix(end) for name in names if name.endswith(f"/{end}"))


def _by_kind(entries: list[Entry], search: ShardSearch) -> tuple[dict[Kind, list[Entry]], list[str]]:
    """Return the files of each kind, and what is left out, a line each."""
    kinds: dict[Kind, list[Entry]] = {kind: [] for kind in KINDS}
    findings, packed, clips = Findings(), 0, 0
    for entry in entries:
        path = Path(entry.name)
        kind = _SUFFIXES.get(path.suffix.lower())
        if any(part.startswith(".") for part in path.parts) or (kind == "parquet" and path.name.startswith("_")):
            continue
        if kind:
            kinds[kind].append(entry)
        elif is_picture_name(path):
            kinds["files"].append(entry)
        elif is_unread_name(path):
            findings.left_out[path.suffix.lower()] += 1
        elif is_clip_name(path):
            clips += search.takes(entry.name)
        else:
            packed += path.name.lower().endswith(_PACKED)
    lines = [f"{counted(packed, 'compressed tar file')} left out; decompress first, as with gunzip"] if packed else []
    if search.kind == "files" or not (kinds["tar"] or kinds["parquet"]):
        lines += [findings.left_out_text()] if findings.left_out else []
        lines += [f"{counted(clips, 'clip')} left out; 'pielight video' takes them"] if clips else []
    return kinds, lines


def _wanted(kind: Kind) -> str:
    return "no photos" if kind == "files" else f"no .{kind} files"


def _split(source: str) -> tuple[Storage, str]:
    """Split a source into a place, and a pattern of names in it; empty for all."""
    place = Storage(source)
    folder, _, name = place.url.rpartition("/")
    if Path(name).suffix.lower() in _SUFFIXES and not _MAGIC.search(place.url) and not place.is_folder():
        return Storage(folder or ("/" if place.url.startswith("/") else ".")), name
    magic = _MAGIC.search(place.url)
    if magic is None or (("://" not in place.url or "file://" in place.url) and place.is_folder()):
        return place, ""
    folder, _, _ = place.url[: magic.start()].rpartition("/")
    pattern = place.url[len(folder) + 1 :] if folder else place.url
    return Storage(folder or "."), pattern


def _matching(entries: list[Entry], pattern: str, place: Storage) -> list[Entry]:
    if match := _RANGE.search(pattern):
        digits = len(match[1])
        numbers = range(int(match[1]), int(match[2]) + 1)
        wanted = {f"{pattern[: match.start()]}{n:0{digits}d}{pattern[match.end() :]}" for n in numbers}
        if missing := sorted(wanted - {entry.name for entry in entries}):
            raise DataError(f"{shown(place.url)}: {counted(len(missing), 'file')} missing, {few(missing)}")
        return [entry for entry in entries if entry.name in wanted]
    return [entry for entry in entries if fnmatchcase(entry.name, pattern)]


def _is_own(name: str, place: Storage, target: Storage) -> bool:
    """Return whether a file of the source is below the output, or one of its manifests."""
    if OWN in Path(name).parts:
        return True
    inside = prefix_in(place, target)
    return inside is not None and name.startswith(inside)


def prefix_in(outer: Storage, inner: Storage) -> str | None:
    """Return how names in a place begin that are in another one inside of it; None if that is elsewhere.

    >>> prefix_in(Storage("memory://x/a"), Storage("memory://x/a/b")), prefix_in(Storage("a"), Storage("ab"))
    ('b/', None)
    """
    inside = inner.identity.removeprefix(outer.identity.rstrip("/") + "/")
    return None if inside == inner.identity else f"{inside}/"


def _only_kind(kinds: dict[Kind, list[Entry]], source: str, left_out: list[str]) -> Kind:
    present = [kind for kind in KINDS if kinds[kind]]
    if len(present) > 1:
        names = {"tar": "tar file", "parquet": "Parquet file", "files": "photo"}
        what = ", ".join(counted(len(kinds[kind]), names[kind]) for kind in present)
        raise DataError(f"{shown(source)}: holds {what}; choose with --kind {'|'.join(present)}")
    if not present:
        nothing = f"{shown(source)}: nothing to enhance, neither photos nor .tar nor .parquet files"
        raise DataError("; ".join([nothing, *left_out]))
    return present[0]


def _photos(found: list[Entry], search: ShardSearch) -> list[Entry]:
    """Return the photos that are taken: none that is a result beside its photo."""
    stems = {(Path(entry.name).parent, Path(entry.name).stem) for entry in found}
    return [
        entry for entry in found
        if search.takes(entry.name) and (Path(entry.name).parent, origin(Path(entry.name))) not in stems
    ]  # fmt: skip


def _check_names(found: list[Entry], target: Storage, file_format: str | None) -> None:
    no_file = next((one.name for one in found if {"", ".", ".."} & set(one.name.split("/"))), None)
    if no_file is not None and target.folder is not None:
        raise PielightError(f"{shown(no_file)}: no name of a file on disk; leave it out with --exclude")
    names = Counter(result_name(entry.name, file_format) for entry in found)
    for name, count in names.items():
        if count > 1:
            both = [entry.name for entry in found if result_name(entry.name, file_format) == name]
            listed = " and ".join(map(shown, both[:2]))
            raise PielightError(f"{listed} would both become {shown(name)}; leave one out with --exclude")


def _check_places(shards: list[Shard], place: Storage, target: Storage, file_format: str | None) -> None:
    if place.identity == target.identity:
        raise PielightError(f"{shown(target.url)}: results would replace the photos; choose another output")
    inside = prefix_in(target, place)
    if inside is None:
        return
    inputs = {f"{inside}{entry.name}" for shard in shards for entry in shard.inputs}
    for shard in shards:
        if inputs & set(shard.outputs(file_format)):
            raise PielightError(f"{shown(target.url)}: results would replace photos; choose another output")
