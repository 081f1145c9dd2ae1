"""``pielight evaluate --task``: what the command line says of a detector or a segmenter behind every method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pielight.cli.options import F
from pielight.errors import ConfigError

if TYPE_CHECKING:
    from pielight.evaluation.dataset_metrics import PooledFigure
    from pielight.evaluation.datasets.datasets import DataSet
    from pielight.evaluation.downstream.darkness import Darkness
    from pielight.evaluation.downstream.task_evaluators import FaceViewer, SegmentationViewer
    from pielight.evaluation.methods.method import Method
    from pielight.evaluation.plan import Plan

_OWN = {"faces": ("detector", "score", "nms", "iou", "shrink"), "segmentation": ("segmenter", "ignore", "classes")}
_OPTIONS = (
    click.option("--task", type=click.Choice(list(_OWN)),
                 help="Measure what a model finds in the results; PATH holds boxes.json, or images/ and labels/."),
    click.option("--detector", metavar="FILE.onnx", help="Of faces, like YuNet."),
    click.option("--segmenter", metavar="FILE.onnx[,multiple=N]", help="From (N, 3, H, W) in [0, 1] to logits."),
    click.option("--dark-ev", metavar="EV,EV,...",
                 help="Darken the pictures so many times by half, in linear light; 0 is as they are. [default: 0]"),
    click.option("--noise", metavar="SHOT,READ",
                 help="Of darkened pictures: variance SHOT x signal + READ. [default: 1e-3,1e-6]"),
    click.option("--shrink", type=float, metavar="SCALE", help="Shrink pictures and boxes first. [default: 1]"),
    click.option("--score", type=float, metavar="0..1", help="Least score of a face for the recall. [default: 0.5]"),
    click.option("--nms", type=float, metavar="0..1", help="IoU up to which two boxes are two faces. [default: 0.3]"),
    click.option("--iou", type=float, metavar="0..1", help="IoU from which on a face is found. [default: 0.5]"),
    click.option("--ignore", type=click.IntRange(0, 255), help="Label that does not count. [default: 255]"),
    click.option("--classes", metavar="NAME,NAME,...", help="Names of the classes, from 0 on."),
)  # fmt: skip


def options(command: F) -> F:
    """Add the options of tasks to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def is_asked_for(task: Mapping[str, Any]) -> bool:
    """Say whether the command line names a task.

    Raises:
        ConfigError: It does not, but has options that need one.
    """
    given = [name for name, value in task.items() if value is not None]
    if given and task["task"] is None:
        raise ConfigError(f"--{given[0].replace('_', '-')} needs --task faces or --task segmentation")
    return bool(given)


def plan(
    data: tuple[str, ...],
    methods: tuple[str, ...],
    metrics: str | None,
    limit: int | None,
    seed: int,
    others: Mapping[str, object],
    **given: Any,
) -> Plan:
    """Return what is to be measured.

    Raises:
        PielightError: Something makes no sense, or a model cannot be scored.
    """
    from pielight.evaluation.datasets.presets import nearest
    from pielight.evaluation.downstream import datasets
    from pielight.evaluation.plan import Plan, check

    task = given["task"]
    foreign = [f"--{name}" for kind, names in _OWN.items() if kind != task for name in names if given[name] is not None]
    foreign += [name for name, value in others.items() if value]
    if foreign:
        raise ConfigError(f"{foreign[0]} has no meaning with --task {task}")
    exposures = numbers("--dark-ev", given["dark_ev"] or "0")
    how = _darkness(given, seed)
    read = datasets.faces if task == "faces" else datasets.segmentation
    found: list[DataSet] = []
    for text in data:
        found += datasets.darkened(read(*name_and_path(text, "faces=FACES")).first(limit), exposures, how)
    viewer, known = _faces(given) if task == "faces" else _segmentation(given, found[0])
    names = ["recall"] if task == "faces" else list(known)
    if metrics is not None:
        names = list(dict.fromkeys(name.strip() for name in metrics.split(",") if name.strip()))
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(f"{unknown[0]}: --task {task} does not measure it; {nearest(unknown[0], list(known))}")
    if not names:
        raise ConfigError(f"no metric is named; known are {', '.join(known)}")
    chosen = Plan(tuple(found), _methods(methods, found), tuple(known[name] for name in names), viewer=viewer)
    check(chosen)
    return chosen


def numbers(option: str, text: str, count: int | None = None) -> list[float]:
    """Read numbers that commas separate.

    Raises:
        ConfigError: They are none, or not so many.

    >>> numbers("--noise", "1e-3,1e-6", 2)
    [0.001, 1e-06]
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        raise ConfigError(
            f"{option} {text}: say {'numbers' if count is None else f'{count} numbers'} with commas between"
        )
    return list(dict.fromkeys(found)) if count is None else found


def name_and_path(text: str, example: str) -> tuple[str, Path]:
    """Take ``NAME=PATH`` apart.

    Raises:
        ConfigError: It is none.
    """
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise ConfigError(f"--data {text}: say NAME=PATH, as in {example}")
    return name, Path(path)


def _methods(texts: tuple[str, ...], data: list[DataSet]) -> tuple[Method, ...]:
    """Find the methods; the picture as it is comes first unless it is named, and the picture before darkening last."""
    from pielight.evaluation.methods.method import method
    from pielight.evaluation.task_evaluator import CLEAN

    found = tuple(map(method, texts))
    if all(one.spec.kind != "identity" for one in found):
        found = (method("untouched=identity"), *found)
    is_dark = any(getattr(one.samples[0].conditions, "ev", 0) for one in data)
    return (*found, CLEAN) if is_dark else found


def _darkness(given: Mapping[str, Any], seed: int) -> Darkness:
    from pielight.evaluation.downstream.darkness import Darkness

    shot, read = numbers("--noise", given["noise"] or "1e-3,1e-6", 2)
    return Darkness(0.0, shot, read, 1.0 if given["shrink"] is None else given["shrink"], seed)


def _faces(given: Mapping[str, Any]) -> tuple[FaceViewer, dict[str, PooledFigure]]:
    from pielight.evaluation.downstream import detection
    from pielight.evaluation.downstream.task_evaluators import FaceViewer

    if given["detector"] is None:
        raise ConfigError("--task faces needs --detector FILE.onnx")
    settings = {name: given[name] for name in ("score", "nms", "iou") if given[name] is not None}
    viewer = FaceViewer(Path(given["detector"]), **settings)
    return viewer, detection.figures(viewer.score, viewer.iou)


def _segmentation(given: Mapping[str, Any], data: DataSet) -> tuple[SegmentationViewer, dict[str, PooledFigure]]:
    from pielight.evaluation.downstream import segmentation
    from pielight.evaluation.downstream.task_evaluators import SegmentationViewer

    if given["segmenter"] is None:
        raise ConfigError("--task segmentation needs --segmenter FILE.onnx")
    file, _, text = given["segmenter"].partition(",multiple=")
    if text and (not text.isdecimal() or not int(text)):
        raise ConfigError(f"--segmenter {given['segmenter']}: multiple must be a whole number from 1 on")
    settings = {} if given["ignore"] is None else {"ignore": given["ignore"]}
    viewer = SegmentationViewer(Path(file), int(text or 1), **settings)
    count = viewer.classes(data.samples[0])
    names = [str(number) for number in range(count)]
    if given["classes"] is not None:
        names = [name.strip() for name in given["classes"].split(",")]
        if len(set(names)) != count or len(names) != count or not all(names):
            raise ConfigError(f"--classes names {len(set(filter(None, names)))} classes; {file} tells {count} apart")
    return viewer, segmentation.figures(names)
