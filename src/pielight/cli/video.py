"""``pielight video``: brighten clips, or take haze or rain out of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.signals import FAILED
from pielight.video.options import CODECS, HARDWARE, LIKE_SOURCE, MAX_CRF, MAX_EVERY, PRESETS

if TYPE_CHECKING:
    from pielight.core.output_names import Existing

_clips = click.argument("clips", metavar="CLIP...", nargs=-1, required=True,
                        type=click.Path(path_type=Path, readable=False))  # fmt: skip
_denoise = options.with_help(
    options.denoise,
    "Share of the noise made visible that is removed, by averages over time along the motion; "
    "auto leaves clips without noise alone. [default: auto]",
)


@click.command()
@_clips
@click.option("-o", "--output", metavar="PATH",
              help="Folder for the results (a new one for a single clip: end it with /), or the file to write for one "
              "clip; its extension chooses the container. [default: beside each clip, NAME_pie]")  # fmt: skip
@click.option("--codec", type=click.Choice(CODECS + HARDWARE), default=LIKE_SOURCE, show_default=True,
              metavar="|".join(CODECS),
              help="Codec of the result; ffv1 is lossless, for .mkv. Or an encoder in hardware: "
              f"{', '.join(HARDWARE)}.")  # fmt: skip
@click.option("--crf", type=click.FloatRange(0, MAX_CRF),
              help="Quality of h264, hevc, av1 and VP9; lower is better. [default: 20, 22, 30, 30]")  # fmt: skip
@click.option("--encoder-preset", type=click.Choice(PRESETS),
              help="Speed of the encoder; slower makes smaller files. [default: veryfast]")  # fmt: skip
@click.option("--start", type=click.FloatRange(0), metavar="SECONDS", help="Take the clip from there on.")
@click.option("--end", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Take it up to there.")
@click.option("--every", type=click.IntRange(1, MAX_EVERY), metavar="N",
              help="The network looks at every Nth frame at least. [default: six a second]")  # fmt: skip
@click.option("--side-by-side", is_flag=True, help="Show the clip, left, beside the result.")
@click.option("--gif", is_flag=True, help="Also write a small animation of the first seconds: NAME_pie.gif.")
@click.option("--poster", is_flag=True, help="Also write a picture of one frame: NAME_pie.jpg.")
@options.task
@options.strength
@options.highlights
@options.taste
@_denoise
@options.denoise_model
@options.auto
@options.existing
@click.option("--preserve-times", is_flag=True, help="Give results the times of access and of change of their clips.")
@click.option("-r", "--recursive", is_flag=True, help="Also take the folders inside folders; -o mirrors them.")
@click.option("--include", metavar="GLOB", multiple=True, help="Take only clips whose name or path below the folder "
              "matches, as '*.mp4' or 'trip/*'; repeatable.")  # fmt: skip
@click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out clips or folders that match; repeatable.")
@click.option("--dry-run", is_flag=True, help="List what would be written, and write nothing.")
@click.option("--report", type=options.PATH, metavar="FILE.jsonl",
              help="Write a line of JSON about the run and about each clip.")  # fmt: skip
@options.model
@options.device
@options.jobs("Threads. [default: every core]")
@options.quiet
@options.model_options
def video(
    clips: tuple[Path, ...],
    model: options.ModelOptions,
    output: str | None,
    codec: str,
    crf: float | None,
    encoder_preset: str | None,
    start: float | None,
    end: float | None,
    every: int | None,
    side_by_side: bool,
    gif: bool,
    poster: bool,
    existing: Existing,
    preserve_times: bool,
    recursive: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    dry_run: bool,
    report: Path | None,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Brighten clips, or take haze or rain out: files, and the clips of folders; needs the extra video.

    MP4, MOV, MKV, WebM, AVI, TS and others. Frames keep their times, size, depth and color tags; sound, subtitles,
    chapters, attachments and data are copied as they are. What a result cannot hold is told.

    A result appears when it is complete: after Ctrl-C there is none of the clip in work, and the same command starts
    it anew and skips those that are done. Exit status: as 'pielight enhance'.
    """
    if dry_run and report:
        raise click.UsageError("--dry-run writes nothing: leave out --report.")
    model.check()
    from pielight.batch.find import Search
    from pielight.batch.plan import Naming
    from pielight.batch.run import BatchOptions
    from pielight.cli import enhance_request as requests
    from pielight.cli.stderr import own_stderr, show_terms
    from pielight.core.threads import available_threads
    from pielight.video.containers import MUXERS, is_clip_name
    from pielight.video.options import VideoOptions

    photos = [path for path in clips if path.suffix and not path.is_dir() and not is_clip_name(path)]
    if photos:
        raise click.UsageError(f"{photos[0]}: not the name of a clip ({', '.join(MUXERS)}).")
    with options.usage_errors():
        chosen = model.enhance_options()
        taken = VideoOptions(codec, crf, encoder_preset, start, end, every, side_by_side, gif, poster)
    batch = BatchOptions(chosen, None, None, existing, preserve_times, taken)
    searched = Search(recursive, include, exclude, model.task, "only")
    cores = jobs or available_threads()
    request = requests.EnhanceRequest(clips, Naming(output, existing), searched, batch, model, cores, report, quiet)
    if dry_run:
        succeeded = requests.preview(request)
    else:
        with own_stderr():
            succeeded = requests.enhance_batch(request)
            if succeeded and not quiet:
                show_terms(model.model, model.task)
    if not succeeded:
        raise click.exceptions.Exit(FAILED)
