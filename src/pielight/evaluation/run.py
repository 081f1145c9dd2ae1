"""A run of an evaluation: what is planned and not yet measured is enhanced, measured and stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from pielight.core.color import luma
from pielight.errors import DataError, PictureError
from pielight.evaluation.datasets.datasets import Sample
from pielight.evaluation.datasets.pictures import Pixels, load
from pielight.evaluation.datasets.result_folders import results_in
from pielight.evaluation.methods.enhancements import Enhance, enhancement
from pielight.evaluation.methods.method import Method, result
from pielight.evaluation.methods.specs import Spec
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.plan import Plan, Task, tasks
from pielight.evaluation.store import Key, Measurement, Store
from pielight.evaluation.task_evaluator import CLEAN
from pielight.evaluation.workers import each


def run(
    plan: Plan,
    store: Store,
    jobs: int = 1,
    stop: Callable[[], bool] = lambda: False,
    known_already: Callable[[Task], object] = lambda _: None,
) -> Iterator[tuple[Task, list[Measurement]]]:
    """Measure what the store does not have yet, and add it.

    Args:
        plan: What is to be measured.
        store: Where measurements are found and put.
        jobs: Processes; memory is that of a few pictures for each.
        stop: Asked several times a second; once it says True, the rest is left for another time.
        known_already: Told of each that the store has, when it is found, which is before it is yielded.

    Yields:
        Each method on each picture with its measurements, in no order; those that were there are included, and lack
        nothing. A picture that cannot be read or enhanced has no values, which is not stored, so that the next run
        tries again.

    Raises:
        PielightError: A model cannot be read, or the machine lacks something.
    """
    _load.cache_clear()  # files may have changed since the last run
    _seen.cache_clear()
    _enhancement.cache_clear()
    results_in.cache_clear()
    known: list[Task] = []

    def missing() -> Iterator[Task]:
        for task in tasks(plan):
            if stop():
                return
            gaps = tuple(key for key in task.keys if key not in store)
            if gaps:
                yield task._replace(missing=gaps)
            else:
                known.append(task._replace(missing=()))
                known_already(task)

    for task, measurements in each(measure, missing(), jobs, stop):
        failed = {one.key: one for one in measurements if one.failed}
        store.add(one for one in measurements if not one.failed)
        for done in known:
            yield done, [store[key] for key in done.keys]
        yield task, [failed.get(key) or store[key] for key in task.keys]
        known.clear()
    for done in known:
        yield done, [store[key] for key in done.keys]


def measure(task: Task) -> list[Measurement]:
    """Enhance one picture by one method and measure the result; what fails for this picture only has no value.

    Raises:
        PielightError: A model cannot be read, or the machine lacks something.
    """
    if task.viewer is not None:
        return [_looked_at(task, key) for key in task.missing]
    try:
        source = _seen(task.sample)
        reference = None if task.sample.reference is None else _load(task.sample.reference)
        if reference is not None and reference.shape != source.shape:
            sizes = [f"{pixels.shape[1]} x {pixels.shape[0]}" for pixels in (source, reference)]
            raise DataError(f"{task.sample.name} of {task.data}: the picture is {sizes[0]}, its reference {sizes[1]}")
        after = enhanced(task.method, task.data, task.sample)
    except (PictureError, DataError) as error:
        return [Measurement(key, math.nan, str(error), failed=True) for key in task.missing]
    scaled = None
    measurements = []
    for key in task.missing:
        pixels = after
        if key.gt_mean and reference is not None:
            scaled = to_mean_of(reference, after) if scaled is None else scaled
            pixels = scaled
        metric = METRICS[key.metric]
        try:
            if "sequence" not in metric.needs:
                value, reason = metric.measure(pixels, reference=reference, source=source), ""
            elif task.sample.previous is None:
                value, reason = math.nan, "the first frame of a clip"
            else:
                frames, sources = _with_previous(task, pixels, source)
                value, reason = metric.measure(frames, source=sources), ""
        except DataError as error:  # this picture is too small for it, or the like
            value, reason = math.nan, str(error)
        if math.isnan(value):
            reason = reason or "nothing in the picture to measure"
        measurements.append(Measurement(key, float(value), reason))
    return measurements


def _looked_at(task: Task, key: Key) -> Measurement:
    """Enhance one picture and have the viewer look at the result."""
    assert task.viewer is not None
    try:
        evidence = task.viewer.look(enhanced(task.method, task.data, task.sample), task.sample)
    except (PictureError, DataError) as error:
        return Measurement(key, math.nan, str(error), failed=True)
    return Measurement(key, math.nan, evidence=evidence)


def _with_previous(task: Task, after: Pixels, source: Pixels) -> tuple[list[Pixels], list[Pixels]]:
    """Return a result and its input, each after that of the frame before."""
    before = task.sample.previous
    assert before is not None
    return [enhanced(task.method, task.data, before), after], [_seen(before), source]


def enhanced(method: Method, data: str, sample: Sample) -> Pixels:
    """Return what a method makes of a picture of a data set.

    Raises:
        PielightError: It cannot be read or enhanced.
    """
    if method == CLEAN:
        return sample.clean()
    enhance = None if method.folder is not None else _enhancement(method.spec)
    return result(method, enhance, data, sample, _seen(sample))


def to_mean_of(reference: Pixels, pixels: Pixels) -> Pixels:
    """Scale a result to the mean gray level of the reference, ``clip(x mean(y) / mean(x))``: GT-mean (KinD and others).

    It lets a method know the answer's brightness, so values measured so are not comparable with others.

    >>> to_mean_of(np.full((1, 1, 3), 100, np.uint8), np.full((1, 1, 3), 50, np.uint8))[0, 0].tolist()
    [100, 100, 100]
    """
    gain = luma(reference).mean() / max(luma(pixels).mean(), 1e-6)
    scaled: Pixels = np.rint((pixels * gain).clip(0, 255)).astype(np.uint8)
    return scaled


@lru_cache(maxsize=2)
def _load(path: Path) -> Pixels:
    return _shared(load(path))


@lru_cache(maxsize=2)
def _seen(sample: Sample) -> Pixels:
    return _shared(sample.pixels())


def _shared(pixels: Pixels) -> Pixels:
    pixels.flags.writeable = False  # methods share it
    return pixels


@lru_cache(maxsize=64)
def _enhancement(spec: Spec) -> Enhance:
    return enhancement(spec)
