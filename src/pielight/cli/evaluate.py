"""``pielight evaluate``: how good methods are on data sets."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pielight.cli import downstream_tasks as tasks
from pielight.cli import options
from pielight.cli.eta_lines import TrialCounter, counting, looking
from pielight.errors import ConfigError, MissingExtraError, PielightError

if TYPE_CHECKING:
    from pielight.evaluation.datasets.datasets import DataSet
    from pielight.evaluation.plan import Plan
    from pielight.evaluation.report.summary import Summary, Values

_DEFAULT_METRICS = ("psnr", "ssim", "ciede2000", "niqe", "loe")


@click.command()
@click.option("--data", "data", multiple=True, required=True, metavar="NAME=PATH",
              help="A data set; give it again for another. Presets: dicm, lime, mef, npe, vv, lol, lol-v2-real, "
              "lol-v2-synthetic, sice, fivek; any other NAME takes what lies in PATH; NAME:PRESET=PATH does "
              "both; NAME:film=PATH takes consecutive frames.")  # fmt: skip
@click.option("--method", "methods", multiple=True, required=True, metavar="[LABEL=]SPEC",
              help="A method; give it again for another. The others are compared with the first.")  # fmt: skip
@click.option("--metrics", metavar="A,B,...",
              help=f"What is measured. [default: {','.join(_DEFAULT_METRICS)}, as far as they apply; "
              "niqe needs --niqe; with --task recall, or miou,accuracy and the IoU of every class]")  # fmt: skip
@click.option("--niqe", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.npz",
              help="NIQE's parameters: its authors' for niqe, those of 'pielight niqe' for niqe-own.")  # fmt: skip
@click.option("--download", is_flag=True, help="Fetch the network of lpips if it is not there (233 MB).")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("report"),
              show_default=True, metavar="FOLDER", help="Where the report goes.")  # fmt: skip
@options.jobs("Processes. [default: one for every core]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N pictures of every data set.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True,
              help="Of the bootstrap, and of the noise of --dark-ev.")  # fmt: skip
@click.option("--gt-mean", is_flag=True,
              help="Scale results to the mean of the reference first; labeled wherever it acts.")  # fmt: skip
@tasks.options
@options.quiet
def evaluate(
    data: tuple[str, ...],
    methods: tuple[str, ...],
    metrics: str | None,
    niqe: Path | None,
    download: bool,
    output: Path,
    jobs: int | None,
    limit: int | None,
    seed: int,
    gt_mean: bool,
    quiet: bool,
    **task: Any,
) -> None:
    """Measure how good methods are: every method on the same pictures, with intervals and paired tests.

    \b
    pielight evaluate --data lol=LOLdataset --data dicm=DICM
        --method pielight --method lime --method zero-dce=dce:Epoch99.pth
        --metrics psnr,ssim,niqe --niqe niqe_pris_params.npz -o report/

    \b
    SPEC is one of
      pielight[:task=dehaze|derain,model=FILE.onnx,strength=S,
               highlights=H,denoise=auto|D,
               denoise_model=FILE.onnx,auto=on|off]
      identity, gamma[:EXPONENT], clahe, equalize, lime;
      dcp (haze), median and guided (rain)
      dce:FILE.pth      a public checkpoint of Zero-DCE, SCL-LLE or PIE
      onnx:FILE.onnx[,multiple=N]   a network from picture to picture
      dir:FOLDER        pictures that somebody made, matched by their stems

    With --task, every method stands before a detector or a segmenter of yours:

    \b
    pielight evaluate --task faces --detector yunet.onnx --data faces=FACES
        --method pielight:denoise=auto --dark-ev 0,6 -o report/
    pielight evaluate --task segmentation --segmenter net.onnx --ignore 11
        --data streets=CAMVID --method pielight --dark-ev 0,4 -o report/

    PATH holds pictures, or pairs of folders as low/ and high/, input/ and expertC/, or scenes with Label/. The report
    is index.html, summary.md, summary.json and pictures.csv. What was measured before is not measured again: an
    evaluation that was stopped goes on where it was. Exit status: 0, 1 if something failed, 2 if the command line
    makes no sense.
    """
    from pielight.core.atomic_file import few, shown

    with _makes_sense(), looking(output, quiet):
        if tasks.is_asked_for(task):
            plan = tasks.plan(
                data,
                methods,
                metrics,
                limit,
                seed,
                {"--niqe": niqe, "--download": download, "--gt-mean": gt_mean},
                **task,
            )
        else:
            plan = _plan(data, methods, metrics, niqe, download, limit, gt_mean)
    for one in plan.data:
        for note in one.notes:
            click.echo(f"{shown(one.name)}: {note}", err=True)
    values = _measured(plan, output, jobs or _cores(), quiet)
    from pielight.evaluation.datasets.pairing import counted
    from pielight.evaluation.report import examples as shots
    from pielight.evaluation.report import files
    from pielight.evaluation.report.summary import summarize

    summary = summarize(plan, values, seed)
    chosen = shots.places(plan, values)
    taken = counting("pictures of the page", shots.take(chosen, jobs or _cores()), len(chosen), quiet)
    pictures = sorted(taken, key=lambda pair: chosen.index(pair[0]))
    command = shlex.join(["pielight", *sys.argv[1:]])
    written = files.write(output, summary, values, pictures, command)
    for line in _lines(summary):
        click.echo(shown(line))
    if not quiet:
        click.echo(shown(written["html"]), err=True)
    failures = list(dict.fromkeys(one.reason for one in values.found.values() if one.failed))
    if failures:
        raise PielightError(
            f"{counted(len(failures))} failed, which count{'s' if len(failures) == 1 else ''} nowhere: {few(failures)}"
        )


def _plan(
    data: tuple[str, ...],
    methods: tuple[str, ...],
    metrics: str | None,
    niqe: Path | None,
    download: bool,
    limit: int | None,
    gt_mean: bool,
) -> Plan:
    from pielight.evaluation.datasets import presets
    from pielight.evaluation.methods.method import method
    from pielight.evaluation.metrics import METRICS
    from pielight.evaluation.metrics.perceptual import fetch_network
    from pielight.evaluation.metrics.pristine import pristine_file, use_pristine
    from pielight.evaluation.plan import Plan, check, choose

    own = niqe is not None and use_pristine(niqe).own
    found: list[DataSet] = []
    for text in data:
        name, path = tasks.name_and_path(text, "lol=LOLdataset")
        found.append(presets.find(name, path).first(limit))
    if metrics is None:
        paired = any(one.is_paired for one in found)
        names = [name for name in _DEFAULT_METRICS if paired or "reference" not in METRICS[name].needs]
        if pristine_file() is None:
            names.remove("niqe")
            click.echo("niqe is left out: it needs --niqe FILE.npz", err=True)
        elif own:
            names[names.index("niqe")] = "niqe-own"
    else:
        names = [name.strip() for name in metrics.split(",") if name.strip()]
    plan = Plan(tuple(found), tuple(method(text) for text in methods), choose(names), gt_mean)
    if download:
        if "lpips" not in names:
            raise ConfigError("--download is for --metrics lpips, and nothing else needs a download")
        fetch_network(lambda line: click.echo(line, err=True))
    check(plan)
    return plan


def _measured(plan: Plan, output: Path, jobs: int, quiet: bool) -> Values:
    """Run the plan; Ctrl-C ends the command."""
    from pielight.core.interrupt import deferred_interrupt
    from pielight.evaluation.inventory import INVENTORY
    from pielight.evaluation.report.summary import Values
    from pielight.evaluation.run import run
    from pielight.evaluation.store import Store

    store, values = Store(output), Values()
    INVENTORY.keep(output)
    progress = TrialCounter(plan, quiet)
    try:
        with deferred_interrupt() as interrupted:
            for task, measurements in run(plan, store, jobs, interrupted, progress.known):
                values.add(task, measurements)
                progress.show(task)
    except KeyboardInterrupt:  # the second Ctrl-C
        pass
    finally:
        store.close()
    if progress.left:
        progress.stopped()
        raise click.exceptions.Exit(options.INTERRUPTED)
    return values


def _lines(summary: Summary) -> Iterator[str]:
    from pielight.core.tables import aligned
    from pielight.evaluation.datasets.pairing import counted
    from pielight.evaluation.report import captions as words
    from pielight.evaluation.report import tables

    for data in summary.plan.data:
        yield f"{data.name}, {counted(len(data.samples))}"
        yield from aligned(*tables.means(summary, data))
        yield ""
    if summary.plan.viewer is not None:
        yield words.notice(summary.plan)
    if summary.plan.gt_mean:
        yield words.gt_mean_notice(summary.plan)


def _cores() -> int:
    from pielight.core.threads import available_threads

    return available_threads()


@contextmanager
def _makes_sense() -> Iterator[None]:
    try:
        yield
    except MissingExtraError:
        raise
    except PielightError as error:
        raise click.UsageError(str(error)) from error
