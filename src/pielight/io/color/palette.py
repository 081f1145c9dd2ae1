"""Pictures with a palette: indices and entries, of which only the entries are enhanced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.strips import look_up, strips

_SIZE = 256


class EntryMeans:
    """The new entries of a palette: the means of the processed pixels that show them."""

    def __init__(self, size: int = _SIZE) -> None:
        self.counts = np.zeros(size, np.int64)
        self.sums = np.zeros((size, 3))

    def add(self, indices: NDArray[Any], pixels: NDArray[Any]) -> None:
        """Add processed pixels.

        Args:
            indices: Of the entry that each pixel shows, (H, W).
            pixels: uint8 of shape (H, W, 3).
        """
        for strip in strips(indices.shape):
            flat = indices[strip].ravel()
            self.counts += np.bincount(flat, minlength=len(self.counts))
            for channel in range(3):
                self.sums[:, channel] += np.bincount(flat, pixels[strip][..., channel].ravel(), len(self.sums))

    def entries(self, before: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the entries, (N, 3 or 4), with new colors; unused entries, and opacity, stay."""
        entries = before.copy()
        used = np.flatnonzero(self.counts[: len(entries)])
        entries[used, :3] = np.rint(self.sums[used] / self.counts[used, np.newaxis])
        return entries


@dataclass(frozen=True)
class Palette:
    """Indices and palette of a picture of mode P."""

    indices: NDArray[np.uint8]  # of the entry that each pixel shows, uint8 of shape (H, W)
    entries: NDArray[np.uint8]  # red, green, blue and opacity of each entry, uint8 of shape (N, 4)
    rawmode: str = "RGB"  # whether the palette itself holds opacity: RGB or RGBA
    # index of the transparent entry, or opacity of each, as Pillow keeps it
    transparency: int | bytes | None = None

    @classmethod
    def of(cls, image: Image.Image) -> Palette:
        """Return indices and palette of a loaded image of mode P."""
        indices = np.empty((image.height, image.width), np.uint8)
        for strip in strips(indices.shape):
            indices[strip] = np.asarray(image.crop((0, strip.start, image.width, strip.stop)))
        entries = np.array(image.getpalette("RGBA") or [], np.uint8).reshape(-1, 4)
        rawmode = "RGBA" if image.palette is not None and image.palette.mode == "RGBA" else "RGB"
        clear = image.info.get("transparency")
        return cls(indices, entries, rawmode, clear if isinstance(clear, (int, bytes)) else None)

    def colors(self) -> NDArray[np.uint8]:
        """Return each pixel's color, (H, W, 3).

        >>> Palette(np.array([[1]], np.uint8), np.array([[0, 0, 0, 255], [7, 8, 9, 255]], np.uint8)).colors().tolist()
        [[[7, 8, 9]]]
        """
        return look_up(self._padded()[:, :3], self.indices)

    def opacity(self) -> NDArray[np.uint8] | None:
        """Return each pixel's opacity, (H, W), or None where all are opaque."""
        opacity = self._padded()[:, 3].copy()
        if isinstance(self.transparency, bytes):
            opacity[: len(self.transparency)] = np.frombuffer(self.transparency, np.uint8)[:_SIZE]
        elif self.transparency is not None and 0 <= self.transparency < _SIZE:
            opacity[self.transparency] = 0
        return None if opacity.min() == 255 else look_up(opacity, self.indices)

    def image(self, pixels: NDArray[Any]) -> Image.Image:
        """Return an image whose entries are the means of the pixels that show them; unused ones stay.

        Args:
            pixels: uint8 of shape (H, W, 3).
        """
        means = EntryMeans()
        means.add(self.indices, pixels)
        entries = means.entries(self.entries)
        height, width = self.indices.shape
        image = Image.frombuffer("P", (width, height), np.ascontiguousarray(self.indices), "raw", "P", 0, 1)
        image.putpalette(np.ascontiguousarray(entries[:, : len(self.rawmode)]).tobytes(), self.rawmode)
        if self.transparency is not None:
            image.info["transparency"] = self.transparency
        return image

    def _padded(self) -> NDArray[np.uint8]:
        """Return 256 entries; those that the file lacks are black."""
        padded = np.zeros((_SIZE, 4), np.uint8)
        padded[:, 3] = 255
        padded[: len(self.entries)] = self.entries
        return padded
