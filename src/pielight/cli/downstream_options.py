"""``pielight evaluate --downstream``: the options of a detector or a segmenter that is run on results."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pielight.cli.options import F
from pielight.errors import ConfigError

if TYPE_CHECKING:
    from pielight.evaluation.datasets.dataset import Dataset
    from pielight.evaluation.metric_spec import DatasetMetric
    from pielight.evaluation.plan import Plan, TaskEvaluator

_OWN = {"faces": ("detector", "score", "nms", "iou", "shrink"), "segmentation": ("segmenter", "ignore", "classes")}
_OPTIONS = (
    click.option("--downstream", type=click.Choice(list(_OWN)),
                 help="Measure how well a model works on the results; PATH holds boxes.json, or images/ and labels/."),
    click.option("--task", type=click.Choice(list(_OWN)), hidden=True),  # its name in earlier releases
    click.option("--detector", metavar="FILE.onnx", help="Face detector, such as YuNet."),
    click.option("--segmenter", metavar="FILE.onnx[,multiple=N]", help="From (N, 3, H, W) in [0, 1] to logits."),
    click.option("--dark-ev", metavar="EV,EV,...",
                 help="Darken the pictures by so many EV in linear light; 0 does not. [default: 0]"),
    click.option("--noise", metavar="SHOT,READ",
                 help="Of darkened pictures: variance SHOT x signal + READ. [default: 1e-3,1e-6]"),
    click.option("--shrink", type=float, metavar="SCALE", help="Shrink pictures and boxes first. [default: 1]"),
    click.option("--score", type=float, metavar="0..1", help="Least score of a face for the recall. [default: 0.5]"),
    click.option("--nms", type=float, metavar="0..1", help="IoU up to which two boxes are two faces. [default: 0.3]"),
    click.option("--iou", type=float, metavar="0..1", help="Least IoU with a labeled face. [default: 0.5]"),
    click.option("--ignore", type=click.IntRange(0, 255), help="Label that does not count. [default: 255]"),
    click.option("--classes", metavar="NAME,NAME,...", help="Names of the classes, from 0 on."),
)  # fmt: skip
_NAMES = ("downstream", "task", "dark_ev", "noise", *_OWN["faces"], *_OWN["segmentation"])


def options(command: F) -> F:
    """Add the options of downstream tasks to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of downstream tasks that were given; ConfigError if ``--downstream`` itself was not."""
    options = {name: arguments[name] for name in _NAMES if arguments[name] is not None}
    if "task" in options:
        click.echo("--task is deprecated in this command; say --downstream", err=True)
        options.setdefault("downstream", options.pop("task"))
    if options and "downstream" not in options:
        option = next(iter(options)).replace("_", "-")
        raise ConfigError(f"--{option} needs --downstream faces or --downstream segmentation")
    return options


def plan(arguments: Mapping[str, Any], options: Mapping[str, Any], seed: int) -> Plan:
    """Return what is measured, checked; PielightError if an option is invalid, or a model cannot be scored.

    Args:
        arguments: All options of the command.
        options: Those of downstream tasks, from :func:`given`.
        seed: Of the noise.
    """
    from pielight.core.messages import nearest
    from pielight.evaluation.downstream import datasets
    from pielight.evaluation.downstream.darkness import Darkness
    from pielight.evaluation.methods.method import CLEAN, find_method
    from pielight.evaluation.plan import Plan, check

    task = options["downstream"]
    wrong = [name for kind, names in _OWN.items() for name in names if kind != task and name in options]
    wrong += [name for name in ("niqe", "download", "gt_mean") if arguments[name]]
    if wrong:
        raise ConfigError(f"--{wrong[0].replace('_', '-')} has no meaning with --downstream {task}")
    exposures = numbers("--dark-ev", options.get("dark_ev") or "0")
    shot, read_noise = numbers("--noise", options.get("noise") or "1e-3,1e-6", 2)
    darkness = Darkness(0.0, shot, read_noise, options.get("shrink", 1.0), seed)
    read = datasets.faces if task == "faces" else datasets.segmentation
    named = [name_and_path(text, "faces=FACES") for text in arguments["data"]]
    originals = [read(name, path).first(arguments["limit"]) for name, path in named]
    data = tuple(one for original in originals for one in datasets.darkened(original, exposures, darkness))
    evaluator, known = _faces(options) if task == "faces" else _segmentation(options, data[0])
    names = ["recall"] if task == "faces" else list(known)
    if arguments["metrics"] is not None:
        names = metric_names(arguments["metrics"])
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"{unknown[0]}: --downstream {task} does not measure it; {nearest(unknown[0], known)}")
    if not names:
        raise ConfigError(f"no metric is named; known are {', '.join(known)}")
    methods = tuple(map(find_method, arguments["methods"]))
    if all(one.spec.kind != "identity" for one in methods):  # the baseline
        methods = (find_method("untouched=identity"), *methods)
    if any(exposures):  # the bound: pictures before they were darkened
        methods = (*methods, CLEAN)
    chosen = Plan(data, methods, tuple(known[name] for name in names), evaluator=evaluator)
    check(chosen)
    return chosen


def metric_names(text: str) -> list[str]:
    """Return the names that commas separate, each once.

    >>> metric_names("psnr, ssim,psnr")
    ['psnr', 'ssim']
    """
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def numbers(option: str, text: str, count: int | None = None) -> list[float]:
    """Read numbers that commas separate; ConfigError if they are none, or not so many.

    >>> numbers("--noise", "1e-3,1e-6", 2)
    [0.001, 1e-06]
    """
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if not values or (count is not None and len(values) != count):
        raise ConfigError(f"{option} {text}: say {f'{count} ' if count else ''}numbers with commas between")
    return list(dict.fromkeys(values)) if count is None else values


def name_and_path(text: str, example: str) -> tuple[str, Path]:
    """Split ``NAME=PATH``; ConfigError if it is none."""
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ConfigError(f"--data {text}: say NAME=PATH, as in {example}")
    return name, Path(path)


def _faces(options: Mapping[str, Any]) -> tuple[TaskEvaluator, dict[str, DatasetMetric]]:
    from pielight.evaluation.downstream.face_detection import FaceEvaluator, face_metrics

    if "detector" not in options:
        raise ConfigError("--downstream faces needs --detector FILE.onnx")
    thresholds = {name: options[name] for name in ("score", "nms", "iou") if name in options}
    evaluator = FaceEvaluator(Path(options["detector"]), **thresholds)
    return evaluator, face_metrics(evaluator.score, evaluator.iou)


def _segmentation(options: Mapping[str, Any], dataset: Dataset) -> tuple[TaskEvaluator, dict[str, DatasetMetric]]:
    from pielight.evaluation.downstream.segmentation import IGNORE, SegmentationEvaluator, segmentation_metrics

    if "segmenter" not in options:
        raise ConfigError("--downstream segmentation needs --segmenter FILE.onnx")
    file, _, multiple = options["segmenter"].partition(",multiple=")
    if multiple and (not multiple.isdecimal() or not int(multiple)):
        raise ConfigError(f"--segmenter {options['segmenter']}: multiple must be a whole number from 1 on")
    evaluator = SegmentationEvaluator(Path(file), int(multiple or 1), options.get("ignore", IGNORE))
    count = evaluator.classes(dataset.samples[0])
    names = [str(number) for number in range(count)]
    if "classes" in options:
        names = [name.strip() for name in options["classes"].split(",")]
        if len(set(names)) != count or len(names) != count or not all(names):
            raise ConfigError(f"--classes names {len(set(filter(None, names)))} classes; {file} has {count}")
    return evaluator, segmentation_metrics(names)
