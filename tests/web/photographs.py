"""Photographs to try the page with: those of scikit-image, in five lights."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NAMES = ("astronaut", "chelsea", "coffee", "rocket")


@functools.cache
def photographs() -> dict[str, NDArray[np.uint8]]:
    """Return the pixels of 20 photographs by name: as published, darker, noisy, once a JPEG, and against the light."""
    return dict(_photographs())


def _photographs() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    from skimage import data

    random = np.random.default_rng(0)
    for name in NAMES:
        published = getattr(data, name)()[:288, :392]
        light = (published / 255.0) ** 2.2
        yield f"{name}-published", published
        yield f"{name}-dark", _encoded(light * 2**-3.0)[:250, :301]  # too small for means over boxes
        grain = random.normal(size=light.shape) * np.sqrt(light / 16 * 2e-4 + 1e-7)
        yield f"{name}-noisy", _encoded(light / 16 + grain)
        yield f"{name}-jpeg", _compressed(_encoded(light * 2**-3.5))
        shade = np.linspace(0, -6, light.shape[1])[:, np.newaxis]
        yield f"{name}-backlit", _encoded(light * 2**shade)


def _encoded(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(light.clip(0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def _compressed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=70)
    return np.asarray(Image.open(file).convert("RGB"))


def coded(pixels: NDArray[np.uint8], kind: str = "PNG", **options: object) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def upload(name: str, content: bytes) -> dict[str, object]:
    """Return what Playwright takes for a file."""
    return {"name": name, "mimeType": f"image/{name.rsplit('.', 1)[1].replace('jpg', 'jpeg')}", "buffer": content}
