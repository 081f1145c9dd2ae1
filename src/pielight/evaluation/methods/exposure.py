"""One exposure for the whole picture, in closed form: what a network must beat."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import convolve
from skimage.restoration import denoise_nl_means

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.evaluation.methods.spec import Enhance, MethodKind, Spec
from pielight.evaluation.metric_spec import Floats, Pixels
from pielight.ops.exposure import BRIGHTNESS, canonical_exposure, exposure_curve
from pielight.ops.thumbnail import thumbnail

_USAGE = "exposure[:brightness=B,denoise=nlm]"
_SIDE = 64
_LINEAR = srgb_to_linear(np.arange(256) / 255)  # of the 8-bit levels
_LAPLACIANS = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
_PATCH, _DISTANCE, _FILTER = 5, 6, 0.8  # of non-local means; the filter in standard deviations of the noise


def exposure(pixels: Pixels, brightness: float = BRIGHTNESS) -> Pixels:
    """Brighten a picture by the one exposure that brings its sRGB mean to a brightness; a brighter one stays.

    ``E_k(l) = k l / (1 + (k - 1) l)`` in linear light l, k >= 1 by bisection on a thumbnail of 64 x 64 pixels; see
    :func:`pielight.ops.exposure.exposure_curve`.

    >>> exposure(np.full((8, 8, 3), 40, np.uint8))[0, 0].tolist()
    [107, 107, 107]
    """
    ev = max(0.0, canonical_exposure(thumbnail(pixels, _SIDE, threads=1), brightness))
    levels = np.rint(255 * linear_to_srgb(exposure_curve(_LINEAR, ev))).astype(np.uint8)
    return levels[pixels]  # type: ignore[no-any-return]


def non_local_means(pixels: Pixels) -> Pixels:
    """Smooth noise by non-local means (Buades, Coll and Morel, CVPR 2005): patches of 5 x 5 within 13 x 13 pixels.

    The filter is 0.8 times the noise's standard deviation, see :func:`noise`.

    >>> non_local_means(np.full((16, 16, 3), 70, np.uint8))[4, 4].tolist()
    [70, 70, 70]
    """
    light = pixels / 255.0
    sigma = noise(light)
    smooth = denoise_nl_means(
        light, _PATCH, _DISTANCE, _FILTER * sigma, fast_mode=True, sigma=sigma, channel_axis=2
    ) if sigma > 0 else light  # fmt: skip
    result: Pixels = np.rint(255 * smooth.clip(0, 1)).astype(np.uint8)
    return result


def noise(light: Floats) -> float:
    """Return the standard deviation of the noise of a picture ``(H, W, 3)``, assumed white.

    ``sqrt(pi / 2) mean |I * N| / 6`` with N the difference of two Laplacians (Immerkaer, CVIU 1996), over channels.

    >>> 0.009 < noise(0.5 + 0.01 * np.random.default_rng(0).standard_normal((64, 64, 3))) < 0.011
    True
    """
    response = convolve(light, _LAPLACIANS[..., np.newaxis], mode="nearest")
    return float(np.sqrt(np.pi / 2) * np.abs(response).mean() / 6)


def _enhancer(spec: Spec) -> Enhance:
    given = spec.settings(spec.parts(), ("brightness", "denoise"), _USAGE)
    brightness = spec.number("brightness", given.get("brightness", str(BRIGHTNESS)))
    if not 0 < brightness < 1:
        raise spec.error("brightness must be above 0 and below 1; 0.42 is the default")
    if given.get("denoise", "nlm") != "nlm":
        raise spec.error("denoise is nlm, for non-local means; leave it out for none")
    if "denoise" in given:
        return lambda pixels: non_local_means(exposure(pixels, brightness))
    return lambda pixels: exposure(pixels, brightness)


EXPOSURE = MethodKind(_USAGE, _enhancer, "optional")
