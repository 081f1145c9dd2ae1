"""``pielight stream``: raw frames from standard input to standard output, between two programs such as ffmpeg."""

from __future__ import annotations

import re
import sys
import time

import click

from pielight.cli import options
from pielight.core.signals import FAILED

_FPS = 30.0


def _size(_: click.Context, __: click.Parameter, value: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT."""
    if not (match := re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", value)):
        raise click.BadParameter(f"{value!r} is not WIDTHxHEIGHT, as 1280x720.")
    return int(match[1]), int(match[2])


def _rate(_: click.Context, __: click.Parameter, value: str) -> float:
    """Read frames per second: a number, or a fraction as ffprobe prints it."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/(\d+))?", value)
    rate = float(match[1]) / (int(match[2] or 1) or float("inf")) if match else 0.0
    if not 0 < rate <= 1e4:
        raise click.BadParameter(f"{value!r} is not a number of frames per second, as 25 or 30000/1001.")
    return rate


@click.command()
@click.option("--size", required=True, metavar="WxH", callback=_size, help="Width and height of the frames.")
@click.option("--pix-fmt", "pixel_format", type=click.Choice(["rgb24", "yuv420p", "nv12"]), default="rgb24",
              show_default=True, help="How their pixels lie, by ffmpeg's names.")  # fmt: skip
@click.option("--matrix", type=click.Choice(["bt601", "bt709"]),
              help="Of yuv420p and nv12. [default: bt709 from 720 lines on, else bt601]")  # fmt: skip
@click.option("--range", "value_range", type=click.Choice(["limited", "full"]), default="limited", show_default=True,
              help="Of yuv420p and nv12: luma from 16 to 235, or from 0 to 255.")  # fmt: skip
@click.option("--fps", default=f"{_FPS:g}", show_default=True, metavar="N|N/D", callback=_rate,
              help="Frames per second, by which changes of light are smoothed.")  # fmt: skip
@click.option("--every", type=click.IntRange(1, 1000), metavar="N",
              help="The network looks at every Nth frame at least. [default: six a second]")  # fmt: skip
@options.with_help(
    options.strength, "0 leaves frames as they are, 1 is the model's choice; below 0 darkens. [default: 1]"
)
@options.highlights
@options.taste
@options.with_help(options.denoise, "Share of the noise made visible by brightening that is removed, over frames; auto "
                                    "leaves streams without noise alone. [default: auto]")  # fmt: skip
@options.auto
@options.model
@options.device
@options.jobs("Threads. [default: every core]")
@options.quiet
@options.model_options
def stream(
    model: options.ModelOptions,
    size: tuple[int, int],
    pixel_format: str,
    matrix: str | None,
    value_range: str,
    fps: float,
    every: int | None,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Brighten raw frames from standard input to standard output, each at once, without flicker.

    \b
    ffmpeg -i night.mp4 -f rawvideo -pix_fmt yuv420p - |
        pielight stream --size 1920x1080 --pix-fmt yuv420p --fps 30 --denoise 0 |
        ffmpeg -f rawvideo -pix_fmt yuv420p -s 1920x1080 -r 30 -i - bright.mp4

    Frames have no headers, so --size and --pix-fmt must be those of the input. Memory does not grow with length. Exit
    status: 0, 1 if the input is empty or ends within a frame, or the output cannot be written, 2 if the command line is
    invalid, 130 after Ctrl-C, 143 after SIGTERM; whole frames only are written.
    """
    model.check()
    from pielight.batch.raw_frames import RawLayout, frame_filter, stream_frames
    from pielight.cli.stderr import StatusLine, own_stderr
    from pielight.core.threads import available_threads
    from pielight.errors import PictureError

    with options.usage_errors():
        layout = RawLayout(*size, pixel_format, matrix, value_range == "full")  # type: ignore[arg-type]
        enhancer = model.enhancer(jobs or available_threads())
        enhance = frame_filter(enhancer, model.enhance_options(), layout, fps=fps, every=every)
    line, start, written = StatusLine(quiet), time.monotonic(), 0
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    failure = ""
    with own_stderr():
        try:
            for written in stream_frames(stdin, stdout, layout, enhance):
                line.show(f"{written} frames, {written / max(1e-3, time.monotonic() - start):.1f} a second")
        except PictureError as error:
            failure = str(error)
        finally:
            line.end()
    if written and not quiet:
        seconds = max(1e-3, time.monotonic() - start)
        click.echo(f"{written} frames in {seconds:.1f} s, {written / seconds:.1f} a second", err=True)
    if failure:
        click.echo(f"Error: {failure}", err=True)
        raise click.exceptions.Exit(FAILED)
