"""Batches: random crops of unpaired pictures with their regions, a function of seed and step alone."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Generator, Tensor

from pielight.core.atomic_file import open_atomic
from pielight.core.progress import track
from pielight.errors import DataError, PictureError
from pielight.io.load_rgb import Pixels
from pielight.training import processes
from pielight.training.data.pictures import Role, usable
from pielight.training.data.regions import Labels, segment
from pielight.training.schema import DataConfig


@dataclass(frozen=True)
class PictureSet:
    """Unpaired pictures in memory, each with its regions at half its size."""

    pictures: Sequence[Tensor]
    """uint8 ``(3, h, w)``."""
    labels: Sequence[Tensor]
    """int32 ``(h', w')``."""
    data: DataConfig

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.pictures)

    def batch(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw random crops, squashed to the square that the network sees, half of them mirrored.

        Returns:
            Pictures ``(N, 3, size, size)`` in [0, 1] and regions ``(N, loss_size, loss_size)``.
        """
        chosen = torch.randint(len(self.pictures), (count,), generator=generator).tolist()
        pictures, labels = zip(*(self._crop(index, generator) for index in chosen), strict=True)
        return torch.cat(pictures), torch.cat(labels)

    def _crop(self, index: int, generator: Generator) -> tuple[Tensor, Tensor]:
        draw = torch.rand(4, generator=generator).tolist()
        low, high = self.data.crop
        side = low + (high - low) * draw[0]
        picture = _part(self.pictures[index], side, draw[1], draw[2]).float()[None] / 255
        labels = _part(self.labels[index], side, draw[1], draw[2]).float()[None, None]
        picture = F.interpolate(picture, (self.data.size,) * 2, mode="bilinear", antialias=True).clamp(0, 1)
        labels = F.interpolate(labels, (self.data.loss_size,) * 2, mode="nearest")[:, 0].int()
        if draw[3] < 0.5:
            return picture.flip(-1), labels.flip(-1)
        return picture, labels


def load(
    folders: Sequence[str], role: Role, data: DataConfig, log: Callable[[str], None] = lambda _: None
) -> PictureSet:
    """Load every usable picture of the folders with its regions, which are computed once and kept on disk.

    Raises:
        DataError: if a folder is missing, or nothing in it can be used.
    """
    return picture_set(usable(folders, role, data, log), data, log)


def picture_set(
    pictures: Sequence[Pixels], data: DataConfig, log: Callable[[str], None] = lambda _: None
) -> PictureSet:
    """Return pictures in memory with their regions.

    Raises:
        DataError: if the cache of regions cannot be written.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        regions = processes.share(pictures, lambda pixels: cached_regions(pixels, data), run=pool.map)
        labels = [torch.from_numpy(item) for item in track(regions, len(pictures), "finding regions of pictures", log)]
    return PictureSet([torch.from_numpy(pixels.transpose(2, 0, 1).copy()) for pixels in pictures], labels, data)


def cached_regions(pixels: Pixels, data: DataConfig, compute: Callable[[Pixels, str], Labels] = segment) -> Labels:
    """Return the regions of a picture at half its size, from disk if this content was segmented before.

    The key is a SHA-256 of the pixels, their shape and the method; a damaged cache file is computed anew.

    Raises:
        DataError: if the cache cannot be written.
    """
    folder = Path(data.cache).expanduser() if data.cache else Path.home() / ".cache" / "pielight" / "regions"
    key = hashlib.sha256(pixels.tobytes() + repr((pixels.shape, data.regions, 1)).encode()).hexdigest()
    path = folder / key[:2] / f"{key}.npz"
    half = (max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2))
    stored = _stored(path)
    if stored is not None and stored.shape == half[::-1]:
        return stored
    labels = compute(np.asarray(Image.fromarray(pixels).resize(half, Image.Resampling.BOX)), data.regions)
    try:
        with open_atomic(path) as file:
            np.savez_compressed(file, labels=labels.astype(np.uint16 if labels.max() < 65536 else np.int32))
    except PictureError as error:
        raise DataError(f"{folder}: the region cache cannot be written ({error}); set data.cache") from None
    return labels


def _stored(path: Path) -> Labels | None:
    """Return the regions in a file of the cache; None if it is absent or damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            labels: Labels = stored["labels"].astype(np.int32)
            return labels
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return None


def _part(plane: Tensor, side: float, x: float, y: float) -> Tensor:
    """Cut a window of ``side`` times each dimension at the relative place (x, y)."""
    height, width = plane.shape[-2:]
    h, w = max(1, round(side * height)), max(1, round(side * width))
    top, left = round(y * (height - h)), round(x * (width - w))
    return plane[..., top : top + h, left : left + w]
