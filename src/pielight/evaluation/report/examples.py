"""The best and the worst pictures of each method, before and after, small enough for a page."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from pielight.evaluation.datasets.datasets import DataSet, Sample
from pielight.evaluation.datasets.pictures import Pixels, load
from pielight.evaluation.methods.method import Method
from pielight.evaluation.metrics import Figure
from pielight.evaluation.plan import Plan
from pielight.evaluation.report.summary import Values
from pielight.evaluation.run import enhanced
from pielight.evaluation.workers import each

EACH = 2  # best ones, and as many worst ones
_SIZE, _QUALITY = 360, 82


@dataclass(frozen=True)
class Place:
    """A picture that is shown.

    Attributes:
        data: Name of the data set.
        method: The method.
        sample: The picture.
        metric: By which it was chosen.
        value: Of that metric.
        is_best: Whether it is one of the best; else it is one of the worst.
    """

    data: str
    method: Method
    sample: Sample
    metric: Figure
    value: float
    is_best: bool


class Shot(NamedTuple):
    """JPEG files of a picture: the input, the result, and the reference if there is one."""

    before: bytes
    after: bytes
    reference: bytes | None


def ranked_by(plan: Plan, data: DataSet) -> Figure | None:
    """Return the first metric that has a better direction, by which pictures are ranked."""
    usable = (metric for metric in plan.metrics if plan.applies(metric, data) and metric.higher_is_better is not None)
    return next(usable, None)


def places(plan: Plan, values: Values, count: int = EACH) -> list[Place]:
    """Choose the best and the worst pictures of every method on every data set.

    Args:
        plan: What was measured.
        values: The measurements.
        count: How many best ones, and how many worst ones; less where there are not so many pictures.
    """
    found: list[Place] = []
    for data in plan.data:
        metric = ranked_by(plan, data)
        if metric is None:
            continue
        for method in plan.compared:
            pairs = zip(data.samples, values.of(data, method, metric), strict=True)
            there = [(value, sample) for sample, value in pairs if not math.isnan(value)]
            there.sort(key=lambda pair: pair[0], reverse=bool(metric.higher_is_better))
            best = there[: min(count, math.ceil(len(there) / 2))]
            worst = there[len(best) :][-count:]
            found += [Place(data.name, method, sample, metric, value, True) for value, sample in best]
            found += [Place(data.name, method, sample, metric, value, False) for value, sample in worst[::-1]]
    return found


def take(chosen: list[Place], jobs: int, stop: Callable[[], bool] = lambda: False) -> Iterator[tuple[Place, Shot]]:
    """Make the chosen pictures again, several at a time.

    Raises:
        PielightError: One cannot be made.
    """
    yield from each(shot, chosen, jobs, stop)


def shot(place: Place) -> Shot:
    """Make one picture again."""
    sample = place.sample
    reference = None if sample.reference is None else load(sample.reference)
    before = sample.pixels()
    if sample.conditions is not None and not np.array_equal(clean := sample.clean(), before):
        reference = clean
    return Shot(
        _small(before),
        _small(enhanced(place.method, place.data, sample)),
        None if reference is None else _small(reference),
    )


def _small(pixels: Pixels) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIZE, _SIZE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
