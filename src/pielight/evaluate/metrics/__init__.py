"""Every metric by its name: how near a reference, how natural, and what was harmed."""

from __future__ import annotations

from pielight.evaluate.metrics.clipping import CLIPPED
from pielight.evaluate.metrics.colour import CIEDE2000
from pielight.evaluate.metrics.fidelity import MAE, PSNR, UNCHANGED
from pielight.evaluate.metrics.flicker import FLICKER
from pielight.evaluate.metrics.halo import HALO
from pielight.evaluate.metrics.hue import SKIN_HUE, SKY_HUE
from pielight.evaluate.metrics.lightness_order import LOE
from pielight.evaluate.metrics.metric import Figure, Metric
from pielight.evaluate.metrics.neutral import NEUTRAL_SHIFT
from pielight.evaluate.metrics.niqe import NIQE, NIQE_OWN
from pielight.evaluate.metrics.noise import NOISE_GAIN
from pielight.evaluate.metrics.perceptual import LPIPS
from pielight.evaluate.metrics.piqe import PIQE
from pielight.evaluate.metrics.structure import MS_SSIM, MS_SSIM_RGB, SSIM, SSIM_GREY

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *(PSNR, SSIM, SSIM_GREY, MS_SSIM, MS_SSIM_RGB, MAE, CIEDE2000, LPIPS),
        *(NIQE, NIQE_OWN, PIQE, LOE),
        *(CLIPPED, NOISE_GAIN, NEUTRAL_SHIFT, SKIN_HUE, SKY_HUE, HALO, UNCHANGED, FLICKER),
    )
}

__all__ = ["METRICS", "Figure", "Metric"]
