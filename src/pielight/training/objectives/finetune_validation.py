"""The watchdog of fine-tuning: what a network does to held-out pictures, and whether that is sound."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import luma
from pielight.training.data.batches import PictureSet
from pielight.training.degradations.darkening import darken
from pielight.training.networks.render import render
from pielight.training.schema import DarkeningConfig
from pielight.training.steps import step_generator

_DRAWS = 64  # darkened crops of a kind, spread over its pictures
_WHITE = 254 / 255
_STEP = 2**31 + 8  # its draws come from steps that no run reaches
CLIPPED, DIMMED, FLATTER, MISJUDGED, FORGOTTEN = 0.02, 1.0, 0.7, 0.15, 0.3
LEAST = 0.1
"""Gain in dB below which nothing is better."""


@dataclass(frozen=True)
class Look:
    """What a network does to held-out pictures."""

    restored: tuple[float, ...]
    """PSNR in dB of each well-exposed picture, darkened as the dark ones are and brightened again."""
    kept: float
    """Mean PSNR in dB of pictures of other kinds, darkened in every way and brightened again."""
    brightness: float
    """Mean gray level of the real dark pictures, brightened."""
    clipped: float
    """Share of their pixels with a channel at white."""
    contrast: float
    """Mean over them of the standard deviation of gray levels."""
    misjudged: float
    """Mean over them of the exposure judge's verdict, in EV either way."""

    @property
    def score(self) -> float:
        """The validation score: mean of ``restored``, in dB."""
        return sum(self.restored) / len(self.restored)


def gain(look: Look, start: Look) -> tuple[float, float]:
    """Return the mean gain of the validation score in dB, picture by picture, and its standard error.

    >>> [round(value, 3) for value in gain(Look((21.0, 20.5), 0, 0, 0, 0, 0), Look((20.0, 20.0), 0, 0, 0, 0, 0))]
    [0.75, 0.25]
    """
    gains = [new - old for new, old in zip(look.restored, start.restored, strict=True)]
    mean = sum(gains) / len(gains)
    spread = sum((value - mean) ** 2 for value in gains) / max(1, len(gains) - 1)
    return mean, math.sqrt(spread / len(gains))


def better(look: Look, start: Look) -> bool:
    """Say whether the validation score rose by more than chance: by 0.1 dB and two standard errors at least.

    >>> better(Look((21.0, 20.9), 0, 0, 0, 0, 0), Look((20.0, 20.0), 0, 0, 0, 0, 0))
    True
    """
    mean, error = gain(look, start)
    return mean >= max(LEAST, 2 * error)


def unsound(look: Look, start: Look) -> str:
    """Say what is wrong with a network beside the one that it was, or nothing.

    On the held-out dark pictures the mean brightness may change by a factor of two, 2 % more pixels may reach white,
    0.7 of the contrast must stay, and the exposure judge may find them 0.15 EV worse; nothing may be no number.

    >>> start = Look((20.0,), 20.0, 0.4, 0.01, 0.2, 0.3)
    >>> unsound(Look((21.0,), 20.0, 0.9, 0.01, 0.2, 0.3), start)
    'the mean brightness went from 0.40 to 0.90'
    """
    values = (*look.restored, look.kept, look.brightness, look.clipped, look.contrast, look.misjudged)
    if not all(map(math.isfinite, values)):
        return "its results are no numbers"
    if abs(math.log2((look.brightness + 1e-6) / (start.brightness + 1e-6))) > DIMMED:
        return f"the mean brightness went from {start.brightness:.2f} to {look.brightness:.2f}"
    if look.clipped > start.clipped + CLIPPED:
        return f"the share of burnt-out pixels went from {start.clipped:.1%} to {look.clipped:.1%}"
    if look.contrast < FLATTER * start.contrast:
        return f"the contrast went from {start.contrast:.3f} to {look.contrast:.3f}"
    if look.misjudged > start.misjudged + MISJUDGED:
        return f"the exposure judge's verdict went from {start.misjudged:.2f} to {look.misjudged:.2f} EV"
    return ""


class Watchdog:
    """Looks at a network with the same held-out pictures each time.

    Args:
        dark: Held-out dark pictures.
        well: Held-out well-exposed pictures, the references of the validation score.
        others: Pictures of other kinds, the references of what must not be forgotten.
        domain: Physics by which ``well`` is darkened.
        general: Physics by which ``others`` is darkened.
        judge: The exposure judge.
        seed: Of the draws.
    """

    def __init__(
        self, dark: PictureSet, well: PictureSet, others: PictureSet, domain: DarkeningConfig, general: DarkeningConfig,
        judge: nn.Module, seed: int,
    ) -> None:  # fmt: skip
        self._well = _darkened(well, domain, seed)
        self._others = _darkened(others, general, seed)
        self._dark = torch.cat([_crops(dark, index, 1, seed)[0] for index in range(len(dark))])
        self._judge = judge
        self._small = (dark.data.loss_size,) * 2

    @torch.no_grad()
    def look(self, network: nn.Module) -> Look:
        """Measure a network."""
        results = self._brightened(network, self._dark)
        gray = luma(results).flatten(1)
        verdicts = self._judge(results).mean((1, 2, 3))
        kept = self._psnr(network, self._others)
        return Look(
            restored=tuple(self._psnr(network, self._well)),
            kept=sum(kept) / len(kept),
            brightness=gray.mean().item(),
            clipped=(results.amax(1) >= _WHITE).float().mean().item(),
            contrast=gray.std(1).mean().item(),
            misjudged=verdicts.abs().mean().item(),
        )

    @torch.no_grad()
    def headroom(self, network: nn.Module) -> float:
        """Return the gain in dB if each result had the best brightness and contrast in each channel (least squares)."""
        gains = []
        for darkened, target in self._well:
            results = self._brightened(network, darkened)
            errors = [(one - target).square().mean((1, 2, 3)) for one in (results, _fitted(results, target))]
            gains.append((10 * torch.log10((errors[0] + 1e-6) / (errors[1] + 1e-6))).mean().item())
        return sum(gains) / len(gains)

    @torch.no_grad()
    def lifted(self, network: nn.Module) -> float:
        """Return by how much a network brightens the real dark pictures, in EV of their mean gray level."""
        before, after = (luma(one).mean() + 1e-6 for one in (self._dark, self._brightened(network, self._dark)))
        return torch.log2(after / before).item()

    def _psnr(self, network: nn.Module, pairs: list[tuple[Tensor, Tensor]]) -> list[float]:
        """Return the PSNR of each picture, a mean over its crops."""
        found = []
        for darkened, target in pairs:
            error = (self._brightened(network, darkened) - target).square().mean((1, 2, 3))
            found.append((-10 * torch.log10(error.clamp_min(1e-6))).mean().item())
        return found

    def _brightened(self, network: nn.Module, pictures: Tensor) -> Tensor:
        parts = []
        for part in pictures.split(16):  # memory
            parts.append(render(F.interpolate(part, self._small, mode="area"), network(part)))
        return torch.cat(parts).clamp(0, 1)


def _fitted(pictures: Tensor, target: Tensor) -> Tensor:
    """Return ``a y + b`` with the a and b of each channel that bring pictures nearest to a target."""
    off, wanted = (one - one.mean((2, 3), keepdim=True) for one in (pictures, target))
    slope = (off * wanted).sum((2, 3), keepdim=True) / off.square().sum((2, 3), keepdim=True).clamp_min(1e-6)
    return (slope * off + target.mean((2, 3), keepdim=True)).clamp(0, 1)


def _crops(pictures: PictureSet, index: int, count: int, seed: int) -> tuple[Tensor, Tensor]:
    only = PictureSet([pictures.pictures[index]], [pictures.labels[index]], pictures.data)
    return only.batch(count, step_generator(seed, _STEP + 2 * index))


def _darkened(pictures: PictureSet, how: DarkeningConfig, seed: int) -> list[tuple[Tensor, Tensor]]:
    """Return the darkened crops of each picture, and what should come back of them."""
    count = max(1, -(-_DRAWS // len(pictures)))
    pairs = []
    for index in range(len(pictures)):
        crops, labels = _crops(pictures, index, count, seed)
        pairs.append(darken(crops, labels, how, step_generator(seed, _STEP + 2 * index + 1)))
    return pairs
