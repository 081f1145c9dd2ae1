"""``pielight bench``: how fast it is on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pielight.bench import Row


@click.command()
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 1024), help="Threads of the single-photo rows. [default: every core]"
)
@click.option(
    "--photos", type=click.IntRange(0, 100_000), default=200, show_default=True, help="Photos of the batch row."
)
@click.option("--repeats", type=click.IntRange(1, 1000), default=7, show_default=True, help="Runs of the short rows.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
def bench(jobs: int | None, photos: int, repeats: int, markdown: bool) -> None:
    """Measure speed and memory here, beside what decoding and encoding alone cost.

    Takes a minute or two. It makes its own pictures in a temporary folder. Times are medians, with the range; what
    is compared is run by turns.
    """
    from pielight.bench import machine, measure

    click.echo(machine(jobs) + "\n")
    rows = measure(jobs, photos, repeats)
    for line in _table(rows) if markdown else _lines(rows):
        click.echo(line)


def _lines(rows: Iterator[Row]) -> Iterator[str]:
    for row in rows:
        verdict = {True: f"  [{row.target}: met]", False: f"  [{row.target}: MISSED]", None: ""}[row.met]
        yield f"{row.name}\n    {row.value}; {row.beside}{verdict}"


def _table(rows: Iterator[Row]) -> Iterator[str]:
    yield "| what | here | beside | target | |"
    yield "|---|---|---|---|---|"
    for row in rows:
        verdict = {True: "met", False: "**missed**", None: ""}[row.met]
        yield f"| {row.name} | {row.value} | {row.beside} | {row.target} | {verdict} |"
