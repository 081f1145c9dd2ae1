"""``pielight explain``: why a photo becomes what it becomes, on one sheet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.atomic_file import check_writable, write_atomic
from pielight.core.messages import shown
from pielight.errors import ExistsError, OptionError, PielightError

if TYPE_CHECKING:
    from pielight.core.output_names import Existing


@click.command()
@click.argument("photo", type=click.Path(path_type=Path, readable=False))
@click.option("-o", "--output", type=options.PATH, metavar="FILE.png",
              help="The sheet. [default: NAME_explain.png beside the photo]")  # fmt: skip
@options.with_help(
    options.strength, "0 leaves a photo as it is, 1 is the model's choice; below 0 darkens. [default: 1]"
)
@options.with_help(options.highlights, "How far bright areas are protected. [default: 0]")
@options.taste
@options.with_help(options.denoise, "Share of the noise made visible that is removed; auto leaves photos without noise "
                                    "alone. [default: auto]")  # fmt: skip
@options.denoise_model
@options.with_help(options.auto, "Leave well-exposed photos alone, in proportion. [default: auto]")
@click.option("--size", type=click.IntRange(128, 4096), default=640, show_default=True,
              help="Longer side of each picture in pixels, at most.")  # fmt: skip
@options.sheet_existing
@options.with_help(
    options.model, "A shipped model, pie or free, or an ONNX file that predicts exposures. [default: pie]"
)
@options.jobs("Threads. [default: every core]")
@options.quiet
@options.model_options
def explain(
    photo: Path,
    output: Path | None,
    model: options.ModelOptions,
    size: int,
    existing: Existing,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Show why a photo becomes what it becomes: by how many stops each part is lifted, and what led to that.

    One PNG with the photo, the result, the map of exposures with a color bar in stops, the probability that the photo
    is underexposed, its canonical exposure and its noise. Exit status: 0, 1 if the photo cannot be read, 2 if the
    command line is invalid.
    """
    model.check()
    from pielight.batch.plan import Names, Naming
    from pielight.comparison.explanation import explain as explain_photo
    from pielight.comparison.explanation_sheet import explanation_sheet
    from pielight.inference.descriptor import kind_for
    from pielight.options import BRIGHTEN

    if kind_for(BRIGHTEN, model.model).kind != "exposure_map":
        needed = "predicts curves, not exposures; explain needs a model of exposures such as pie or free"
        raise click.UsageError(f"--model {shown(str(model.model))}: {needed}")
    with options.usage_errors():
        output = output or photo.with_name(f"{photo.stem}_explain.png")
        if output.suffix.lower() != ".png":
            raise PielightError(f"{shown(output)}: must end in .png")
        names = Names(Naming(existing=existing))
        names.reserve([photo])
        sheet = names.job(photo, output)
        check_writable(output)
        enhancer = model.enhancer(jobs)
    kept = f"{shown(output)}: skipped, it already exists (--existing overwrite replaces it)"
    if existing == "skip" and os.path.lexists(sheet.output):
        click.echo(kept, err=True)
        return
    with options.usage_errors(OptionError, ()):
        explanation = explain_photo(enhancer, photo, size, model.enhance_options())
    data = explanation_sheet(explanation)
    try:
        output = write_atomic(sheet.target, data, existing, number=sheet.number)
    except ExistsError:  # created since the check above
        click.echo(kept, err=True)
    else:
        if not quiet:
            click.echo(shown(output), err=True)
