"""``pielight niqe``: NIQE's pristine parameters, fitted to a set of photographs."""

from __future__ import annotations

from pathlib import Path

import click

from pielight.cli import options
from pielight.core.atomic_file import check_writable
from pielight.core.messages import counted, shown
from pielight.core.signals import FAILED
from pielight.errors import PielightError


@click.command()
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=options.PATH)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE.npz",
              help="File of the parameters; 'pielight evaluate --niqe FILE.npz' takes them.")  # fmt: skip
@options.quiet
def niqe(folders: tuple[Path, ...], output: Path, quiet: bool) -> None:
    """Fit NIQE's parameters to good photographs: sharp, well exposed, and not compressed visibly.

    Its authors took 125. The metric with fitted parameters is called niqe-own; its values do not compare
    with those of the authors' parameters. Exit status: 0, 1 if a photo failed or they do not suffice, 2 if the
    command line is invalid.
    """
    from pielight.evaluation.datasets.pairing import pictures
    from pielight.evaluation.metrics.niqe import block_features
    from pielight.evaluation.metrics.pristine import fitted, sharp, write_pristine
    from pielight.io.load_rgb import load_rgb8

    if output.suffix.lower() != ".npz":
        raise click.UsageError(f"{shown(output)}: must end in .npz")
    check_writable(output)
    paths = [path for folder in folders for path in pictures(folder)]
    features, failed = [], 0
    for number, path in enumerate(paths, 1):
        try:
            features.append(sharp(*block_features(load_rgb8(path))))
        except PielightError as error:
            failed += 1
            reason = str(error)
            click.echo(reason if reason.startswith(shown(path)) else f"{shown(path)}: {reason}", err=True)
        if not quiet and number % 10 == 0:
            click.echo(f"{number} of {counted(len(paths))}", err=True)
    write_pristine(output, fitted(features), len(features))
    if not quiet:
        click.echo(f"{shown(output)}: {counted(len(features))}, {sum(map(len, features))} sharp blocks", err=True)
    if failed:
        raise click.exceptions.Exit(FAILED)
