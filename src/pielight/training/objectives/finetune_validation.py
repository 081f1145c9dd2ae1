"""Validation of fine-tuning: is a network likely to help, what does it do to held-out pictures, how far to go."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pielight.core.color_torch import luma, smooth_step
from pielight.inference.exposure_map import SURE, UNSURE
from pielight.training.data.exposure_samples import DARKENED, PUBLISHED, REAL, ExposureSamples, Photograph, draw_samples
from pielight.training.networks.exposure_net import render
from pielight.training.schedules import VALIDATION, step_seed
from pielight.training.schema import RawDarkeningConfig

_WHITE = 0.94  # no exposure clips, so that what is nearly white counts
_BLOWN, _DIMMED, _FLATTER = 0.02, 1.0, 0.7
_SAME = 50.0  # dB from which on a photograph counts as unchanged
_SHARES = (1.0, 0.75, 0.5, 0.25)
_OFFSETS = torch.linspace(-2, 2, 17)  # EV
LEAST = 0.1
"""Gain in dB below which nothing is better."""


@dataclass(frozen=True)
class Metrics:
    """What a network does to held-out pictures."""

    restored: tuple[float, ...]
    """PSNR in dB of each well-exposed picture, darkened as the dark ones are and brightened again."""
    kept: float
    """Mean PSNR in dB of pictures of other kinds, darkened in every way and brightened again."""
    unchanged: float
    """Mean PSNR in dB of well-exposed pictures, as they are, to themselves; 50 at most."""
    brightness: float
    """Mean gray level of the real dark pictures, brightened."""
    white: float
    """Share of their pixels with a channel near white, from 0.94 on."""
    contrast: float
    """Mean over them of the standard deviation of gray levels."""

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


def remembers(metrics: Metrics, start: Metrics, forgotten: float) -> bool:
    """Return whether other kinds of pictures and well-exposed ones as they are lose at most so many dB.

    >>> start = Metrics((20.0,), 20.0, 48.0, 0, 0, 0)
    >>> remembers(Metrics((25.0,), 20.0, 40.0, 0, 0, 0), start, 0.3)
    False
    """
    return metrics.kept >= start.kept - forgotten and metrics.unchanged >= start.unchanged - forgotten


def fault_of(metrics: Metrics, start: Metrics) -> str:
    """Return why a network is unsound beside the one that it started from, or an empty text.

    On the held-out dark pictures the mean brightness may change by a factor of two, 2 % more pixels may come near
    white, and 0.7 of the contrast must stay; every metric must be finite.

    >>> start = Metrics((20.0,), 20.0, 48.0, 0.4, 0.01, 0.2)
    >>> fault_of(Metrics((21.0,), 20.0, 48.0, 0.9, 0.01, 0.2), start)
    'the mean brightness went from 0.40 to 0.90'
    """
    values = (
        *metrics.restored, metrics.kept, metrics.unchanged, metrics.brightness, metrics.white, metrics.contrast,
    )  # fmt: skip
    if not all(map(math.isfinite, values)):
        return "its results are no numbers"
    if abs(math.log2((metrics.brightness + 1e-6) / (start.brightness + 1e-6))) > _DIMMED:
        return f"the mean brightness went from {start.brightness:.2f} to {metrics.brightness:.2f}"
    if metrics.white > start.white + _BLOWN:
        return f"the share of pixels near white went from {start.white:.1%} to {metrics.white:.1%}"
    if metrics.contrast < _FLATTER * start.contrast:
        return f"the contrast went from {start.contrast:.3f} to {metrics.contrast:.3f}"
    return ""


class Validator:
    """Measures networks on the same held-out pictures each time, as inference runs them.

    Pictures are uint8 ``(3, h, w)``.

    Args:
        dark: Held-out dark ones.
        well: Held-out well-exposed ones, the references of the validation score.
        others: Pictures of other kinds, the references of what must not be forgotten.
        domain: Physics by which ``well`` is darkened.
        general: Physics by which ``others`` is darkened.
        crops: Darkened crops of each kind, spread over its pictures.
        device: Where the networks are.
    """

    def __init__(
        self, dark: Sequence[Tensor], well: Sequence[Tensor], others: Sequence[Tensor], domain: RawDarkeningConfig,
        general: RawDarkeningConfig, seed: int, crops: int = 64, device: torch.device | str = "cpu",
    ) -> None:  # fmt: skip
        references = _drawn(well, domain, seed, crops, PUBLISHED, device)
        rest = _drawn(others, general, seed, crops, PUBLISHED, device)
        self._well, self._others = ([_of(one, DARKENED) for one in part] for part in (references, rest))
        self._published = [_of(one, PUBLISHED) for one in (*references, *rest)]
        self._dark = _drawn(dark, domain, seed, len(dark), REAL, device)

    @torch.no_grad()
    def measure(self, network: nn.Module) -> Metrics:
        """Measure a network, which runs in evaluation mode."""
        results = torch.cat([enhanced_thumbnails(network, one) for one in self._dark])
        gray = luma(results).flatten(1)
        kept = [score for one in self._others for score in _psnr(network, one)]
        unchanged = [min(_SAME, score) for one in self._published for score in _psnr(network, one)]
        return Metrics(
            restored=tuple(_mean(_psnr(network, one)) for one in self._well),
            kept=_mean(kept),
            unchanged=_mean(unchanged),
            brightness=gray.mean().item(),
            white=(results.amax(1) >= _WHITE).float().mean().item(),
            contrast=gray.std(1).mean().item(),
        )

    @torch.no_grad()
    def headroom(self, network: nn.Module) -> float:
        """Return the gain in dB if each result had the best exposure, of -2 to 2 EV more, everywhere the same."""
        gains = []
        for samples in self._well:
            ev, target = predicted(network, samples), samples.targets.float()
            errors = [_error(render(samples.thumbnails.float(), ev + offset), target) for offset in _OFFSETS]
            best = torch.stack(errors).amin(0)
            now = _error(render(samples.thumbnails.float(), ev), target)
            gains.append((10 * torch.log10((now + 1e-6) / (best + 1e-6))).mean().item())
        return _mean(gains)

    @torch.no_grad()
    def lifted(self, network: nn.Module) -> float:
        """Return by how much a network lifts the real dark pictures, the mean of their maps in EV."""
        return _mean([predicted(network, one).mean().item() for one in self._dark])


@torch.no_grad()
def predicted(network: nn.Module, samples: ExposureSamples) -> Tensor:
    """Return the maps that inference takes of a network in evaluation mode, in EV ``(N, 1, h, w)``.

    See :class:`pielight.inference.exposure_map.ExposureNetwork`.
    """
    training = network.training
    network.eval()
    canonical = samples.statistics[:, -1].view(-1, 1, 1, 1)
    exposure, probability = network(render(samples.thumbnails.float(), canonical), samples.statistics)
    network.train(training)
    ev: Tensor = canonical + exposure
    return smooth_step(probability.view(-1, 1, 1, 1), UNSURE, SURE) * ev


def enhanced_thumbnails(network: nn.Module, samples: ExposureSamples) -> Tensor:
    """Return thumbnails as inference exposes them, ``(N, 3, 64, 64)`` in [0, 1]."""
    return render(samples.thumbnails.float(), predicted(network, samples))


def _psnr(network: nn.Module, samples: ExposureSamples) -> list[float]:
    error = _error(enhanced_thumbnails(network, samples), samples.targets.float())
    scores: list[float] = (-10 * torch.log10(error.clamp_min(1e-6))).tolist()
    return scores


def _error(pictures: Tensor, targets: Tensor) -> Tensor:
    return (pictures - targets).square().mean((1, 2, 3))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _drawn(
    pictures: Sequence[Tensor], physics: RawDarkeningConfig, seed: int, crops: int, kind: int,
    device: torch.device | str,
) -> list[ExposureSamples]:  # fmt: skip
    """Return the samples of each picture, the same for the same seed."""
    versions = max(1, -(-crops // len(pictures)))
    counted = dataclasses.replace(physics, versions=versions)
    return [
        draw_samples([Photograph(picture, kind=kind)], counted, step_seed(seed, VALIDATION + index)).to(device)
        for index, picture in enumerate(pictures)
    ]


def _of(samples: ExposureSamples, kind: int) -> ExposureSamples:
    return samples.take(samples.of(kind))


def interpolated(
    start: nn.Module, best: Mapping[str, Tensor], validator: Validator, forgotten: float
) -> tuple[nn.Module, Metrics, float]:
    """Return a network between the start and the best weights, its metrics, and how far it went.

    ``w_0 + s (w - w_0)`` with s = 1, 3/4, 1/2 and 1/4 (Wortsman et al., WiSE-FT, 2022), of those that are sound, lose
    at most ``forgotten`` dB on other kinds of pictures and on photographs as they are, and are better than the start by
    more than chance. Of these, the nearest to the start whose gain is within one standard error of the largest (Breiman
    et al., Classification and Regression Trees, 1984), since every step away loses elsewhere; the start itself, with
    s = 0, if there is none.
    """
    first = validator.measure(start)
    fitting: list[tuple[nn.Module, Metrics, float]] = []
    for share in _SHARES if best else ():
        network = copy.deepcopy(start)
        with torch.no_grad():
            for key, value in network.state_dict().items():
                value.lerp_(best[key].to(value.device), share)
        metrics = validator.measure(network)
        if better(metrics, first) and not fault_of(metrics, first) and remembers(metrics, first, forgotten):
            fitting.append((network, metrics, share))
    if not fitting:
        return start, first, 0.0
    most, error = max(gain(metrics, first) for _, metrics, _ in fitting)
    return next(one for one in reversed(fitting) if gain(one[1], first)[0] >= most - error)


_MANY, _LIFTED, _HEADROOM = 50, 0.25, 0.3
_EARLY = 0.25  # share of the steps after which a gain should show


def doubts(pictures: int, lifted: float, headroom: float) -> Iterator[str]:
    """Yield why fine-tuning is not likely to help: few pictures, hardly dark ones, nothing to gain.

    Args:
        pictures: Usable dark ones.
        lifted: By how much the start lifts the held-out ones, in EV.
        headroom: Gain in dB on the held-out references if each result had the best exposure.

    >>> list(doubts(pictures=200, lifted=2.0, headroom=3.0))
    []
    >>> next(doubts(pictures=12, lifted=2.0, headroom=3.0))
    '12 dark pictures are few, 50 will do: chance decides what is found better'
    """
    if pictures < _MANY:
        yield f"{pictures} dark pictures are few, {_MANY} will do: chance decides what is found better"
    if not lifted >= _LIFTED:
        yield f"the pictures are hardly dark: the start lifts them by {lifted:.2f} EV"
    if not headroom >= _HEADROOM:
        yield f"the start is nearly right: the best exposure of each would gain {headroom:.2f} dB"


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
