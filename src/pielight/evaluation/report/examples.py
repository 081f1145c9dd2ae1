"""The best and the worst pictures of each method, before and after, small enough for a page."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pielight.evaluation.datasets.dataset import Sample
from pielight.evaluation.datasets.film import load_frame
from pielight.evaluation.methods.method import Method, source
from pielight.evaluation.metric_spec import MetricSpec
from pielight.evaluation.plan import Plan
from pielight.evaluation.report.summary import Values
from pielight.io.load_rgb import Pixels

EACH = 2  # best ones, and as many worst ones
_SIZE, _QUALITY = 360, 82


@dataclass(frozen=True)
class Example:
    """A picture that is shown, one of the best or of the worst by the value of a metric."""

    dataset: str
    method: Method
    sample: Sample
    metric: MetricSpec
    value: float
    is_best: bool


Thumbnails = dict[str, bytes]
"""JPEG files of a picture: ``before``, ``after``, and ``reference`` if there is one."""


def choose_examples(plan: Plan, values: Values, count: int = EACH) -> list[Example]:
    """Choose the best and the worst pictures of every method on every dataset, by the first metric with a direction.

    ``count`` is how many best ones, and how many worst ones; fewer where there are not so many pictures.
    """
    examples: list[Example] = []
    for dataset in plan.datasets:
        directed = (metric for metric in plan.metrics_of(dataset) if metric.higher_is_better is not None)
        metric = next(directed, None)
        if metric is None:
            continue
        for method in plan.compared:
            pairs = zip(dataset.samples, values.of(dataset, method, metric), strict=True)
            ranked = [(value, sample) for sample, value in pairs if not math.isnan(value)]
            ranked.sort(key=lambda pair: pair[0], reverse=bool(metric.higher_is_better))
            best = ranked[: min(count, math.ceil(len(ranked) / 2))]
            worst = ranked[len(best) :][-count:][::-1]
            for is_best, chosen in ((True, best), (False, worst)):
                examples += [Example(dataset.name, method, sample, metric, value, is_best) for value, sample in chosen]
    return examples


def thumbnails(example: Example) -> Thumbnails:
    """Make the thumbnails of one example; a darkened picture has the clean one as its reference."""
    sample = example.sample
    reference = None if sample.reference is None else load_frame(sample.reference, sample.frame)
    before = source(sample)
    if sample.degradation is not None and not np.array_equal(clean := sample.clean(), before):
        reference = clean
    after = example.method.enhanced(example.dataset, sample)
    pictures = {"before": before, "after": after, "reference": reference}
    return {role: _jpeg(pixels) for role, pixels in pictures.items() if pixels is not None}


def _jpeg(pixels: Pixels) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((_SIZE, _SIZE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
