"""Metrics by name: how near a reference, how natural, and what degraded.

A new metric is one file with its :class:`~pielight.evaluation.metric_spec.PictureMetric`, and one line here. Its
function takes ``pixels``, ``(H, W, 3)`` uint8 in sRGB, and as far as needed ``reference``, what the result should be,
and ``source``, the dark input, both of the same shape.
"""

from __future__ import annotations

import warnings

from pielight.core.extras import require

require("evaluate")  # before an import fails

from pielight.evaluation.metric_spec import PictureMetric
from pielight.evaluation.metrics.brightness import BRIGHTNESS_ERROR, BRIGHTNESS_SPREAD, DARK30
from pielight.evaluation.metrics.color import CIEDE2000, NEUTRAL_SHIFT, SKIN_HUE, SKY_HUE
from pielight.evaluation.metrics.fidelity import MAE, PSNR, UNCHANGED
from pielight.evaluation.metrics.flicker import FLICKER
from pielight.evaluation.metrics.halo import HALO
from pielight.evaluation.metrics.lightness import CLIPPED, LOE, NEAR_WHITE
from pielight.evaluation.metrics.niqe import NIQE, NIQE2, NIQE_OWN
from pielight.evaluation.metrics.noise import NOISE_GAIN
from pielight.evaluation.metrics.perceptual import LPIPS
from pielight.evaluation.metrics.piqe import PIQE
from pielight.evaluation.metrics.structure import MS_SSIM, MS_SSIM_RGB, SSIM, SSIM_GRAY
from pielight.evaluation.metrics.temporal_noise import TEMPORAL_NOISE

RENAMED = {"ssim-grey": "ssim-gray"}
"""Names of earlier releases, which keep working with a warning."""


class _Metrics(dict[str, PictureMetric]):
    """Metrics by name; one of :data:`RENAMED` is looked up with a warning."""

    def __missing__(self, name: str) -> PictureMetric:
        if name not in RENAMED:
            raise KeyError(name)
        warnings.warn(f"the metric {name} is now called {RENAMED[name]}", DeprecationWarning, stacklevel=2)
        return self[RENAMED[name]]


METRICS: dict[str, PictureMetric] = _Metrics(
    {
        metric.name: metric
        for metric in (
            *(PSNR, SSIM, SSIM_GRAY, MS_SSIM, MS_SSIM_RGB, MAE, CIEDE2000, LPIPS, BRIGHTNESS_ERROR, BRIGHTNESS_SPREAD),
            *(NIQE, NIQE2, NIQE_OWN, PIQE, LOE),
            *(DARK30, CLIPPED, NEAR_WHITE, NOISE_GAIN, NEUTRAL_SHIFT, SKIN_HUE, SKY_HUE, HALO, UNCHANGED),
            *(FLICKER, TEMPORAL_NOISE),
        )
    }
)
