"""``pielight export``: models for other runtimes, such as those of phones, compared with pielight's own results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.core.signals import FAILED
from pielight.errors import OptionError

if TYPE_CHECKING:
    from pielight.training.export.parity import Comparison

_RUNTIMES = ("onnx", "litert", "ncnn", "torchscript", "executorch", "coreml")


def _size(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Read WIDTHxHEIGHT."""
    if value is None:
        return None
    if not (match := re.fullmatch(r"(\d{1,6})[xX](\d{1,6})", value)):
        raise click.BadParameter(f"{value!r} is not WIDTHxHEIGHT, as 1024x768.")
    return int(match[1]), int(match[2])


@click.command()
@click.option("--to", required=True, type=click.Choice(_RUNTIMES), help="The runtime.")
@click.option("--what", type=click.Choice(["map", "full"]), default="map", show_default=True,
              help="map: thumbnail to exposures, for pictures of any size; full: picture to picture.")  # fmt: skip
@click.option("--size", metavar="WxH", callback=_size,
              help="Of the pictures of full: multiples of 64. [default: 1024x768]")  # fmt: skip
@click.option("--fp16", is_flag=True, help="Weights in half precision.")
@click.option("--int8", is_flag=True, help="Weights in 8 bits.")
@click.option("--model", default="pie", show_default=True, metavar="NAME|PATH",
              help="pie, free, or the .onnx or .safetensors file of your own training.")  # fmt: skip
@click.option("-o", "--out", type=options.PATH, default=Path(), metavar="PATH",
              help="The file, or the folder for it; a file of that name is replaced, but never the model that is read. "
              "[default: here]")  # fmt: skip
@click.option("--check", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="FOLDER",
              help="Pictures to compare with. [default: 20 dark ones made of scikit-image's]")  # fmt: skip
@click.option("--no-check", is_flag=True, help="Do not compare.")
def export(
    to: str, what: str, size: tuple[int, int] | None, fp16: bool, int8: bool, model: str, out: Path,
    check: Path | None, no_check: bool,
) -> None:  # fmt: skip
    """Write a model that brightens for another runtime, and compare its results with pielight's own.

    \b
    pielight export --to litert --what full --size 1024x768
    pielight export --to ncnn --fp16 -o app/assets/

    The report shows by how many levels of 255 results differ, picture by picture: at most 1 with weights in single
    precision, 2 in half. Exit status: 0, 1 if something failed or results differ by more, 2 if the command line is
    invalid, 130 after Ctrl-C.
    """
    if check is not None and no_check:
        raise click.UsageError("--check and --no-check contradict each other.")
    if fp16 and int8:
        raise click.UsageError("--fp16 and --int8 contradict each other.")
    if size and what == "map":
        raise click.UsageError("--size is for --what full; a map is for pictures of any size.")
    from pielight.core.extras import PACKAGES, require

    require(f"export-{to}" if f"export-{to}" in PACKAGES else "train")
    from pielight.core.messages import shown
    from pielight.training.export.graph import make_graph, read_network
    from pielight.training.export.parity import check_pictures
    from pielight.training.export.runtimes import RUNTIMES, size_of
    from pielight.training.export.runtimes import export as write

    chosen, runtime = "fp16" if fp16 else "int8" if int8 else "fp32", RUNTIMES[to]
    if out.suffix not in ("", runtime.suffix) and not out.is_dir():
        raise click.UsageError(
            f"-o {shown(out)}: {to} writes {runtime.suffix} files; name one, or a folder that exists."
        )
    width, height = size or (1024, 768)
    network, path = read_network(model)
    with options.usage_errors(OptionError):
        graph = make_graph(network, what, width, height)  # type: ignore[arg-type]
        if out.suffix != runtime.suffix or (out.is_dir() and to != "coreml"):
            parts = (path.stem, what, f"{width}x{height}" if what == "full" else "", chosen if fp16 or int8 else "")
            out = out / ("-".join(filter(None, parts)) + runtime.suffix)
        if check is not None:  # before a conversion of minutes
            check_pictures(check, lambda error: click.echo(f"passed over: {error}", err=True))
        write(graph, to, chosen, out, path, check)  # type: ignore[arg-type]
    takes = ", ".join(f"{name} {shape}" for name, shape in graph.inputs.items())
    click.echo(f"{out}: {size_of(out) / 1e6:.2f} MB; {takes} to {', '.join(graph.outputs)}", err=True)
    if runtime.open_file is None:
        click.echo(
            f"converted, and its structure checked; {to} runs on Apple's devices only, so not run here", err=True
        )
        return
    if no_check:
        return
    from pielight.training.export.parity import LIMITS, compare

    rows = list(compare(graph, runtime.open_file(out, graph, 1), path, check))
    _report(rows)
    if max(row.worst for row in rows) > LIMITS.get(chosen, 255):
        click.echo(f"results differ by more than {LIMITS[chosen]} of 255", err=True)
        raise click.exceptions.Exit(FAILED)


def _report(rows: list[Comparison]) -> None:
    from pielight.core import tables

    columns = {"picture": "picture", "worst": "levels", "share": "% differ", "psnr": "PSNR dB"}
    cells = [{"picture": row.picture, "worst": row.worst, "share": f"{row.share:.3f}", "psnr": f"{row.psnr:.1f}"}
             for row in rows]  # fmt: skip
    last = {
        "picture": f"worst of {len(rows)}",
        "worst": max(row.worst for row in rows),
        "share": f"{max(row.share for row in rows):.3f}",
        "psnr": f"{min(row.psnr for row in rows):.1f}",
    }
    for line in tables.aligned(columns, [*cells, last]):
        click.echo(line)
