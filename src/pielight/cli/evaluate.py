"""``pielight evaluate``: how good methods are on data sets."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pielight.cli import downstream_options, options
from pielight.cli.progress import TrialProgress, files_progress, with_progress
from pielight.core.interrupt import deferred_interrupt
from pielight.core.messages import counted, few, shown
from pielight.core.signals import INTERRUPTED
from pielight.core.tables import aligned
from pielight.core.threads import available_threads
from pielight.errors import ConfigError, MissingExtraError, PielightError

if TYPE_CHECKING:
    from pielight.evaluation.plan import Plan
    from pielight.evaluation.report.summary import Summary, Values

_DEFAULT_METRICS = ("psnr", "ssim", "ciede2000", "niqe", "loe")


@click.command()
@click.option("--data", "data", multiple=True, required=True, metavar="NAME=PATH",
              help="A data set; give it again for another. Presets: dicm, lime, mef, npe, vv, lol, lol-v2-real, "
              "lol-v2-synthetic, sice, fivek; any other NAME takes what PATH holds; NAME:PRESET=PATH does "
              "both; NAME:film=PATH takes consecutive frames: a clip, clips, or pictures.")  # fmt: skip
@click.option("--method", "methods", multiple=True, required=True, metavar="[LABEL=]SPEC",
              help="A method; give it again for another. The others are compared with the first.")  # fmt: skip
@click.option("--metrics", metavar="A,B,...",
              help=f"What is measured. [default: {','.join(_DEFAULT_METRICS)}, as far as they apply; "
              f"niqe needs --niqe; with --downstream {', or '.join(downstream_options.DEFAULT_METRICS)}]")  # fmt: skip
@click.option("--niqe", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.npz",
              help="NIQE's parameters: its authors' for niqe, those of 'pielight niqe' for niqe-own.")  # fmt: skip
@click.option("--download", is_flag=True, help="Fetch the network of lpips if it is not there (233 MB).")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("report"),
              show_default=True, metavar="FOLDER", help="Where the report goes.")  # fmt: skip
@options.jobs("Processes. [default: one for every core]")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N pictures of every data set.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True,
              help="Seed of the bootstrap, and of the noise of --dark-ev.")  # fmt: skip
@click.option("--gt-mean", is_flag=True,
              help="Scale results to the mean of the reference first; labeled in the report.")  # fmt: skip
@downstream_options.options
@options.quiet
def evaluate(output: Path, jobs: int | None, seed: int, quiet: bool, **arguments: Any) -> None:
    """Measure how good methods are: every method on the same pictures, with intervals and paired tests.

    \b
    pielight evaluate --data lol=LOLdataset --data dicm=DICM
        --method pielight --method lime --method zero-dce=dce:Epoch99.pth
        --metrics psnr,ssim,niqe --niqe niqe_pris_params.npz -o report/

    \b
    SPEC is one of
      pielight[:task=dehaze|derain,model=FILE.onnx,strength=S,
               highlights=H,denoise=auto|D,
               denoise_model=FILE.onnx,auto=on|off,preset=NAME,
               target=EV,black=B,warmth=auto|W,tint=auto|T,
               frames=stream|single]
      exposure[:brightness=B,denoise=nlm]   one exposure, in closed form
      identity, gamma[:EXPONENT], clahe, equalize, lime;
      dcp (haze), median and guided (rain)
      dce:FILE.pth      a public checkpoint of Zero-DCE, SCL-LLE or PIE
      onnx:FILE.onnx[,multiple=N]   a network from picture to picture
      dir:FOLDER        results of other programs, matched by stem

    With --downstream, a detector or a segmenter of yours is run on the results, or the skin of faces is measured:

    \b
    pielight evaluate --downstream faces --detector yunet.onnx
        --data faces=FACES --method pielight:denoise=auto --dark-ev 0,6 -o report/
    pielight evaluate --downstream segmentation --segmenter net.onnx
        --ignore 11 --data streets=CAMVID --method pielight --dark-ev 0,4
    pielight evaluate --downstream skin --data faces=FACES --method pielight

    PATH holds pictures, or pairs of folders as low/ and high/, input/ and expertC/, or scenes with Label/. The report
    is index.html, summary.md, summary.json and pictures.csv. Measurements are stored: the same command resumes a
    stopped evaluation. Exit status: 0, 1 if something failed, 2 if the command line is invalid.
    """
    from pielight.evaluation.report import examples, files
    from pielight.evaluation.report.summary import summarize
    from pielight.evaluation.workers import map_unordered

    with options.usage_errors(but=(MissingExtraError,)), files_progress(output, quiet):
        plan = _plan(arguments, seed)
    for dataset in plan.datasets:
        for note in dataset.notes:
            click.echo(f"{shown(dataset.name)}: {note}", err=True)
    jobs = jobs or available_threads()
    values = _measured(plan, output, jobs, quiet)
    summary = summarize(plan, values, seed)
    chosen = examples.choose_examples(plan, values)
    in_order = sorted(chosen, key=lambda one: (one.method.label, one.sample.frame or 0))  # films are read once
    made = map_unordered(examples.thumbnails, in_order, jobs)
    made = with_progress("pictures of the page", made, len(chosen), quiet)
    pictures = sorted(made, key=lambda pair: chosen.index(pair[0]))
    command = shlex.join(["pielight", *sys.argv[1:]])
    written = files.write(output, summary, values, pictures, command)
    for line in _lines(summary):
        click.echo(shown(line))
    if not quiet:
        click.echo(shown(written["html"]), err=True)
    failures = list(dict.fromkeys(one.reason for one in values.measurements.values() if one.failed))
    if failures:
        raise PielightError(
            f"{counted(len(failures))} failed, which count{'s' if len(failures) == 1 else ''} nowhere: {few(failures)}"
        )


def _plan(arguments: Mapping[str, Any], seed: int) -> Plan:
    """Return what is measured, checked; PielightError if an option is invalid, or something is missing."""
    if downstream := downstream_options.given(arguments):
        return downstream_options.plan(arguments, downstream, seed)
    from pielight.evaluation.datasets.presets import find_dataset
    from pielight.evaluation.methods.method import find_method
    from pielight.evaluation.metrics import METRICS, RENAMED
    from pielight.evaluation.metrics.perceptual import fetch_network
    from pielight.evaluation.metrics.pristine import pristine_file, use_pristine
    from pielight.evaluation.plan import Plan, check, choose

    is_own = arguments["niqe"] is not None and use_pristine(arguments["niqe"]).own
    named = [downstream_options.name_and_path(text, "lol=LOLdataset") for text in arguments["data"]]
    datasets = tuple(find_dataset(name, path).first(arguments["limit"]) for name, path in named)
    if arguments["metrics"] is None:
        paired = any(one.is_paired for one in datasets)
        names = [name for name in _DEFAULT_METRICS if paired or "reference" not in METRICS[name].needs]
        if pristine_file() is None:
            names.remove("niqe")
            click.echo("niqe is left out: it needs --niqe FILE.npz", err=True)
        elif is_own:
            names[names.index("niqe")] = "niqe-own"
    else:
        names = downstream_options.metric_names(arguments["metrics"])
    for name in set(names) & set(RENAMED):
        click.echo(f"--metrics {name} is deprecated; use {RENAMED[name]}", err=True)
    names = [RENAMED.get(name, name) for name in names]
    methods = tuple(map(find_method, arguments["methods"]))
    plan = Plan(datasets, methods, choose(names), arguments["gt_mean"])
    if arguments["download"]:
        if "lpips" not in names:
            raise ConfigError("--download is for --metrics lpips, and nothing else needs a download")
        fetch_network(lambda line: click.echo(line, err=True))
    check(plan)
    return plan


def _measured(plan: Plan, output: Path, jobs: int, quiet: bool) -> Values:
    """Run the plan; Ctrl-C ends the command."""
    from pielight.evaluation.datasets.file_cache import FILE_CACHE
    from pielight.evaluation.report.summary import Values
    from pielight.evaluation.run import run
    from pielight.evaluation.store import Store

    store, values = Store(output), Values()
    FILE_CACHE.save(output)
    progress = TrialProgress(plan, quiet)
    try:
        with deferred_interrupt() as interrupted:
            for trial, measurements in run(plan, store, jobs, interrupted, progress.on_stored):
                values.add(trial, measurements)
                progress.show(trial)
    except KeyboardInterrupt:  # the second Ctrl-C
        pass
    finally:
        store.close()
    if progress.left:
        progress.stopped()
        raise click.exceptions.Exit(INTERRUPTED)
    return values


def _lines(summary: Summary) -> Iterator[str]:
    from pielight.evaluation.report import captions, tables

    for dataset in summary.plan.datasets:
        yield f"{dataset.name}, {counted(len(dataset.samples))}"
        yield from aligned(*tables.means(summary, dataset))
        yield ""
    if summary.plan.evaluator is not None:
        yield captions.notice(summary.plan)
    if summary.plan.gt_mean:
        yield captions.gt_mean_notice(summary.plan)
