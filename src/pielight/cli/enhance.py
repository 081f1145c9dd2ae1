"""``pielight enhance``: brighten files and folders of photos."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.errors import PielightError

if TYPE_CHECKING:
    from pielight.batch import Outcome

FAILED = 1


class Progress:
    """Lines on stderr: one per picture, or on a terminal one that is updated; failures always stay."""

    def __init__(self, total: int, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not quiet
        self.counts: Counter[str] = Counter()

    def show(self, outcome: Outcome) -> None:
        """Report what became of one picture."""
        from pielight.media.files import shown

        self.counts[outcome.status] += 1
        place = f"[{self.counts.total()}/{self._total}] "
        if outcome.status == "failed":
            self._line(outcome.reason, stays=True)
        elif outcome.status == "skipped":
            self._line(f"{place}{shown(outcome.output)}: skipped, {outcome.reason}", stays=False)
        else:
            if outcome.reason:
                self._line(f"{shown(outcome.input)}: {outcome.reason}", stays=True)
            self._line(f"{place}{shown(outcome.output)} ({outcome.seconds:.2f} s)", stays=False)

    def finish(self) -> None:
        """Report the counts."""
        words = {"done": "enhanced", "skipped": "skipped (--overwrite makes them again)", "failed": "failed"}
        parts = [f"{self.counts[status]} {word}" for status, word in words.items() if self.counts[status]]
        self._line(", ".join(parts), stays=self._live)

    def _line(self, text: str, stays: bool) -> None:
        if self._live:
            click.echo(f"\r\033[K{text}", err=True, nl=stays)
        elif stays or not self._quiet:
            click.echo(text, err=True)


@click.command()
@click.argument("photos", metavar="PHOTO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for the results, or the file to write for one photo. [default: beside each photo, NAME_pie]",
)
@click.option(
    "--strength",
    type=click.FloatRange(0, 1.5),
    default=1.0,
    show_default=True,
    help="0 leaves a photo as it is, 1 is the model's choice.",
)
@click.option("--overwrite", is_flag=True, help="Make results again that exist.")
@click.option("-r", "--recursive", is_flag=True, help="Also take the folders inside folders.")
@click.option("--quality", type=click.IntRange(1, 100), help="Of JPEG and WebP results. [default: as each photo came]")
@click.option("--model", metavar="NAME|PATH.onnx", help="Another model than the one that comes with pielight.")
@click.option("-j", "--threads", type=click.IntRange(1, 1024), help="[default: every core]")
@click.option("-q", "--quiet", is_flag=True, help="Report only what went wrong.")
def enhance(
    photos: tuple[Path, ...],
    output: Path | None,
    strength: float,
    overwrite: bool,
    recursive: bool,
    quality: int | None,
    model: str | None,
    threads: int | None,
    quiet: bool,
) -> None:
    """Brighten photos: files, and folders of them.

    JPEG, PNG, WebP, TIFF and BMP; the result has the same format, EXIF and colour profile. Results that
    exist are skipped. Exit status: 0, 1 if a photo failed, 2 if the command line makes no sense.
    """
    from pielight import batch
    from pielight.enhancer import Enhancer

    try:
        jobs = batch.plan(photos, output, recursive)
        progress = Progress(len(jobs), quiet)
        for outcome in batch.run(jobs, Enhancer(model, threads), strength, overwrite, quality):
            progress.show(outcome)
    except PielightError as error:  # of the command line as a whole; that of one photo is its outcome
        raise click.UsageError(str(error)) from error
    if not quiet:
        progress.finish()
    if progress.counts["failed"]:
        raise click.exceptions.Exit(FAILED)
