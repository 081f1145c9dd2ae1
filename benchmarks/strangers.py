"""Run the command over any folder of files, one process each and one batch, and tell what became of them.

Usage: python benchmarks/strangers.py FOLDER [--damaged N] [--seed S] [--workers N] [--task TASK] [--keep DIR]

Every file of FOLDER, whatever it is, goes through a process of its own; with --damaged, so do N damaged copies of them
(cut, with changed bytes, with a blanked part). Then the whole folder goes through one process. Told are the outcomes,
and by name what must not be: tracebacks, crashes, hangs over 10 s, memory over 1 GB, files left behind, lines on stderr
that are no notes, metadata that got lost or changed without a note (by exiftool, if it is installed), and pictures that
the batch treats otherwise than their own process did. The exit status is 1 if there is any of these.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from _command import Command, at_least, folder, run
from pielight.options import TASKS

SECONDS, MEGABYTES, KILLED_AFTER = 10.0, 1024, 90.0
_BATCH_SECONDS = 3600
_LAYOUT = re.compile(  # what says how a file is laid out, or is true of the new picture only
    r"^(SourceFile|ExifTool:|System:|File:(?!Comment)|Composite:|JFIF:|XMP-pielight:|XMP-x:XMPToolkit"
    r"|PNG:(Filter|Interlace|Compression|Palette)|PNG-(?!pHYs)|RIFF:|GIF:(Background|Color|Bits|Has|GIFVersion)"
    r"|.*:(Strip(Offsets|ByteCounts)|RowsPerStrip|Tile\w+|Compression|Predictor|PlanarConfiguration|PhotometricInterpretation"
    r"|FillOrder|ThumbnailOffset|ThumbnailLength|ThumbnailImage|ThumbnailTIFF|JPEGTables|MediaData\w*|PreviewImage\w*"
    r"|MPImage(Length|Start)|MPImage\d+|DependentImage\w+|(DCTEncodeVersion|APP14Flags\d|ColorTransform)|CurrentIPTCDigest"
    r"|CompatibleBrands|Seq\w+|ChromaFormat|ExifByteOrder|OtherImage\w*|JpgFromRaw\w*|CompressedBitsPerPixel|EncodingProcess|AverageBitrate))"
)
_SENSOR = re.compile(r"^(IFD0|SubIFD\d*|RAF\d*|PanasonicRaw|CIFF|MRW\w*):(?!Make|Model|Artist|Copyright|Orientation)")
_TURNS = ("QuickTime:Rotation", "IFD0:Orientation")
# An animated AVIF says when its encoder ran; of the videos in other files these stay.
_ENCODED = re.compile(r"^(QuickTime:(CreateDate|ModifyDate|NextTrackID)|Track\d+:(Track|Media)(Create|Modify)Date)$")
# A canvas that is too small for its frame grows; of too many depths those of the channels are left.
_OF_DAMAGE = re.compile(r"^(GIF:Image(Width|Height)|IFD0:BitsPerSample)$")


@dataclass
class Case:
    """A file, and what became of it."""

    path: Path
    status: int | None = None  # of the exit; negative is a signal, None a hang that was ended
    seconds: float = 0.0
    megabytes: float = 0.0
    stderr: str = ""
    results: list[Path] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def outcome(self) -> str:
        """Return a word for it, or the reason of an error without its particulars."""
        if self.status == 0:
            return "enhanced, with a note" if self.notes() else "enhanced"
        if self.status == 1:
            line = self.stderr.strip().splitlines()[-1] if self.stderr.strip() else "no message"
            return "refused: " + re.sub(r"\d[\d,.]*", "#", line.rpartition(self.path.name)[2].lstrip(": "))[:90]
        return f"status {self.status}"

    def notes(self) -> list[str]:
        """Return the lines that say what the user should know of a result."""
        return [line for line in self.stderr.splitlines() if f"{self.path.name}: " in line]

    def wrongs(self) -> Iterable[str]:
        """Name what must not be."""
        if "Traceback" in self.stderr:
            yield "traceback"
        if self.status is None:
            yield f"hang: ended after {KILLED_AFTER:.0f} s"
        elif self.status not in (0, 1):
            yield f"crash: status {self.status}"
        if self.seconds > SECONDS:
            yield f"slow: {self.seconds:.1f} s"
        if self.megabytes > MEGABYTES:
            yield f"memory: {self.megabytes:.0f} MB"
        if (self.status == 0 and len(self.results) != 1) or (self.status == 1 and self.results):
            yield f"files: {[path.name for path in self.results]} after status {self.status}"
        if self.status == 1 and not self.stderr.strip():
            yield "silence: status 1 without a word"
        noise = [line for line in self.stderr.splitlines() if self.path.name not in line]
        if noise and "Traceback" not in self.stderr:
            yield f"noise: {noise[0][:150]}"
        if self.changed and not self.notes():
            yield f"silent loss: {', '.join(self.changed[:6])}{' ...' if len(self.changed) > 6 else ''}"


def damaged(paths: Sequence[Path], count: int, seed: int, target: Path) -> list[Path]:
    """Write damaged copies, in turn of every file."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        path = paths[number % len(paths)]
        data = np.frombuffer(path.read_bytes(), np.uint8).copy()
        kind = number // len(paths) % 4
        if kind == 0:
            data = data[: int(len(data) * rng.random())]
        elif kind in (1, 2) and len(data):  # anywhere, or in the head, where sizes and offsets stand
            reach = len(data) if kind == 1 else min(len(data), 400)
            places = rng.integers(0, reach, int(rng.integers(1, 30)))
            data[places] = rng.integers(0, 256, len(places))
        else:
            start = int(rng.integers(0, max(1, len(data))))
            data[start : start + len(data) // 4] = 0
        made.append(target / f"{number:05d}_{path.stem[:40]}{path.suffix}")
        made[-1].write_bytes(data.tobytes())
    return made


def enhance(case: Case, out: Path, words: Sequence[str]) -> Case:
    """Run the command on one file."""
    out.mkdir(parents=True)
    command = [sys.executable, "-m", "pielight", "enhance", "-q", "-o", f"{out}{os.sep}", *words, "--", str(case.path)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            case.seconds = time.perf_counter() - start
            if pid:
                case.status, case.megabytes = os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024
                case.seconds = min(case.seconds, usage.ru_utime + usage.ru_stime)  # other processes are at work, too
                process.returncode = case.status
                break
            if case.seconds > KILLED_AFTER:
                process.kill()
                process.wait()
                break
            time.sleep(0.01)
        stderr.seek(0)
        case.stderr = stderr.read().decode("utf-8", "replace")
    case.results = sorted(path for path in out.rglob("*") if path.is_file())
    return case


def metadata(paths: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Return exiftool's view of files, by path, without what says how they are laid out."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(paths), 200):
        names = "\n".join(map(str, paths[start : start + 200]))
        command = [
            "exiftool",
            "-j",
            "-G1",
            "-a",
            "-u",
            "-ee",
            "-api",
            "largefilesupport=1",
            "-charset",
            "filename=utf8",
            "-@",
            "-",
        ]
        done = subprocess.run(command, input=names, capture_output=True, text=True, check=False)
        for entry in json.loads(done.stdout or "[]"):
            found[entry["SourceFile"]] = {name: value for name, value in entry.items() if not _LAYOUT.match(name)}
    return found


def compare_metadata(cases: Sequence[Case]) -> None:
    """Note in each case what of the metadata is lost or changed in its result."""
    pairs = [(case, case.results[0]) for case in cases if case.status == 0 and len(case.results) == 1]
    found = metadata([path for case, result in pairs for path in (case.path, result)])
    for case, result in pairs:
        before, after = found.get(str(case.path), {}), found.get(str(result), {})
        if result.suffix.lower() != case.path.suffix.lower():  # developed RAW: what speaks of the sensor goes
            before = {name: value for name, value in before.items() if not _SENSOR.match(name)}
        if "QuickTime:Rotation" in before:  # HEIC is turned upright, and says so no longer
            before = {name: value for name, value in before.items() if name not in _TURNS}
        if case.path.suffix.lower() == ".avif":
            before = {name: value for name, value in before.items() if not _ENCODED.match(name)}
        if case.path.parent.name == "damaged":
            before = {name: value for name, value in before.items() if not _OF_DAMAGE.match(name)}
        case.changed = [
            name if name in after else f"-{name}" for name, value in before.items() if after.get(name) != value
        ]


def batch(source: Path, out: Path, words: Sequence[str]) -> tuple[Case, dict[str, str]]:
    """Run the command on the folder; return what became of it, and the status of each picture."""
    report = out.with_suffix(".jsonl")
    case = Case(source)
    command = [sys.executable, "-m", "pielight", "enhance", "-r", "-q", "-o", f"{out}{os.sep}", "--report", str(report),
               "--existing", "rename", *words, "--", str(source)]  # fmt: skip
    start = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, timeout=_BATCH_SECONDS, check=False)
        case.status, case.stderr = done.returncode, done.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        pass
    case.seconds = time.perf_counter() - start
    lines = report.read_text().splitlines() if report.exists() else []
    records = [json.loads(line) for line in lines]
    return case, {entry["input"]: entry["status"] for entry in records if entry.get("type") == "picture"}


def main() -> None:
    """Read the command line and print what became of the files."""
    command = Command(__doc__)
    command.add_argument("folder", type=folder)
    command.add_argument("--damaged", type=at_least(0), default=0, metavar="N", help="damaged copies to try, too")
    command.add_argument("--seed", type=at_least(0), default=0)
    command.add_argument("--workers", type=at_least(1), default=os.cpu_count() or 1, help="processes at a time")
    command.add_argument("--task", default="brighten", choices=list(TASKS))
    command.add_argument("--keep", type=Path, metavar="DIR", help="keep copies and results in this new folder")
    given = command.parse_args()
    words = ["--task", given.task]
    paths = sorted(path for path in given.folder.rglob("*") if path.is_file())
    if not paths:
        command.error(f"{given.folder}: holds no file")
    with tempfile.TemporaryDirectory() as temporary:
        place = given.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        source = place / "files"
        (source / "damaged").mkdir(parents=True)
        for number, path in enumerate(paths):
            shutil.copyfile(path, source / f"{number:05d}_{path.name}")
        copies = sorted(path for path in source.iterdir() if path.is_file())
        copies += damaged(copies, given.damaged, given.seed, source / "damaged")
        with ThreadPoolExecutor(given.workers) as pool:
            outs = [place / "single" / f"{number:05d}" for number in range(len(copies))]
            cases = list(pool.map(enhance, map(Case, copies), outs, [words] * len(copies)))
        with_exiftool = shutil.which("exiftool") is not None
        if with_exiftool:
            compare_metadata(cases)
        whole, statuses = batch(source, place / "batch", words)
        sys.exit(report(cases, whole, statuses, with_exiftool))


def report(cases: Sequence[Case], whole: Case, statuses: dict[str, str], with_exiftool: bool) -> int:
    """Print what became of the files; return the exit status."""
    print(f"{len(cases)} files, one process each")
    for outcome, count in Counter(case.outcome() for case in cases).most_common():
        print(f"{count:7} {outcome}")
    seconds, megabytes = max(case.seconds for case in cases), max(case.megabytes for case in cases)
    compared = "metadata compared by exiftool" if with_exiftool else "no exiftool to compare metadata with"
    print(f"slowest {seconds:.1f} s of CPU, largest {megabytes:.0f} MB; {compared}")
    counts = Counter(statuses.values())
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    print(f"one batch of them: {told or 'nothing'}, {whole.seconds:.1f} s, status {whole.status}")
    wrongs = [f"{case.path.name}: {wrong}" for case in cases for wrong in case.wrongs()]
    if "Traceback" in whole.stderr or whole.status not in (0, 1):
        wrongs.append(f"the batch: status {whole.status}: {whole.stderr.strip()[-300:]}")
    words = {0: "done", 1: "failed"}
    wrongs += [
        f"{case.path.name}: {statuses[str(case.path)]} in the batch, {words[case.status]} alone"
        for case in cases
        if str(case.path) in statuses
        and case.status in words
        and statuses[str(case.path)] not in (words[case.status], "skipped")
    ]
    print(f"{len(wrongs)} that must not be" + "".join(f"\n  {wrong}" for wrong in wrongs))
    return 1 if wrongs else 0


if __name__ == "__main__":
    run(main)
