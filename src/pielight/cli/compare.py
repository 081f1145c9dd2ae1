"""``pielight compare``: a sheet that shows photos before and after."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.atomic_file import check_writable, write_atomic
from pielight.core.messages import shown
from pielight.core.signals import FAILED
from pielight.errors import ExistsError, ModelError, PielightError

if TYPE_CHECKING:
    from pielight.core.output_names import Existing

_RANGE = click.FloatRange(-1.5, 1.5)


def _strengths(ctx: click.Context, option: click.Parameter, value: str) -> tuple[float, ...]:
    """Read a list of strengths."""
    return tuple(dict.fromkeys(_RANGE(part, option, ctx) for part in value.split(",")))


@click.command()
@options.photos
@click.option("-o", "--output", type=options.PATH, metavar="FILE.html|FILE.png",
              help="One page with a slider for each photo, or one picture. [default: NAME_compare.html beside a "
              "single photo, compare.html here for several]")  # fmt: skip
@click.option("--strengths", default="0.5,1,1.5", show_default=True, metavar="LIST", callback=_strengths,
              help="Strengths to compare, -1.5 to 1.5 each.")  # fmt: skip
@options.task
@options.highlights
@options.taste
@options.denoise
@options.denoise_model
@options.auto
@click.option("--size", type=click.IntRange(64, 8192), default=1200, show_default=True,
              help="Longer side of each picture in pixels, at most.")  # fmt: skip
@options.sheet_existing
@options.model
@options.jobs("Threads. [default: every core]")
@options.quiet
@options.model_options
def compare(
    photos: tuple[Path, ...],
    output: Path | None,
    strengths: tuple[float, ...],
    model: options.ModelOptions,
    size: int,
    existing: Existing,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Show photos before and after, side by side or with a slider.

    Files, and the pictures of folders. The page is one file that loads nothing from elsewhere. Exit status: 0, 1 if
    a photo failed, 2 if the command line is invalid.
    """
    model.check()
    from pielight.batch.find import find
    from pielight.batch.plan import Names, Naming
    from pielight.cli.progress import BatchProgress
    from pielight.comparison.comparison import compare as compare_photo
    from pielight.comparison.html import html_sheet
    from pielight.comparison.png import png_sheet

    with options.usage_errors():
        findings = find(photos)
        paths = [picture.path for picture in findings.pictures]
        if output is None:
            output = paths[0].with_name(f"{paths[0].stem}_compare.html") if len(paths) == 1 else Path("compare.html")
        if output.suffix.lower() not in (".html", ".png"):
            raise PielightError(f"{shown(output)}: must end in .html or .png")
        names = Names(Naming(existing=existing))
        names.reserve(paths)
        sheet = names.job(paths[0], output)
        check_writable(output)
        enhancer = model.enhancer(jobs)
    kept = f"{shown(output)}: skipped, it already exists (--existing overwrite replaces it)"
    if existing == "skip" and os.path.lexists(sheet.output):
        click.echo(kept, err=True)
        return
    comparisons = []
    progress = BatchProgress(None, quiet)
    progress.begin(findings.left_out_text())
    for reason in findings.unreadable.values():
        progress.fail(reason)
    for path in paths:
        try:
            comparisons.append(compare_photo(enhancer, path, strengths, size, model.enhance_options()))
        except ModelError:
            raise
        except PielightError as error:
            progress.fail(str(error))
    if comparisons:
        is_page = output.suffix.lower() == ".html"
        data = html_sheet(comparisons).encode() if is_page else png_sheet(comparisons)
        try:
            output = write_atomic(sheet.target, data, existing, number=sheet.number)
        except ExistsError:  # created since the check above
            click.echo(kept, err=True)
        else:
            if not quiet:
                click.echo(shown(output), err=True)
    if progress.failed:
        raise click.exceptions.Exit(FAILED)
