"""Classic algorithms: gamma, histogram equalization, the dark channel prior (haze), and filters that smooth rain."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter, minimum_filter, uniform_filter
from skimage.color.adapt_rgb import adapt_rgb, hsv_value
from skimage.exposure import adjust_gamma, equalize_adapthist, equalize_hist

from pielight.evaluation.methods.spec import Enhance, MethodKind, Spec, without_settings
from pielight.evaluation.metric_spec import Floats
from pielight.io.load_rgb import Pixels

DISPLAY_GAMMA = 1 / 2.2
PATCH, KEPT, LEAST = 15, 0.95, 0.1  # of the dark channel prior, as its authors set them
_RADIUS, _SMOOTH = 40, 1e-3  # of the guided filter that replaces their matting


def gamma(pixels: Pixels, exponent: float = DISPLAY_GAMMA) -> Pixels:
    """Raise every channel to a power, ``x^g``; below 1 brightens.

    >>> gamma(np.full((1, 1, 3), 64, np.uint8), 0.5)[0, 0].tolist()
    [128, 128, 128]
    """
    return np.asarray(adjust_gamma(pixels, exponent))


def clahe(pixels: Pixels) -> Pixels:
    """Equalize the HSV value tile by tile, with limited contrast (CLAHE; Zuiderveld, 1994; scikit-image's settings).

    >>> clahe(np.arange(3072, dtype=np.uint16).reshape(32, 32, 3).astype(np.uint8)).dtype
    dtype('uint8')
    """
    return _eight_bits(equalize_adapthist(pixels))


def equalize(pixels: Pixels) -> Pixels:
    """Equalize the histogram of the HSV value.

    >>> int(equalize(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).max())
    255
    """
    return _eight_bits(adapt_rgb(hsv_value)(equalize_hist)(pixels))


def median(pixels: Pixels) -> Pixels:
    """Take the median of 5 x 5 pixels in every channel, which thin streaks of rain do not reach.

    >>> int(median(np.eye(8, dtype=np.uint8)[..., None].repeat(3, 2) * 255).max())
    0
    """
    result: Pixels = median_filter(pixels, size=(5, 5, 1), mode="nearest")
    return result


def guided(pixels: Pixels) -> Pixels:
    """Smooth every channel by the guided filter with itself as the guide, radius 4, eps 0.01.

    >>> guided(np.full((9, 9, 3), 70, np.uint8))[4, 4].tolist()
    [70, 70, 70]
    """
    light = pixels / 255.0
    return _eight_bits(np.stack([guided_filter(plane, plane, 4, 0.01) for plane in np.moveaxis(light, 2, 0)], axis=2))


def guided_filter(guide: Floats, values: Floats, radius: int, smooth: float) -> Floats:
    """Smooth values p, but for the edges of a guide g, of which they are a linear function in each window.

    ``q = mean(a) g + mean(b)``, ``a = cov(g, p) / (var(g) + eps)``, ``b = mean(p) - a mean(g)`` (eq. 5, 6 and 8 of He,
    Sun and Tang, PAMI 2013), both ``(H, W)``; a window has 2 radius + 1 pixels a side. Edges of less variance than
    ``smooth``, eps, are smoothed away.

    >>> flat = np.full((8, 8), 0.3)
    >>> bool(np.allclose(guided_filter(flat, flat, 2, 1e-3), 0.3))
    True
    """

    def mean(plane: Floats) -> Floats:
        means: Floats = uniform_filter(plane, 2 * radius + 1, mode="nearest")
        return means

    of_guide, of_values = mean(guide), mean(values)
    slope = (mean(guide * values) - of_guide * of_values) / (mean(guide * guide) - of_guide**2 + smooth)
    return mean(slope) * guide + mean(of_values - slope * of_guide)


def dark_channel_prior(pixels: Pixels) -> Pixels:
    """Remove haze by the dark channel prior: some channel is dark in most patches without haze.

    ``J = (I - A) / max(t, 0.1) + A`` with ``t = 1 - 0.95 dark(I / A)`` (He, Sun and Tang, CVPR 2009 and PAMI 2011); t
    is refined by the guided filter (PAMI 2013), as its authors do later.

    >>> dark_channel_prior(np.full((32, 32, 3), 128, np.uint8)).shape
    (32, 32, 3)
    """
    light = pixels / 255.0
    air = airlight(light)
    passed = 1 - KEPT * dark_channel(light / air)
    passed = guided_filter(light.mean(axis=2), passed, _RADIUS, _SMOOTH)
    clear = (light - air) / np.maximum(passed, LEAST)[..., np.newaxis] + air
    return _eight_bits(clear)


def dark_channel(light: Floats) -> Floats:
    """Return the least channel within 15 x 15 pixels (eq. 5)."""
    result: Floats = minimum_filter(light.min(axis=2), size=PATCH, mode="nearest")
    return result


def airlight(light: Floats) -> Floats:
    """Return the brightest of the 0.1 % of pixels with the brightest dark channel (section 4.3), ``(3,)``."""
    dark = dark_channel(light).ravel()
    count = max(1, dark.size // 1000)
    haziest = light.reshape(-1, 3)[np.argpartition(dark, -count)[-count:]]
    brightest: Floats = np.maximum(haziest[haziest.sum(axis=1).argmax()], 1 / 255)
    return brightest


def _eight_bits(values: Floats) -> Pixels:
    result: Pixels = np.rint(255 * values.clip(0, 1)).astype(np.uint8)
    return result


def _gamma(spec: Spec) -> Enhance:
    exponent = spec.number("exponent", spec.argument) if spec.argument else DISPLAY_GAMMA
    if not 0 < exponent < 100:
        raise spec.error("the exponent must be above 0; 0.45 brightens")
    return lambda pixels: gamma(pixels, exponent)


IDENTITY = without_settings("identity", lambda pixels: pixels)
GAMMA = MethodKind("gamma[:EXPONENT]", _gamma, "optional")
CLAHE = without_settings("clahe", clahe)
EQUALIZE = without_settings("equalize", equalize)
MEDIAN = without_settings("median", median)
DCP = without_settings("dcp", dark_channel_prior)
GUIDED = without_settings("guided", guided)
