"""Examples: clean pictures with what is known of them, darkened by physics on the fly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError
from torch import Generator, Tensor

from pielight.errors import DataError
from pielight.joint.config import Dimming, Examples
from pielight.train.physics.exposure import to_linear, to_srgb
from pielight.train.physics.noise import quantise, sensor_noise
from pielight.train.physics.random import chance, uniform
from pielight.train.pictures import files, read_small

_WHOLE = 1 << 30  # no side is longer
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm")

Targets = Tensor | list[Tensor] | None
"""Labels ``(N, H, W)``, or of each picture its boxes ``(K, 4)`` as x, y, w, h in pixels; None if nothing is known."""


@dataclass(frozen=True)
class Batch:
    """Pictures ``(N, 3, H, W)`` in [0, 1], dark, as dark without noise, and clean, and what is known of them."""

    dark: Tensor
    noiseless: Tensor
    clean: Tensor
    targets: Targets


@dataclass(frozen=True)
class ExampleSet:
    """Examples in memory."""

    pictures: list[Tensor]
    """uint8 ``(3, h, w)``."""
    known: list[Tensor] | None
    """Of each its labels, uint8 ``(h, w)``, or its boxes ``(K, 4)``."""
    data: Examples
    ignore: int

    def batch(self, count: int, how: Dimming, generator: Generator) -> Batch:
        """Draw random crops, half of them mirrored, and darken them.

        Args:
            count: N.
            how: The intervals to draw from.
            generator: The source of all randomness.
        """
        chosen = torch.randint(len(self.pictures), (count,), generator=generator).tolist()
        crops = [self._crop(index, generator) for index in chosen]
        clean = torch.stack([picture for picture, _ in crops])
        known = [target for _, target in crops if target is not None]
        targets: Targets = known or None
        if known and self.data.labels:
            targets = torch.stack(known).long()
        return Batch(*dim(clean, how, generator), clean, targets)

    def _crop(self, index: int, generator: Generator) -> tuple[Tensor, Tensor | None]:
        draw = torch.rand(4, generator=generator).tolist()
        zoom = self.data.zoom[0] + (self.data.zoom[1] - self.data.zoom[0]) * draw[0]
        width, height = self.data.width, self.data.height
        w, h = max(1, round(width / zoom)), max(1, round(height / zoom))
        picture, known = self.pictures[index], self.known[index] if self.known is not None else None
        boxes = known if known is not None and not self.data.labels else None
        rows = None if boxes is None else (boxes[0, 1].item(), (boxes[0, 1] + boxes[0, 3]).item())
        columns = None if boxes is None else (boxes[0, 0].item(), (boxes[0, 0] + boxes[0, 2]).item())
        top, left = _place(picture.shape[1], h, draw[1], rows), _place(picture.shape[2], w, draw[2], columns)
        part = picture[:, top : top + h, left : left + w].float()[None] / 255
        missing = (0, w - part.shape[3], 0, h - part.shape[2])
        part = F.pad(part, missing, mode="replicate")
        part = F.interpolate(part, (height, width), mode="bilinear", antialias=True).clamp(0, 1)[0]
        target = None
        if boxes is not None:
            ratio = torch.tensor([width / w, height / h])
            target = torch.cat([(boxes[:, :2] - torch.tensor([left, top])) * ratio, boxes[:, 2:] * ratio], 1)
        elif known is not None:
            labels = F.pad(known[top : top + h, left : left + w], missing, value=self.ignore)
            target = F.interpolate(labels.float()[None, None], (height, width), mode="nearest-exact")[0, 0]
        if draw[3] < 0.5:
            part = part.flip(-1)
            if boxes is not None and target is not None:
                target = torch.cat([width - target[:, :1] - target[:, 2:3], target[:, 1:]], 1)
            elif target is not None:
                target = target.flip(-1)
        return part, target


def dim(pictures: Tensor, how: Dimming, generator: Generator) -> tuple[Tensor, Tensor]:
    """Darken clean pictures by a lower exposure alone.

    ``y = Q8(sRGB(2^EV lin(x) + n)), n ~ N(0, a 2^EV lin(x) + b)``: one EV for a picture, a and b the shot and the read
    noise, Q8 quantisation to 8 bits. The plain kin of :func:`pielight.train.physics.darkening.darken`, so that a task
    is learned under the exposures that it is measured under.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        how: The intervals to draw from.
        generator: The source of all randomness.

    Returns:
        Dark pictures ``(N, 3, H, W)`` in [0, 1], and the same without noise and quantisation; a share of
        ``how.untouched`` is as it was.

    >>> dark, _ = dim(torch.ones(1, 3, 32, 32), Dimming(stops=(-4, -4), untouched=0), Generator().manual_seed(0))
    >>> round(to_linear(dark).mean().item(), 2)
    0.06
    """
    shape = (len(pictures), 1, 1, 1)
    light = to_linear(pictures) * torch.exp2(uniform(shape, *how.stops, generator))
    dark = quantise(to_srgb(sensor_noise(light, how.shot, how.read, generator).clamp(0, 1)))
    untouched = chance(shape, how.untouched, generator)
    return torch.where(untouched, pictures, dark), torch.where(untouched, pictures, to_srgb(light))


def load_examples(data: Examples, classes: int, ignore: int) -> ExampleSet:
    """Read clean pictures with their labels or boxes.

    Raises:
        DataError: if a file is missing, damaged, of another size than its partner, or holds a label that is no class.
    """
    if not data.clean:
        raise DataError("no folder is given; set data.clean")
    boxes = _read_boxes(Path(data.boxes).expanduser()) if data.boxes else {}
    pictures, known = [], []
    for path in files([data.clean]):
        if path.suffix.lower() not in _PICTURES:
            continue
        try:
            pixels = read_small(path, _WHOLE)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        height, width = pixels.shape[:2]
        size = (max(1, round(width * data.scale)), max(1, round(height * data.scale)))
        shrunk = np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
        pictures.append(torch.from_numpy(shrunk.transpose(2, 0, 1).copy()))
        if data.labels:
            labels = _read_labels(Path(data.labels).expanduser() / f"{path.stem}.png", (width, height), classes, ignore)
            known.append(torch.from_numpy(np.array(labels.resize(size, Image.Resampling.NEAREST))))
        elif data.boxes:
            if path.name not in boxes:
                raise DataError(f"{data.boxes}: has no box for {path.name}")
            known.append(boxes[path.name] * data.scale)
    if not pictures:
        raise DataError(f"{data.clean}: holds no picture")
    return ExampleSet(pictures, known or None, data, ignore)


def _read_labels(path: Path, size: tuple[int, int], classes: int, ignore: int) -> Image.Image:
    try:
        with Image.open(path) as file:
            file.load()
            labels = file.copy()
    except FileNotFoundError:
        raise DataError(f"{path}: no such label picture") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: damaged label picture ({str(error)[:60]})") from None
    if labels.mode not in ("L", "P", "1"):
        raise DataError(f"{path}: has the mode {labels.mode}; labels are one 8-bit channel, grey or palette")
    if labels.size != size:
        raise DataError(f"{path}: is {labels.width} x {labels.height}, but its picture is {size[0]} x {size[1]}")
    values = np.unique(np.asarray(labels))
    wrong = [int(value) for value in values if value >= classes and value != ignore]
    if wrong:
        raise DataError(
            f"{path}: has the label {wrong[0]}; expected 0 to {classes - 1}, or {ignore} for what does not count"
        )
    return Image.fromarray(np.asarray(labels).astype(np.uint8))


def _read_boxes(path: Path) -> dict[str, Tensor]:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        boxes = {str(name): torch.tensor([[float(box[key]) for key in "xywh"] for box in some]).view(-1, 4)
                 for name, some in found.items()}  # fmt: skip
        if not all(len(some) and torch.isfinite(some).all() and (some[:, 2:] > 0).all() for some in boxes.values()):
            raise ValueError
        return boxes
    except FileNotFoundError:
        raise DataError(f"{path}: no such file of boxes") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            f'{path}: should map names to boxes in pixels, as in {{"a.jpg": [{{"x": 1, "y": 2, "w": 30, "h": 40}}]}}'
        ) from None


def _place(length: int, part: int, where: float, inside: tuple[float, float] | None) -> int:
    """Return where a part of a side begins, drawn by ``where`` in [0, 1) so that it holds an interval if it can."""
    low, high = 0, max(0, length - part)
    if inside is not None:
        first, last = max(low, min(high, int(inside[1]) + 1 - part)), max(low, min(high, int(inside[0])))
        low, high = min(first, last), max(first, last)
    return low + round(where * (high - low))
