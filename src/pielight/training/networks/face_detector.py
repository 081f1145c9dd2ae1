"""Face detection by YuNet, as a torch module, and what it learns from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.errors import ModelError
from pielight.inference.onnx_module import OnnxModule

STRIDES = (8, 16, 32)
_NAMES = [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox") for stride in STRIDES]
_POSITIVES = 8  # anchors that a labeled face teaches, about as many as YuNet's own training assigns
_UNSURE = 0.2  # scores on the clean picture below it count as no face
_TINY = 1e-6


class FaceDetector(nn.Module):
    """YuNet (Wu et al., Machine Intelligence Research 2023) on pictures ``(N, 3, H, W)``, RGB in [0, 1].

    The graph wants BGR in 0..255, padded to multiples of 32. Its outputs go by name: of each stride s in 8, 16, 32
    ``cls_s`` and ``obj_s`` ``(N, A, 1)`` in [0, 1] and ``bbox_s`` ``(N, A, 4)``.

    Raises:
        ModelError: if it is missing or another network.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__()
        self.graph = OnnxModule(path)
        missing = [name for name in _NAMES if name not in self.graph.outputs]
        if missing:
            raise ModelError(f"{path}: not YuNet; it has no output {missing[0]}")

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return the outputs of the graph by name."""
        height, width = pictures.shape[-2:]
        padded = F.pad(pictures, (0, -width % STRIDES[-1], 0, -height % STRIDES[-1]))
        outputs: dict[str, Tensor] = self.graph(255 * padded.flip(1))
        return outputs


class Anchors(NamedTuple):
    """What a detector says at each of its A anchors."""

    cls: Tensor
    """``(N, A)`` in [0, 1]."""
    obj: Tensor
    """``(N, A)`` in [0, 1]; the score of a face is ``sqrt(cls * obj)``."""
    raw: Tensor
    """Boxes as the graph returns them, ``(N, A, 4)``."""
    boxes: Tensor
    """Left, top, right, bottom in pixels, ``(N, A, 4)``."""
    centers: Tensor
    """Of the anchors' cells in pixels, ``(A, 2)``."""

    @property
    def score(self) -> Tensor:
        """Return ``(N, A)`` in [0, 1]."""
        return (self.cls * self.obj).clamp_min(1e-12).sqrt()


def anchors(outputs: dict[str, Tensor], size: tuple[int, int]) -> Anchors:
    """Lay a detector's outputs side by side: ``center = (cell + d) s``, ``size = exp(d) s``.

    Args:
        outputs: Of :class:`FaceDetector`.
        size: Height and width of the pictures.
    """
    cells = []
    for stride in STRIDES:
        rows, columns = (-(-side // STRIDES[-1]) * STRIDES[-1] // stride for side in size)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        cells.append(torch.stack([x, y, torch.ones_like(x)], -1).view(-1, 3) * stride)
    grid = torch.cat(cells).to(outputs["bbox_8"])
    cls, obj, raw = (torch.cat([outputs[f"{kind}_{s}"] for s in STRIDES], 1) for kind in ("cls", "obj", "bbox"))
    corner, stride_ = grid[:, :2], grid[:, 2:]
    middle, half = corner + raw[..., :2] * stride_, raw[..., 2:].clamp_max(8).exp() * stride_ / 2
    return Anchors(cls[..., 0], obj[..., 0], raw, torch.cat([middle - half, middle + half], -1), corner + stride_ / 2)


def face_loss(enhanced: Anchors, clean: Anchors, boxes: list[Tensor]) -> Tensor:
    """Pull the labeled faces up and keep what is no face down.

    Of the anchors in the middle of a labeled box the eight count whose boxes on the clean picture fit it best and are
    surest, in proportion (after SimOTA, Ge et al., 2021): ``-log cls - log obj + 1 - IoU``. Other people may be
    unlabeled, so an anchor counts as no face only if it lies outside the box and the detector as it was at first
    scores it low on the clean picture, too: ``-p^2 log(1 - p)`` with the score p (Lin et al., ICCV 2017).

    Args:
        enhanced: On the enhanced pictures.
        clean: Of the first detector on the clean pictures.
        boxes: Of each picture ``(K, 4)``, x, y, w, h.
    """
    terms = []
    for i, labeled in enumerate(boxes):
        score = enhanced.score[i].clamp_max(1 - _TINY)
        background = clean.score[i] < _UNSURE
        for x, y, w, h in labeled.tolist():
            face = enhanced.boxes.new_tensor([x, y, x + w, y + h])
            offset = (enhanced.centers - (face[:2] + face[2:]) / 2).abs() / (face[2:] - face[:2])
            distance = offset.amax(1)  # half a box reaches to its edge
            background = background & (distance > 0.75)
            fit = iou(clean.boxes[i], face) * (clean.score[i] + 0.05) - 10 * (distance - 0.25).clamp_min(0)
            fits, best = fit.topk(min(_POSITIVES, len(fit)))
            share = fits.clamp_min(_TINY) / fits.clamp_min(_TINY).sum()
            sure = -(enhanced.cls[i, best] + _TINY).log() - (enhanced.obj[i, best] + _TINY).log()
            terms.append((share * (sure + 1 - iou(enhanced.boxes[i, best], face))).sum())
        terms.append((-score.square() * (1 - score).log() * background).sum())
    return torch.stack(terms).sum() / len(boxes)


def face_distillation(enhanced: Anchors, clean: Anchors) -> Tensor:
    """Return how far a detector's outputs on enhanced pictures are from those on the clean ones.

    Over all anchors the divergence of Bernoulli distributions, ``KL(q || p)`` of cls and of obj, and where the clean
    score is high the smooth L1 distance of the boxes; divided by the sum of the clean scores, so that pictures of many
    faces weigh no more.
    """
    weight = clean.score * (clean.score > _UNSURE)
    faces = weight.sum(1) + 1
    # A share of the weight is everywhere, so that nothing new appears; the rest is where faces are.
    apart = [
        ((weight + 0.1) * _divergence(q, p)).sum(1) / faces
        for p, q in ((enhanced.cls, clean.cls), (enhanced.obj, clean.obj))
    ]
    moved = F.smooth_l1_loss(enhanced.raw, clean.raw, reduction="none", beta=0.1).mean(2)
    return (apart[0] + apart[1] + (weight * moved).sum(1) / faces).mean()


def iou(boxes: Tensor, box: Tensor) -> Tensor:
    """Return the intersection over union of boxes ``(A, 4)`` with one ``(4,)``, corners in pixels.

    >>> iou(torch.tensor([[0.0, 0.0, 2.0, 2.0]]), torch.tensor([1.0, 0.0, 3.0, 2.0])).round(decimals=4)
    tensor([0.3333])
    """
    low, high = torch.maximum(boxes[:, :2], box[:2]), torch.minimum(boxes[:, 2:], box[2:])
    common = (high - low).clamp_min(0).prod(1)
    either = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (box[2:] - box[:2]).prod() - common
    return common / either


def _divergence(q: Tensor, p: Tensor) -> Tensor:
    q, p = q.clamp(_TINY, 1 - _TINY), p * (1 - 2 * _TINY) + _TINY  # no gradient is cut off
    return q * (q / p).log() + (1 - q) * ((1 - q) / (1 - p)).log()
