"""``pielight bench``: speed and memory on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.atomic_file import check_writable
from pielight.core.environment import environment
from pielight.core.json_file import write_json

if TYPE_CHECKING:
    from pielight.bench import Row

_COLUMNS = {"name": "what", "value": "here", "beside": "beside", "target": "target", "verdict": ""}


@click.command()
@options.jobs("Threads of the single-photo rows. [default: every core]")
@click.option("--photos", type=click.IntRange(0, 100_000), default=200, show_default=True,
              help="Photos of the batch row.")  # fmt: skip
@click.option("--repeats", type=click.IntRange(1, 1000), default=7, show_default=True, help="Runs of the short rows.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write the rows to a JSON file.")  # fmt: skip
def bench(jobs: int | None, photos: int, repeats: int, markdown: bool, json_file: Path | None) -> None:
    """Measure speed and memory here, beside what decoding and encoding alone cost.

    Takes a minute or two. It makes its own pictures in a temporary folder. Times are medians, with the range; what
    is compared is run by turns.
    """
    from pielight.bench import machine, measure
    from pielight.core import tables

    if json_file is not None:
        check_writable(json_file)
    click.echo(machine(jobs) + "\n")
    rows: list[Row] = []

    def measured() -> Iterator[Row]:
        for row in measure(jobs, photos, repeats):
            rows.append(row)
            yield row

    marked = ({**asdict(row), "verdict": tables.Markup(_verdict(row, "**missed**"))} for row in measured())
    for line in tables.markdown(_COLUMNS, marked) if markdown else _lines(measured()):
        click.echo(line)
    if json_file is not None:
        record = {"type": "bench", "machine": machine(jobs), **environment()}
        write_json(json_file, {**record, "rows": [asdict(row) for row in rows]})


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        verdict = f"  [{row.target}: {_verdict(row, 'MISSED')}]" if row.met is not None else ""
        yield f"{row.name}\n    {row.value}; {row.beside}{verdict}"


def _verdict(row: Row, missed: str) -> str:
    return {True: "met", False: missed, None: ""}[row.met]
