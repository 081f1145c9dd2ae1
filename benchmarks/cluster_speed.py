"""Measure `pielight cluster`: two workers against one, and what shards cost against `pielight enhance` on a folder.

Usage: python benchmarks/cluster_speed.py PHOTO [--photos 500] [--megapixels 2] [--per-shard 25] [--rounds 3]
    [--only batch,local,ray]

PHOTO is made smaller, or repeated side by side (enlarged it would be softer than photos are), to the megapixels, and
copied. All engines are open before the clock starts. `batch` and `local` run on one core each and take turns; their
ratio is that of the CPU seconds a photo, planning, manifests and the report included, as other work on the machine
hardly counts there. Speed-ups are those of the time by the clock, of two workers against one in turns: worker processes
(`local`), and Ray on this machine (`ray`).
"""

from __future__ import annotations

import _command as command

command.needs("ray")

import io
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from pielight.batch.find import Search
from pielight.batch.plan import Naming, plan
from pielight.batch.run import BatchOptions
from pielight.batch.run import run as run_batch
from pielight.cluster.enhance_shard import ShardTask
from pielight.cluster.finish import finish
from pielight.cluster.local_workers import LocalWorkers
from pielight.cluster.ray_workers import RayWorkers
from pielight.cluster.run import ClusterJob, prepare
from pielight.cluster.shards import ShardSearch
from pielight.cluster.workers import Workers
from pielight.enhancer import Enhancer

WARM = 6  # photos


def copies(source: Path, folder: Path, count: int, megapixels: float) -> None:
    """Write a photo of some megapixels many times."""
    with Image.open(source) as opened:
        image = opened.convert("RGB")
    scale = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
    size = (round(image.width * scale), round(image.height * scale))
    if scale <= 1:
        resized = image.resize(size)
    else:
        resized = Image.new("RGB", size)
        for left in range(0, size[0], image.width):
            for top in range(0, size[1], image.height):
                resized.paste(image, (left, top))
    file = io.BytesIO()
    resized.save(file, "JPEG", quality=92)
    folder.mkdir()
    if count > WARM:
        print(f"{resized.width} x {resized.height} pixels, {len(file.getvalue()) / 1e6:.1f} MB", flush=True)
    for number in range(count):
        (folder / f"{number:06d}.jpg").write_bytes(file.getvalue())


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of the workers that it has started."""
    ticks = os.sysconf("SC_CLK_TCK")
    seconds = time.process_time()
    for child in multiprocessing.active_children():
        words = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(words[11]) + int(words[12])) / ticks
    return seconds


def work(workers: Workers, tasks: list[ShardTask]) -> None:
    """Run shards, and leave the workers open."""
    waiting, running = list(tasks), 0
    while waiting or running:
        while waiting and workers.has_room():
            workers.start(waiting.pop(0))
            running += 1
        running -= len(workers.wait(0.2))


class Bench:
    """Photos, and the folders of results."""

    def __init__(self, place: Path, photos: int, per_shard: int) -> None:
        self.place, self.photos, self.per_shard = place, photos, per_shard

    @contextmanager
    def output(self) -> Iterator[str]:
        """Give a new folder."""
        with tempfile.TemporaryDirectory(dir=self.place) as folder:
            yield f"{folder}/out"

    def job(self, source: str, target: str, per_shard: int | None = None) -> ClusterJob:
        """Return the job of a folder."""
        search = ShardSearch("files", per_slice=per_shard or self.per_shard)
        return ClusterJob(str(self.place / source), target, search=search)

    def cluster(self, workers: Workers, count: int) -> tuple[float, float]:
        """Return seconds by the clock and of the CPU for all photos, by workers that are warm."""
        with self.output() as warm:
            work(workers, prepare(self.job("warm", warm, max(1, WARM // (2 * count)))).tasks)
        with self.output() as target:
            start, cpu = time.perf_counter(), cpu_seconds()
            job = self.job("photos", target)
            work(workers, prepare(job).tasks)
            finish(job)
            return time.perf_counter() - start, cpu_seconds() - cpu

    def batch(self, enhancer: Enhancer) -> tuple[float, float]:
        """Return the same of a folder as `pielight enhance` takes it, on one core."""
        with self.output() as target:
            start, cpu = time.perf_counter(), time.process_time()
            planned = plan([self.place / "photos"], Naming(f"{target}/"), Search(True, task="brighten"))
            for outcome in run_batch(planned.jobs, enhancer, BatchOptions()):
                if outcome.status != "done":
                    raise SystemExit(outcome.reason)
            return time.perf_counter() - start, time.process_time() - cpu


def speed_up(name: str, bench: Bench, made: Callable[[int], Workers], rounds: int) -> None:
    """Print how much faster two workers are than one."""
    ratios = []
    for number in range(rounds):
        seconds = {}
        for count in (1, 2) if number % 2 == 0 else (2, 1):
            workers = made(count)
            try:
                seconds[count] = bench.cluster(workers, count)[0]
            finally:
                workers.close()
        ratios.append(seconds[1] / seconds[2])
        rates = " and ".join(f"{bench.photos / seconds[count]:.1f}" for count in (1, 2))
        print(f"{name}: {rates} photos/s with 1 and 2 workers, {ratios[-1]:.2f} times", flush=True)
    print(f"{name}: median {statistics.median(ratios):.2f} times\n", flush=True)


def main() -> None:
    """Print the figures."""
    parser = command.Command(__doc__)
    parser.add_argument("photo", type=command.file)
    parser.add_argument("--photos", type=command.at_least(2), default=500)
    parser.add_argument("--megapixels", type=float, default=2.0)
    parser.add_argument("--per-shard", type=command.at_least(1), default=25)
    parser.add_argument("--rounds", type=command.at_least(1), default=3)
    parser.add_argument("--only", default="batch,local,ray")
    options = parser.parse_args()
    only = options.only.split(",")
    if not set(only) <= {"batch", "local", "ray"}:
        parser.error(f"--only {options.only}: batch, local and ray are known")
    place = Path(tempfile.mkdtemp())
    try:
        copies(options.photo, place / "photos", options.photos, options.megapixels)
        copies(options.photo, place / "warm", WARM, options.megapixels)
        bench = Bench(place, options.photos, options.per_shard)
        if "batch" in only:
            against_batch(bench, options.rounds)
        if "local" in only:
            speed_up("processes", bench, LocalWorkers, options.rounds)
        if "ray" in only:
            speed_up("Ray", bench, lambda count: RayWorkers(None, count), options.rounds)
    finally:
        shutil.rmtree(place)


def against_batch(bench: Bench, rounds: int) -> None:
    """Print what shards cost, against a folder as `pielight enhance` takes it."""
    enhancer = Enhancer(threads=1)
    enhancer.enhance_bytes(next((bench.place / "warm").iterdir()).read_bytes())
    ratios = []
    workers = LocalWorkers(1)
    try:
        for _ in range(rounds):
            alone = bench.batch(enhancer)[1]
            shards = bench.cluster(workers, 1)[1]
            ratios.append(shards / alone)
            per_photo = [f"{1000 * seconds / bench.photos:.1f}" for seconds in (alone, shards)]
            print(f"CPU a photo: {per_photo[0]} ms by enhance, {per_photo[1]} ms by cluster, {ratios[-1]:.3f} times",
                  flush=True)  # fmt: skip
    finally:
        workers.close()
    print(f"overhead: median {100 * (statistics.median(ratios) - 1):.1f} %\n", flush=True)


if __name__ == "__main__":
    command.run(main)
