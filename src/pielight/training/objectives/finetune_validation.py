"""Validation of fine-tuning: is a network likely to help, what does it do to held-out pictures, how far to go."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.color_torch import luma
from pielight.training.data.batches import PictureSet
from pielight.training.degradations.darkening import darken
from pielight.training.networks.lattice_net import render
from pielight.training.schedules import VALIDATION, step_generator
from pielight.training.schema import DarkeningConfig

_WHITE = 254 / 255
_CLIPPED, _DIMMED, _FLATTER, _MISJUDGED = 0.02, 1.0, 0.7, 0.15
_SHARES = (1.0, 0.75, 0.5, 0.25)
LEAST = 0.1
"""Gain in dB below which nothing is better."""


@dataclass(frozen=True)
class Metrics:
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
    """Mean over them of the estimated exposure error, in EV either way."""

    @property
    def score(self) -> float:
        """The validation score: mean of ``restored``, in dB."""
        return sum(self.restored) / len(self.restored)


def gain(metrics: Metrics, start: Metrics) -> tuple[float, float]:
    """Return the mean gain of the validation score in dB, picture by picture, and its standard error.

    >>> [round(value, 3) for value in gain(Metrics((21.0, 20.5), 0, 0, 0, 0, 0), Metrics((20.0, 20.0), 0, 0, 0, 0, 0))]
    [0.75, 0.25]
    """
    gains = [new - old for new, old in zip(metrics.restored, start.restored, strict=True)]
    mean = sum(gains) / len(gains)
    spread = sum((value - mean) ** 2 for value in gains) / max(1, len(gains) - 1)
    return mean, math.sqrt(spread / len(gains))


def better(metrics: Metrics, start: Metrics) -> bool:
    """Return whether the validation score rose by more than chance: by 0.1 dB and two standard errors at least.

    >>> better(Metrics((21.0, 20.9), 0, 0, 0, 0, 0), Metrics((20.0, 20.0), 0, 0, 0, 0, 0))
    True
    """
    mean, error = gain(metrics, start)
    return mean >= max(LEAST, 2 * error)


def fault_of(metrics: Metrics, start: Metrics) -> str:
    """Return why a network is unsound beside the one that it started from, or an empty text.

    On the held-out dark pictures the mean brightness may change by a factor of two, 2 % more pixels may reach white,
    0.7 of the contrast must stay, and the estimated exposure error may rise by 0.15 EV; every metric must be finite.

    >>> start = Metrics((20.0,), 20.0, 0.4, 0.01, 0.2, 0.3)
    >>> fault_of(Metrics((21.0,), 20.0, 0.9, 0.01, 0.2, 0.3), start)
    'the mean brightness went from 0.40 to 0.90'
    """
    values = (*metrics.restored, metrics.kept, metrics.brightness, metrics.clipped, metrics.contrast, metrics.misjudged)
    if not all(map(math.isfinite, values)):
        return "its results are no numbers"
    if abs(math.log2((metrics.brightness + 1e-6) / (start.brightness + 1e-6))) > _DIMMED:
        return f"the mean brightness went from {start.brightness:.2f} to {metrics.brightness:.2f}"
    if metrics.clipped > start.clipped + _CLIPPED:
        return f"the share of burnt-out pixels went from {start.clipped:.1%} to {metrics.clipped:.1%}"
    if metrics.contrast < _FLATTER * start.contrast:
        return f"the contrast went from {start.contrast:.3f} to {metrics.contrast:.3f}"
    if metrics.misjudged > start.misjudged + _MISJUDGED:
        return f"the estimated exposure error went from {start.misjudged:.2f} to {metrics.misjudged:.2f} EV"
    return ""


class Validator:
    """Measures networks on the same held-out pictures each time.

    Args:
        well: Held-out well-exposed pictures, the references of the validation score.
        others: Pictures of other kinds, the references of what must not be forgotten.
        domain: Physics by which ``well`` is darkened.
        general: Physics by which ``others`` is darkened.
        estimator: The exposure estimator; it and the networks are on ``device``.
        crops: Darkened crops of each kind, spread over its pictures.
    """

    def __init__(
        self, dark: PictureSet, well: PictureSet, others: PictureSet, domain: DarkeningConfig, general: DarkeningConfig,
        estimator: nn.Module, seed: int, crops: int = 64, device: torch.device | str = "cpu",
    ) -> None:  # fmt: skip
        self._well = _darkened(well, domain, seed, crops, device)
        self._others = _darkened(others, general, seed, crops, device)
        self._dark = torch.cat([_crops(dark, index, 1, seed)[0] for index in range(len(dark))]).to(device)
        self._estimator = estimator
        self._small = (dark.data.loss_size,) * 2

    @torch.no_grad()
    def measure(self, network: nn.Module) -> Metrics:
        """Measure a network."""
        results = self._brightened(network, self._dark)
        gray = luma(results).flatten(1)
        errors = self._estimator(results).mean((1, 2, 3))
        kept = self._psnr(network, self._others)
        return Metrics(
            restored=tuple(self._psnr(network, self._well)),
            kept=sum(kept) / len(kept),
            brightness=gray.mean().item(),
            clipped=(results.amax(1) >= _WHITE).float().mean().item(),
            contrast=gray.std(1).mean().item(),
            misjudged=errors.abs().mean().item(),
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
        scores = []
        for darkened, target in pairs:
            error = (self._brightened(network, darkened) - target).square().mean((1, 2, 3))
            scores.append((-10 * torch.log10(error.clamp_min(1e-6))).mean().item())
        return scores

    def _brightened(self, network: nn.Module, pictures: Tensor) -> Tensor:
        parts = [render(F.interpolate(part, self._small, mode="area"), network(part)) for part in pictures.split(16)]
        return torch.cat(parts).clamp(0, 1)


def interpolated(
    start: nn.Module, best: Mapping[str, Tensor], validator: Validator, forgotten: float
) -> tuple[nn.Module, Metrics, float]:
    """Return a network between the start and the best weights, its metrics, and how far it went.

    ``w_0 + s (w - w_0)`` with s = 1, 3/4, 1/2 and 1/4 (Wortsman et al., WiSE-FT, 2022), of those that are sound, lose
    at most ``forgotten`` dB on other kinds of pictures and are better than the start by more than chance. Of these, the
    nearest to the start whose gain is within one standard error of the largest (Breiman et al., Classification and
    Regression Trees, 1984), since every step away loses elsewhere; the start itself, with s = 0, if there is none.
    """
    first = validator.measure(start)
    fitting: list[tuple[nn.Module, Metrics, float]] = []
    for share in _SHARES if best else ():
        network = copy.deepcopy(start)
        with torch.no_grad():
            for key, value in network.state_dict().items():
                value.lerp_(best[key].to(value.device), share)
        metrics = validator.measure(network)
        if better(metrics, first) and not fault_of(metrics, first) and metrics.kept >= first.kept - forgotten:
            fitting.append((network, metrics, share))
    if not fitting:
        return start, first, 0.0
    most, error = max(gain(metrics, first) for _, metrics, _ in fitting)
    return next(one for one in reversed(fitting) if gain(one[1], first)[0] >= most - error)


def _fitted(pictures: Tensor, target: Tensor) -> Tensor:
    """Return ``a y + b`` with the a and b of each channel that bring pictures nearest to a target."""
    off, wanted = (one - one.mean((2, 3), keepdim=True) for one in (pictures, target))
    slope = (off * wanted).sum((2, 3), keepdim=True) / off.square().sum((2, 3), keepdim=True).clamp_min(1e-6)
    return (slope * off + target.mean((2, 3), keepdim=True)).clamp(0, 1)


def _crops(pictures: PictureSet, index: int, count: int, seed: int) -> tuple[Tensor, Tensor]:
    only = PictureSet([pictures.pictures[index]], [pictures.labels[index]], pictures.data)
    return only.batch(count, step_generator(seed, VALIDATION + 2 * index))


def _darkened(
    pictures: PictureSet, physics: DarkeningConfig, seed: int, crops: int, device: torch.device | str
) -> list[tuple[Tensor, Tensor]]:
    """Return the darkened crops of each picture, and what they should be restored to."""
    count = max(1, -(-crops // len(pictures)))
    pairs = []
    for index in range(len(pictures)):
        drawn, labels = _crops(pictures, index, count, seed)
        darkened, target = darken(drawn, labels, physics, step_generator(seed, VALIDATION + 2 * index + 1))
        pairs.append((darkened.to(device), target.to(device)))
    return pairs


_MANY, _LIFTED, _HEADROOM = 50, 0.25, 0.3
_EARLY = 0.25  # share of the steps after which a gain should show


def doubts(pictures: int, lifted: float, headroom: float) -> Iterator[str]:
    """Yield why fine-tuning is not likely to help: few pictures, hardly dark ones, nothing to gain.

    Args:
        pictures: Usable dark ones.
        lifted: How much brighter the start makes the held-out ones, in EV of their mean gray level.
        headroom: Gain in dB on the held-out references if each result had the best brightness and contrast in each
            channel.

    >>> list(doubts(pictures=200, lifted=2.0, headroom=3.0))
    []
    >>> next(doubts(pictures=12, lifted=2.0, headroom=3.0))
    '12 dark pictures are few, 50 will do: chance decides what is found better'
    """
    if pictures < _MANY:
        yield f"{pictures} dark pictures are few, {_MANY} will do: chance decides what is found better"
    if not lifted >= _LIFTED:
        yield f"the pictures are hardly dark: the start makes them {2**lifted:.2f} times as bright"
    if not headroom >= _HEADROOM:
        yield f"the start is nearly right: the best brightness and contrast would gain {headroom:.2f} dB"


class Early:
    """Reports once, after a quarter of the steps, that nothing has been gained."""

    def __init__(self, start: Metrics, steps: int) -> None:
        self._start, self._steps, self._best, self._reported = start, steps, -math.inf, False

    def doubt(self, step: int, metrics: Metrics) -> str:
        """Return why going on is not likely to help, or nothing."""
        mean, error = gain(metrics, self._start)
        self._best = max(self._best, mean)
        if self._reported or step < _EARLY * self._steps or step >= self._steps:
            return ""
        self._reported = True
        if self._best >= LEAST:
            return ""
        return f"after {step} of {self._steps} steps the held-out score is {mean:+.2f} dB (standard error {error:.2f})"
