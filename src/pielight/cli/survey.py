"""``pielight survey``: people compare results in a browser, without knowing which method made which result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pielight.cli import options
from pielight.core.atomic_file import check_writable, write_atomic
from pielight.core.extras import require
from pielight.core.messages import shown, utf8
from pielight.errors import ConfigError

_STUDY = click.argument("folder", metavar="STUDY", type=options.PATH)


def _methods(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """Read NAME=FOLDER."""
    methods: dict[str, Path] = {}
    for value in values:
        name, _, folder = value.partition("=")
        if not (name.strip() and folder and name.isprintable()):
            raise click.BadParameter(f"{value!r} is not NAME=FOLDER.", ctx, option)
        if name in methods:
            raise click.BadParameter(f"{name!r} is named twice.", ctx, option)
        methods[name] = Path(folder)
    return methods


@click.group()
def survey() -> None:
    """Let people compare results, without knowing which method made which result.

    \b
    pielight survey new study --input dark --method pie=results/pie --method clahe=results/clahe
    pielight survey serve study --open
    pielight survey analyze study -o report
    """


@survey.command()
@_STUDY
@click.option("--input", "inputs", type=options.PATH, required=True, metavar="FOLDER", help="The dark photos.")
@click.option("--method", "methods", multiple=True, required=True, metavar="NAME=FOLDER", callback=_methods,
              help="Results of a method, named as the photos are; once for each method.")  # fmt: skip
@click.option("--mode", type=click.Choice(["pairs", "rating"]), default="pairs", show_default=True,
              help="Which of two is better, or each from 1 (bad) to 5 (excellent).")  # fmt: skip
@click.option("--questions", type=click.IntRange(1), metavar="N", help="For each rater, at most. [default: 40]")
@click.option("--attention", type=click.IntRange(0), metavar="N",
              help="Attention checks for each rater, besides. [default: 3]")  # fmt: skip
@click.option("--seed", type=int, metavar="N", help="Seed of order and sides. [default: 0]")
@click.option("--title", metavar="TEXT", help="Shown above the questions.")
@click.option("--consent", metavar="TEXT", help="Shown before the first question, beside what is stored.")
@click.option("--show-input/--hide-input", default=None, help="Whether raters can look at the photo. [default: show]")
@click.option("--size", type=click.IntRange(64), metavar="N",
              help="Longer side of the pictures in pixels, at most. [default: 1600]")  # fmt: skip
@click.option("--lossless", is_flag=True, default=None, help="PNG in place of JPEG of quality 95.")
@options.quiet
def new(folder: Path, inputs: Path, methods: dict[str, Path], quiet: bool, **settings: Any) -> None:
    """Make a study of folders of results.

    Pictures are matched by name without extension (a_pie.jpg belongs to a.jpg), turned upright, and stored without
    metadata under random names.
    """
    require("survey")
    from pielight.survey import build, study

    given = {name: value for name, value in settings.items() if value is not None}
    if given["mode"] == "rating":
        given.setdefault("title", "How good is this picture?")

    def show_progress(done: int, total: int) -> None:
        if not quiet and (done == total or done % 10 == 0):
            click.echo(f"{done} of {total} photos", err=True)

    made = build.build(folder, inputs, methods, study.StudySettings(**given), show_progress)
    if not quiet:
        click.echo(f"{shown(folder)}: {len(made.scenes)} photos, {len(made.methods)} methods", err=True)
        click.echo(f"next: pielight survey serve {shown(folder)} --open", err=True)


@survey.command()
@_STUDY
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets the whole network take part.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--allow-host", "names", multiple=True, metavar="NAME",
              help="Name under which raters reach it, if not by address.")  # fmt: skip
@click.option("--open", "is_opened", is_flag=True, help="Open it in this machine's browser.")
def serve(folder: Path, host: str, port: int, names: tuple[str, ...], is_opened: bool) -> None:
    """Serve a study until Ctrl-C; every vote is on the disk before the next question appears.

    There is no encryption: beyond your own network, put it behind a web server that speaks HTTPS.
    """
    require("survey")
    from pielight.survey.server import serve as serve_study

    def ready(address: str) -> None:
        click.echo(address)
        if is_opened:
            import webbrowser

            webbrowser.open(address)

    serve_study(folder, host, port, [name.lower() for name in names], ready)


@survey.command()
@_STUDY
@click.option("-o", "--output", type=options.PATH, metavar="FOLDER", help="Write report.md and report.json there.")
@click.option("--allow-failed", type=click.IntRange(0), default=0, show_default=True, metavar="N",
              help="Attention checks that a rater may fail and still count.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(100), default=1000, show_default=True, help="Draws of the bootstrap.")
def analyze(folder: Path, output: Path | None, allow_failed: int, rounds: int) -> None:
    """Rank the methods by the votes; the study may be running.

    Pairs: Bradley-Terry scores; a tie is half a win. Ratings: mean opinion. Intervals are for other raters of the
    same kind.
    """
    require("survey")
    from pielight.survey import analysis, report, study

    loaded = study.load(folder)
    if output is not None:
        check_writable(output / "report.md")
    result = analysis.analyze(loaded, study.read_votes(folder), allow_failed, rounds)
    text = report.as_markdown(loaded, result)
    click.echo(text, nl=False)
    if output is not None:
        write_atomic(output / "report.md", utf8(text))
        write_atomic(output / "report.json", utf8(report.as_json(loaded, result)))
        click.echo(f"{shown(output / 'report.md')}, {shown(output / 'report.json')}", err=True)


@survey.command(hidden=True, params=analyze.params)
def analyse(**arguments: Any) -> None:
    """Deprecated: use pielight survey analyze, which this runs."""
    click.echo("survey analyse is deprecated; use survey analyze", err=True)
    click.get_current_context().invoke(analyze, **arguments)


@survey.command()
@_STUDY
@click.argument("output", metavar="VOTES.csv", type=options.PATH)
def export(folder: Path, output: Path) -> None:
    """Write all votes as CSV, raters by number."""
    require("survey")
    from pielight.survey import report, study

    if output.suffix.lower() != ".csv":
        raise ConfigError(f"{shown(output)}: must end in .csv")
    check_writable(output)
    if output.exists() and not report.is_export(output):
        raise ConfigError(f"{shown(output)}: not written by survey export, and kept; give a new name")
    votes = study.read_votes(folder)
    write_atomic(output, utf8(report.as_csv(study.load(folder), votes)))
    click.echo(f"{shown(output)}: {len(votes)} votes", err=True)
