"""``pielight enhance``: brighten files and folders of photos, or take haze or rain out of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.signals import FAILED

if TYPE_CHECKING:
    from pielight.core.output_names import Existing


@click.command()
@options.photos
@click.option("-o", "--output", metavar="PATH",
              help="Folder for the results (a new one for a single photo: end it with /), the file to write for one "
              "photo, or - for standard output. [default: beside each photo, NAME_pie]")  # fmt: skip
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
@options.existing
@click.option("--preserve-times", is_flag=True, help="Give results the times of access and of change of their photos.")
@click.option("-r", "--recursive", is_flag=True, help="Also take the folders inside folders; -o mirrors them.")
@click.option("--include", metavar="GLOB", multiple=True, help="Take only photos whose name or path below the folder "
              "matches, as '*.jpg' or 'trip/*'; repeatable.")  # fmt: skip
@click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out photos or folders that match; repeatable.")
@click.option("--dry-run", is_flag=True, help="List what would be written, and write nothing.")
@click.option("--report", type=options.PATH, metavar="FILE.jsonl",
              help="Write a line of JSON about the run and about each photo.")  # fmt: skip
@click.option("--watch", is_flag=True, help="Go on with photos that arrive in the folders, until Ctrl-C.")
@options.model
@options.device
@options.jobs("Photos at a time, or threads if there is but one. [default: every core]")
@options.quiet
@options.model_options
def enhance(
    photos: tuple[Path, ...],
    model: options.ModelOptions,
    output: str | None,
    file_format: str | None,
    quality: int | None,
    existing: Existing,
    preserve_times: bool,
    recursive: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    dry_run: bool,
    report: Path | None,
    watch: bool,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Brighten photos and clips, or take haze or rain out: files and folders; - is standard input to standard output.

    JPEG, PNG, WebP, TIFF, BMP, GIF and AVIF; with extras 16-bit color, HEIC and camera RAW. The result has the same
    format (RAW becomes 16-bit TIFF), mode, bit depth, EXIF and color profile, and its file the same permissions.
    Clips (MP4, MOV, MKV, WebM, AVI, TS..) need the extra video; 'pielight video' has options for them.
    A name like a_pie.jpg is taken for a result, not a photo, where an a.jpg is given too; --watch never takes one.

    After Ctrl-C only whole files are there, and the same command goes on with the rest. Exit status: 0 (skipped
    photos included; also of --watch after Ctrl-C), 1 if a photo failed, a folder cannot be read, the report or standard
    output cannot be written, or a model or device is missing, 2 if the command line is invalid, 130 after Ctrl-C,
    143 after SIGTERM.
    """
    if dry_run and (report or watch):
        raise click.UsageError("--dry-run writes nothing: leave out --report and --watch.")
    model.check()
    from pielight.batch.find import Search, is_folder
    from pielight.batch.plan import Naming
    from pielight.batch.run import BatchOptions
    from pielight.cli import enhance_request as requests
    from pielight.cli.stderr import own_stderr, show_terms
    from pielight.core.threads import available_threads

    streamed = Path("-") in photos or output == "-"
    if streamed and (len(photos) > 1 or is_folder(photos[0]) or dry_run or report or watch):
        raise click.UsageError("- is for one photo, without --dry-run, --report and --watch.")
    if streamed and preserve_times:
        raise click.UsageError("--preserve-times is for files: a stream has no times.")
    if watch and not all(map(is_folder, photos)):
        raise click.UsageError("--watch is for folders.")
    with options.usage_errors():
        chosen = model.enhance_options()
    batch = BatchOptions(chosen, file_format, quality, existing, preserve_times)
    naming = Naming(output, existing, file_format)
    searched = Search(recursive, include, exclude, model.task, "with")
    cores = jobs or available_threads()
    request = requests.EnhanceRequest(photos, naming, searched, batch, model, cores, report, quiet)
    if dry_run:
        succeeded = requests.preview(request)
    else:
        with own_stderr():
            if watch:
                requests.enhance_watched(request)
            succeeded = requests.enhance_stream(request) if streamed else requests.enhance_batch(request)
            if succeeded and not quiet:
                show_terms(model.model, model.task)
    if not succeeded:
        raise click.exceptions.Exit(FAILED)
