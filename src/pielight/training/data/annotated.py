"""Examples: clean pictures with what is known of them, darkened by physics on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Generator, Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.errors import DataError
from pielight.evaluation.downstream.annotations import check_inside, read_boxes, read_labels
from pielight.evaluation.downstream.segmentation import check_labels
from pielight.io.formats import is_picture_name
from pielight.training.data.pictures import files, read_small
from pielight.training.degradations.noise import chance, quantize, sensor_noise, uniform
from pielight.training.schema import DimmingConfig, ExamplesConfig

_WHOLE = 1 << 30  # no side is longer

Targets = Tensor | list[Tensor] | None
"""Labels ``(N, H, W)``, or of each picture its boxes ``(K, 4)`` as x, y, w, h in pixels; None if nothing is known."""


@dataclass(frozen=True)
class Batch:
    """Pictures ``(N, 3, H, W)`` in [0, 1], dark, as dark without noise, and clean, and what is known of them."""

    dark: Tensor
    noiseless: Tensor
    clean: Tensor
    targets: Targets

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        targets = self.targets
        if targets is not None:
            targets = targets.to(device) if isinstance(targets, Tensor) else [boxes.to(device) for boxes in targets]
        return Batch(self.dark.to(device), self.noiseless.to(device), self.clean.to(device), targets)


def joined(batches: Sequence[Batch]) -> Batch:
    """Return several batches as one."""
    dark, noiseless, clean = (
        torch.cat([getattr(batch, name) for batch in batches]) for name in ("dark", "noiseless", "clean")
    )
    known = [batch.targets for batch in batches if batch.targets is not None]
    labels = [one for one in known if isinstance(one, Tensor)]
    boxes = [one for some in known if not isinstance(some, Tensor) for one in some]
    return Batch(dark, noiseless, clean, torch.cat(labels) if labels else boxes or None)


@dataclass(frozen=True)
class ExampleSet:
    """Examples in memory."""

    pictures: list[Tensor]
    """uint8 ``(3, h, w)``."""
    known: list[Tensor] | None
    """Of each its labels, uint8 ``(h, w)``, or its boxes ``(K, 4)``."""
    data: ExamplesConfig
    ignore: int
    left: int = 0
    """How many pictures were left out, since the file of boxes does not name them."""

    def batch(self, count: int, config: DimmingConfig, generator: Generator) -> Batch:
        """Draw random crops, half of them mirrored, and darken them.

        A crop holds one of its picture's boxes, drawn at random, if it can; boxes whose middle is outside are left out.
        """
        chosen = torch.randint(len(self.pictures), (count,), generator=generator).tolist()
        crops = [self._crop(index, generator) for index in chosen]
        clean = torch.stack([picture for picture, _ in crops])
        known = [target for _, target in crops if target is not None]
        targets: Targets = known or None
        if known and self.data.labels:
            targets = torch.stack(known).long()
        return Batch(*dim(clean, config, generator), clean, targets)

    def _crop(self, index: int, generator: Generator) -> tuple[Tensor, Tensor | None]:
        draw = torch.rand(4, generator=generator).tolist()
        zoom = self.data.zoom[0] + (self.data.zoom[1] - self.data.zoom[0]) * draw[0]
        width, height = self.data.width, self.data.height
        w, h = max(1, round(width / zoom)), max(1, round(height / zoom))
        picture, known = self.pictures[index], self.known[index] if self.known is not None else None
        boxes = known if known is not None and not self.data.labels else None
        rows = columns = None
        if boxes is not None and len(boxes):
            x, y, across, down = boxes[int(2 * draw[3] % 1 * len(boxes))].tolist()  # what mirroring leaves of the draw
            rows, columns = (y, y + down), (x, x + across)
        top, left = _place(picture.shape[1], h, draw[1], rows), _place(picture.shape[2], w, draw[2], columns)
        part = picture[:, top : top + h, left : left + w].float()[None] / 255
        missing = (0, w - part.shape[3], 0, h - part.shape[2])
        part = F.pad(part, missing, mode="replicate")
        part = F.interpolate(part, (height, width), mode="bilinear", antialias=True).clamp(0, 1)[0]
        target = None
        if boxes is not None:
            ratio = torch.tensor([width / w, height / h])
            target = torch.cat([(boxes[:, :2] - torch.tensor([left, top])) * ratio, boxes[:, 2:] * ratio], 1)
            middle = target[:, :2] + target[:, 2:] / 2
            target = target[((middle > 0) & (middle < torch.tensor([width, height]))).all(1)]
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


def dim(pictures: Tensor, config: DimmingConfig, generator: Generator) -> tuple[Tensor, Tensor]:
    """Darken clean pictures by a lower exposure alone.

    ``y = Q8(sRGB(2^EV lin(x) + n)), n ~ N(0, a 2^EV lin(x) + b)``: one EV for a picture, a and b the shot and the read
    noise, Q8 quantization to 8 bits. The plain kin of
    :func:`pielight.training.degradations.raw_darkening.darken_raw`, so that a task is learned under the exposures that
    it is measured under.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].

    Returns:
        Dark pictures ``(N, 3, H, W)`` in [0, 1], and the same without noise and quantization; a share of
        ``config.untouched`` is as it was.

    >>> dark, _ = dim(torch.ones(1, 3, 32, 32), DimmingConfig(stops=(-4, -4), untouched=0), Generator().manual_seed(0))
    >>> round(srgb_to_linear(dark).mean().item(), 2)
    0.06
    """
    shape = (len(pictures), 1, 1, 1)
    light = srgb_to_linear(pictures) * torch.exp2(uniform(shape, *config.stops, generator))
    dark = quantize(linear_to_srgb(sensor_noise(light, config.shot_noise, config.read_noise, generator).clamp(0, 1)))
    untouched = chance(shape, config.untouched, generator)
    return torch.where(untouched, pictures, dark), torch.where(untouched, pictures, linear_to_srgb(light))


def load_examples(data: ExamplesConfig, classes: int, ignore: int) -> ExampleSet:
    """Read clean pictures with their labels or boxes.

    Raises:
        DataError: if a file is missing, damaged, of another size than its partner, or holds a label that is no class,
            or a box lies outside its picture.
        PictureError: if a picture of labels cannot be read.
    """
    if not data.clean:
        raise DataError("no folder is given; set data.clean")
    file = Path(data.boxes).expanduser()
    boxes = read_boxes(file) if data.boxes else {}
    paths = [path for path in files([data.clean]) if is_picture_name(path)]
    lonely = [path for path in paths if data.labels and not _labels_of(path, data).is_file()]
    if lonely:
        raise DataError(
            f"{_labels_of(lonely[0], data)}: no such file; {len(lonely)} of {len(paths)} pictures lack labels"
        )
    pictures, known, left = [], [], 0
    for path in paths:
        if data.boxes and path.name not in boxes:
            left += 1
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
            labels = _labels(_labels_of(path, data), (width, height), classes, ignore)
            known.append(torch.from_numpy(np.array(labels.resize(size, Image.Resampling.NEAREST))))
        elif data.boxes:
            check_inside(file, path.name, boxes[path.name], (width, height))
            known.append(torch.tensor(boxes[path.name]).view(-1, 4) * data.scale)
    if not pictures:
        raise DataError(f"{data.clean}: holds no picture" + (f" that {data.boxes} names" if left else ""))
    if data.boxes and not any(len(some) for some in known):
        raise DataError(f"{data.boxes}: no box in it")
    return ExampleSet(pictures, known or None, data, ignore, left)


def _labels_of(path: Path, data: ExamplesConfig) -> Path:
    return Path(data.labels).expanduser() / f"{path.stem}.png"


def _labels(path: Path, size: tuple[int, int], classes: int, ignore: int) -> Image.Image:
    """Read the labels of a picture of a size."""
    labels = read_labels(path)
    height, width = labels.shape
    if (width, height) != size:
        raise DataError(f"{path}: is {width} x {height}, but its picture is {size[0]} x {size[1]}")
    try:
        check_labels(labels, classes, ignore)
    except DataError as error:
        raise DataError(f"{path}: {error}; set downstream.classes or downstream.ignore_index") from None
    return Image.fromarray(labels)


def _place(length: int, part: int, where: float, inside: tuple[float, float] | None) -> int:
    """Return where a part of a side begins, drawn by ``where`` in [0, 1) so that it holds an interval if it can."""
    low, high = 0, max(0, length - part)
    if inside is not None:
        first, last = max(low, min(high, int(inside[1]) + 1 - part)), max(low, min(high, int(inside[0])))
        low, high = min(first, last), max(first, last)
    return low + round(where * (high - low))
