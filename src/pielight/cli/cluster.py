"""``pielight cluster``: a million photos, in shards, on one machine or on many."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.signals import FAILED, SIGNALED

if TYPE_CHECKING:
    from pielight.cluster.run import Existing
    from pielight.cluster.shards import Kind


def _part(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[int, int]:
    """Read I/N."""
    if value is None:
        return 0, 1
    number, _, count = value.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise click.BadParameter(f"{value!r} is not I/N with I from 0 to N - 1.", ctx, option)
    return int(number), int(count)


def _place(ctx: click.Context, argument: click.Parameter, value: str) -> str:
    """Refuse an unset variable of a shell."""
    if not value:
        raise click.BadParameter("an empty path; . is this folder.", ctx, argument)
    return value


@click.command()
@click.argument("source", metavar="IN", callback=_place)
@click.argument("target", metavar="OUT", callback=_place)
@options.task
@options.strength
@options.highlights
@options.taste
@options.denoise
@options.denoise_model
@options.auto
@click.option("--format", "file_format", metavar="jpeg|png|webp|tiff|bmp|gif|avif|heic", callback=options.format_name,
              help="Format of the results. [default: as each photo came]")  # fmt: skip
@click.option("--quality", type=click.IntRange(1, 100),
              help="Quality of JPEG, WebP, AVIF and HEIC. [default: as each photo came]")  # fmt: skip
@click.option("--max-pixels", type=click.FloatRange(0, 256, min_open=True), metavar="MEGAPIXELS", default=256.0,
              show_default=True, help="A larger photo fails; each worker holds one at a time.")  # fmt: skip
@click.option("--kind", type=click.Choice(["tar", "parquet", "files"]),
              help="What the photos come in, if IN holds several kinds.")  # fmt: skip
@click.option("--column", metavar="NAME", help="Column of the photos' bytes in Parquet files. [default: the only one, "
              "or one of a usual name, as image or jpg]")  # fmt: skip
@click.option("--per-slice", type=click.IntRange(1), metavar="N",
              help="Files of a shard, where photos are files. [default: 500]")  # fmt: skip
@click.option("--include", metavar="GLOB", multiple=True, help="Take only photos whose name or path below IN "
              "matches, as '*.jpg'; of tar files, members. Repeatable.")  # fmt: skip
@click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out photos that match, as '*.seg.png'; "
              "repeatable.")  # fmt: skip
@click.option("--existing", type=click.Choice(["skip", "retry", "overwrite"]), default="skip", show_default=True,
              help="What to do with shards that are done; skip makes only those again whose photos or options have "
              "changed, retry also those with photos that failed.")  # fmt: skip
@options.jobs("Worker processes, of one core each. [default: every core]")
@click.option("--ray", "is_ray", is_flag=True, help="Run by Ray on this machine.")
@click.option("--address", metavar="ADDRESS", help="Run by a Ray cluster, as auto or ray://head:10001.")
@click.option("--shard", "part", metavar="I/N", callback=_part,
              help="Take every N-th shard from I (0 to N - 1), for Slurm arrays and GNU parallel.")  # fmt: skip
@click.option("--finish", is_flag=True, help="Only check that every shard is done, and write the report.")
@click.option("--verify", is_flag=True, help="Compute the checksums of all results anew before the report is written.")
@options.model
@options.quiet
@options.model_options
def cluster(
    source: str,
    target: str,
    model: options.ModelOptions,
    file_format: str | None,
    quality: int | None,
    max_pixels: float,
    kind: Kind | None,
    column: str | None,
    per_slice: int | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    existing: Existing,
    jobs: int | None,
    is_ray: bool,
    address: str | None,
    part: tuple[int, int],
    finish: bool,
    verify: bool,
    quiet: bool,
) -> None:
    """Brighten the photos of IN into OUT, shard by shard: paths, or URLs as s3://bucket/prefix.

    IN is a folder or prefix of photos, of tar files (WebDataset) or of Parquet files with a column of bytes; or one
    such file, or a pattern as 's3://bucket/train-{0000..0099}.tar'. Metadata survive, as with 'pielight enhance'.
    A photo that fails stops nothing: OUT/_pielight/report.parquet has a row for each.

    A shard is done when its manifest is written, in OUT/_pielight. After Ctrl-C, a crash or a full disk only whole
    files are there, and the same command goes on. Exit status: 0, 1 if a photo or a shard failed, 2 if the command line
    is invalid, 130 after Ctrl-C, 143 after SIGTERM.
    """
    model.check()
    if (is_ray or address) and part != (0, 1):
        raise click.UsageError("--shard is for runs without Ray, which shares the shards out itself.")
    if address and jobs:
        raise click.UsageError("-j is for this machine; a cluster has its own number of cores.")
    if finish and (part != (0, 1) or existing != "skip"):
        raise click.UsageError("--finish is for all shards, as they are: leave out --shard and --existing.")
    from pielight.core.extras import require

    require("ray" if is_ray or address else "cluster")
    from pielight.cli.cluster_progress import ClusterProgress
    from pielight.cluster.finish import finish as finish_job
    from pielight.cluster.local_workers import LocalWorkers
    from pielight.cluster.options import ClusterOptions
    from pielight.cluster.ray_workers import RayWorkers
    from pielight.cluster.run import ClusterJob, prepare, run
    from pielight.cluster.shards import PER_SLICE, ShardSearch
    from pielight.cluster.workers import Workers
    from pielight.core.interrupt import deferred_interrupt
    from pielight.core.threads import available_threads

    with options.usage_errors():
        chosen = ClusterOptions(model.enhance_options(), model.task, model.model, model.denoise_model, file_format,
                                quality, round(max_pixels * 1e6))  # fmt: skip
        search = ShardSearch(kind, include, exclude, per_slice or PER_SLICE)
    job = ClusterJob(source, target, chosen, search, column, part, existing)
    progress = ClusterProgress(quiet)
    if not finish:
        prepared = prepare(job)
        progress.begin(prepared)
        if prepared.tasks:
            workers: Workers = (
                RayWorkers(address, jobs) if is_ray or address
                else LocalWorkers(min(jobs or available_threads(), len(prepared.tasks)))
            )  # fmt: skip
            with deferred_interrupt(signal.SIGTERM) as stop:
                for end in run(prepared.tasks, workers, stop, progress.wait):
                    progress.show(end)
            if stop():
                progress.stopped()
                raise click.exceptions.Exit(SIGNALED + stop.number)
        if part[1] > 1 or progress.is_full:
            progress.finish_part(part)
            if progress.failed:
                raise click.exceptions.Exit(FAILED)
            return
    whole = ClusterJob(source, target, chosen, search, column)
    if not progress.finish(finish_job(whole, verify, progress.check), target):
        raise click.exceptions.Exit(FAILED)
