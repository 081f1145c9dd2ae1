"""``pielight finetune``: fine-tune a model on a user's own dark pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pielight.cli import options
from pielight.cli.stderr import deprecations_on_stderr
from pielight.cli.train import stoppable

if TYPE_CHECKING:
    from pielight.training.objectives.finetune import Tuned
    from pielight.training.trainer import StepReport


@click.command()
@click.argument("dark", metavar="DARK_DIR", type=options.PATH)
@click.option("--normal", type=options.PATH, metavar="DIR", help="Well-exposed pictures of the same kind, no pairs. "
              "[default: the model's own results on the dark ones]")  # fmt: skip
@click.option("--out", type=options.PATH, default=Path("finetuned"), show_default=True, help="Folder of the run.")
@options.model
@click.option("--features", metavar="FILE|download", help="VGG16 weights, torchvision's or Caffe's; download fetches "
              "torchvision's (528 MB). [default: do without]")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, 100_000), default=200, show_default=True, help="Steps, at most.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the random numbers."
)
@options.changes("optimizer.lr=1e-4 or losses.inversion=2")
def finetune(
    dark: Path, normal: Path | None, out: Path, model: str | None, features: str | None, steps: int, seed: int,
    changes: tuple[str, ...],
) -> None:  # fmt: skip
    """Fine-tune a model that brightens on your own dark pictures; they need no pairs.

    50 to 500 pictures suffice. A fifth of them is held out for validation; unless the tuned model is better on those,
    the result is the model that it started from. If tuning is not likely to help, it ends early: before the first step,
    or after a quarter of them. The same command resumes a stopped run. Exit status: 0, 1 if something failed, 2 if the
    command line is invalid, 130 after Ctrl-C.
    """
    from pielight.training.objectives.finetune import Finetuning
    from pielight.training.schema import FinetuneConfig
    from pielight.training.trainer import train

    settings = FinetuneConfig(
        str(dark), str(normal) if normal else None, model, features, steps, seed, str(out), changes
    )
    objective = Finetuning(settings)
    with stoppable(out / "checkpoint.pt"), deprecations_on_stderr():
        train(objective, _show, log=lambda line: click.echo(line, err=True))
    if objective.result is not None:  # None is that of a run that stopped early, or of another process than the first
        _show_result(objective.result)


def _show(progress: StepReport) -> None:
    metrics = progress.validation
    terms = "  ".join(f"{name} {value:.4f}" for name, value in progress.terms.items())
    click.echo(f"step {progress.step}/{progress.steps}  held out {metrics.score:.2f} dB, "
               f"others {metrics.kept:.2f} dB, unchanged {metrics.unchanged:.2f} dB  "
               f"brightness {metrics.brightness:.3f}  {terms}  "
               f"{progress.seconds_left:.0f} s left", err=True)  # fmt: skip


def _show_result(tuned: Tuned) -> None:
    from pielight.training.objectives.finetune_validation import gain

    before, after = tuned.before, tuned.after
    if tuned.ended:
        click.echo(f"ended early: {tuned.ended}", err=True)
    click.echo(f"{'held-out pictures':<32} {'before':>8} {'after':>8}")
    rows = (
        ("restored, dB", before.score, after.score, ".2f"),
        ("other kinds restored, dB", before.kept, after.kept, ".2f"),
        ("photographs to themselves, dB", before.unchanged, after.unchanged, ".2f"),
        ("dark ones: brightness", before.brightness, after.brightness, ".3f"),
        ("dark ones: contrast", before.contrast, after.contrast, ".3f"),
        ("dark ones: near white", before.white, after.white, ".2%"),
    )
    for caption, old, new, form in rows:
        click.echo(f"{caption:<32} {old:>8{form}} {new:>8{form}}")
    if tuned.share:
        mean, error = gain(after, before)
        click.echo(f"better by {mean:.2f} dB (standard error {error:.2f}), {tuned.share:.0%} of the weight change kept")
    else:
        click.echo(f"no better than {tuned.start} by more than chance: the weights are those of {tuned.start}")
    click.echo(f"{tuned.model}: the model; {tuned.sheet}: before and after; try it with", err=True)
    click.echo(f"  pielight --model {tuned.model} PHOTO...", err=True)
