"""A run of an evaluation: the trials that are not measured yet are enhanced, measured and stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from pielight.core.color import luma
from pielight.errors import DataError, PictureError
from pielight.evaluation.datasets.film import load_frame
from pielight.evaluation.methods.method import clear_caches, source
from pielight.evaluation.metric_spec import size_text
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.plan import Plan, Trial, trials
from pielight.evaluation.store import Key, Measurement, Store
from pielight.evaluation.workers import map_unordered
from pielight.io.load_rgb import Pixels


def run(
    plan: Plan,
    store: Store,
    jobs: int = 1,
    stop: Callable[[], bool] = lambda: False,
    on_stored: Callable[[Trial], object] = lambda _: None,
) -> Iterator[tuple[Trial, list[Measurement]]]:
    """Measure what the store does not have yet, and add it.

    Args:
        plan: What is to be measured.
        store: Where measurements are looked up and added.
        jobs: Processes; memory is that of a few pictures for each.
        stop: Called several times a second; once it returns True, the rest is left for another run.
        on_stored: Called with each trial that the store has already, before it is yielded.

    Yields:
        Trials with their measurements, in no order; of those that the store had, nothing is missing. A picture that
        cannot be read or enhanced has no values and is not stored, so that the next run tries again. PielightError
        if a model cannot be read, or the machine lacks something.
    """
    clear_caches()
    _reference.cache_clear()
    stored: list[Trial] = []

    def missing() -> Iterator[Trial]:
        for trial in trials(plan):
            if stop():
                return
            gaps = tuple(key for key in trial.keys if key not in store)
            if gaps:
                yield trial._replace(missing=gaps)
            else:
                stored.append(trial._replace(missing=()))
                on_stored(trial)

    def take_stored() -> Iterator[tuple[Trial, list[Measurement]]]:
        while stored:
            trial = stored.pop(0)
            yield trial, [store[key] for key in trial.keys]

    for trial, measurements in map_unordered(measure, missing(), jobs, stop):
        failed = {one.key: one for one in measurements if one.failed}
        store.add(one for one in measurements if not one.failed)
        yield from take_stored()
        yield trial, [failed.get(key) or store[key] for key in trial.keys]
    yield from take_stored()


def measure(trial: Trial) -> list[Measurement]:
    """Enhance one picture by one method and measure the result; if that fails, measurements have no value."""
    try:
        reference = _reference_of(trial)
        result = trial.method.enhanced(trial.dataset, trial.sample)
        if trial.evaluator is not None:
            state = trial.evaluator.update(result, trial.sample)
            return [Measurement(key, math.nan, state=state) for key in trial.missing]
    except (PictureError, DataError) as error:
        return [Measurement(key, math.nan, str(error), failed=True) for key in trial.missing]
    scaled = result
    if reference is not None and any(key.gt_mean for key in trial.missing):
        scaled = to_mean_of(reference, result)
    return [_measured(trial, key, scaled if key.gt_mean else result, reference) for key in trial.missing]


def _measured(trial: Trial, key: Key, result: Pixels, reference: Pixels | None) -> Measurement:
    """Measure a result by one metric."""
    metric, before = METRICS[key.metric], trial.sample.previous
    try:
        if "sequence" not in metric.needs:
            value = metric.measure(result, reference=reference, source=source(trial.sample))
        elif before is None:
            raise DataError("the first frame of a clip")
        else:
            frames = [trial.method.enhanced(trial.dataset, before), result]
            value = metric.measure(frames, source=[source(before), source(trial.sample)])
    except DataError as error:  # the picture is too small for the metric, or the like
        return Measurement(key, math.nan, str(error))
    return Measurement(key, float(value), "nothing in the picture to measure" if math.isnan(value) else "")


def _reference_of(trial: Trial) -> Pixels | None:
    """Return the reference of a picture, if there is one; DataError if it has another size."""
    if trial.sample.reference is None:
        return None
    reference, pixels = _reference(trial.sample.reference, trial.sample.frame), source(trial.sample)
    if reference.shape != pixels.shape:
        sizes = f"the picture is {size_text(pixels)}, its reference {size_text(reference)}"
        raise DataError(f"{trial.sample.name} of {trial.dataset}: {sizes}")
    return reference


@lru_cache(maxsize=2)
def _reference(path: Path, frame: int | None) -> Pixels:
    pixels = load_frame(path, frame)
    pixels.flags.writeable = False  # all methods share it
    return pixels


def to_mean_of(reference: Pixels, pixels: Pixels) -> Pixels:
    """Scale a result to the mean gray level of the reference, ``clip(x mean(y) / mean(x))``: GT-mean (KinD and others).

    It uses the brightness of the ground truth, so values measured so are not comparable with others.

    >>> to_mean_of(np.full((1, 1, 3), 100, np.uint8), np.full((1, 1, 3), 50, np.uint8))[0, 0].tolist()
    [100, 100, 100]
    """
    gain = luma(reference).mean() / max(luma(pixels).mean(), 1e-6)
    scaled: Pixels = np.rint((pixels * gain).clip(0, 255)).astype(np.uint8)
    return scaled
