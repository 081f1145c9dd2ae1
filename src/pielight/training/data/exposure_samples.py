"""Samples of exposure training: photographs are cropped, darkened and measured once, before the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from pielight.core.progress import track
from pielight.core.threads import available_threads
from pielight.io.load_rgb import Pixels
from pielight.ops.exposure import canonical_exposure, expose
from pielight.ops.exposure_statistics import exposure_statistics
from pielight.ops.thumbnail import thumbnail
from pielight.training import processes
from pielight.training.data.preparation import NOTHING, Preparation
from pielight.training.data.regions import segment
from pielight.training.degradations.exposure_field import even_field, regional_field
from pielight.training.degradations.noise import draw
from pielight.training.degradations.raw_darkening import darken_raw
from pielight.training.networks.exposure_net import SIDE
from pielight.training.schedules import SAMPLES, step_generator
from pielight.training.schema.degradations import RawDarkeningConfig

PUBLISHED, DARKENED, REAL = range(3)
"""Kinds of samples: a photograph as it was published, one that physics darkened, a real dark picture."""
_PORTION = 32  # photographs that are kept together
_WHOLE, _PART = 0.3, 0.6  # share of samples of the whole photograph; least side of crops, as a share of the picture's
_OF_REAL = 4  # crops of a real dark picture
_NOISY = 0.5  # share of photographs that are published with noise, too
_UNTOUCHED, _TOUCHED = -0.25, -0.75  # EV down to which a darkened photograph passes for published; from which it is not
_DARK_MEAN = 0.35  # a real dark picture below this mean is certainly underexposed
_BELIEF = {PUBLISHED: 1.0, DARKENED: 0.7, REAL: 2.5}  # in labels: darkened ones are most of all, real ones fewest
_BACKLIT = 0.25  # belief in the label of a photograph whose bright part was hardly darkened


@dataclass(frozen=True)
class Photograph:
    """One picture, and what it is for."""

    pixels: Tensor
    """uint8 ``(3, h, w)``."""
    domain: int = -1
    """Index of its domain; -1 is none."""
    kind: int = PUBLISHED
    """``PUBLISHED`` or ``REAL``."""
    even: bool = False
    """Whether it is well exposed everywhere, so that only parts of it are darkened."""


@dataclass(frozen=True)
class ExposureSamples:
    """N samples in memory."""

    thumbnails: Tensor
    """What is seen ``(N, 3, 64, 64)``, float16, sRGB in [0, 1]."""
    targets: Tensor
    """What that should become, likewise; of a real dark picture itself, which says nothing."""
    statistics: Tensor
    """``(N, SEEN)``, the canonical exposure last (:data:`pielight.ops.exposure_statistics.SEEN`)."""
    regions: Tensor
    """Of what is seen ``(N, 64, 64)``, int16; 0 for published photographs, whose regions nothing asks for."""
    underexposed: Tensor
    """Whether it is ``(N,)``, from 0 to 1."""
    belief: Tensor
    """Weight of that label ``(N,)``."""
    kind: Tensor
    """``(N,)``."""
    domain: Tensor
    """``(N,)``, -1 where there is none."""

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.kind)

    def take(self, chosen: Tensor) -> ExposureSamples:
        """Return chosen samples, in that order."""
        return ExposureSamples(**{item.name: getattr(self, item.name)[chosen] for item in fields(self)})

    def to(self, device: torch.device | str) -> ExposureSamples:
        """Return the samples on a device."""
        return ExposureSamples(**{item.name: getattr(self, item.name).to(device) for item in fields(self)})

    def of(self, kind: int, domain: int | None = None) -> Tensor:
        """Return the indices of the samples of a kind, in all domains or one."""
        here = self.kind == kind if domain is None else (self.kind == kind) & (self.domain == domain)
        return here.nonzero().flatten()

    def batch(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Draw samples as crops for :func:`pielight.training.data.bank.build_bank`: pictures and regions."""
        chosen = torch.randint(len(self), (count,), generator=generator)
        return self.targets[chosen].float(), self.regions[chosen].int()


def draw_samples(
    photographs: Sequence[Photograph], config: RawDarkeningConfig, seed: int,
    log: Callable[[str], None] = lambda _: None, kept: Preparation = NOTHING,
) -> ExposureSamples:  # fmt: skip
    """Draw every sample of a run, on all cores; the draws of a photograph follow from the seed and its number alone.

    A published photograph gives itself and a crop, both as they are; half of them a crop with noise; and
    ``versions`` darkened samples. A real dark picture gives itself and
    four crops. Darkened less than 0.25 EV a photograph passes for published, from 0.75 EV on it is underexposed; a
    photograph of which a part is darkened is, too.

    Args:
        log: Called with a line from time to time.
        kept: What a run that was stopped has drawn of it.
    """
    with ThreadPoolExecutor(available_threads()) as pool:
        starts = range(0, len(photographs), _PORTION)
        made = processes.share(
            starts,
            lambda start: kept.result(f"samples-{start}", partial(_portion, photographs, start, config, seed, pool)),
            at_once=1,
        )
        parts = list(track(made, len(starts), f"darkening {len(photographs)} photographs", log))
    return ExposureSamples(
        **{item.name: torch.cat([part[item.name] for part in parts]) for item in fields(ExposureSamples)}
    )


def _portion(
    photographs: Sequence[Photograph], start: int, config: RawDarkeningConfig, seed: int, pool: ThreadPoolExecutor
) -> dict[str, Any]:
    numbers = range(start, min(start + _PORTION, len(photographs)))
    made = pool.map(
        lambda number: list(_samples(photographs[number], config, step_generator(seed, SAMPLES + number))), numbers
    )
    samples = [sample for one in made for sample in one]
    return {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}


def _samples(photograph: Photograph, config: RawDarkeningConfig, generator: Generator) -> Iterator[dict[str, Tensor]]:
    whole = photograph.pixels.float() / 255
    keep = partial(measured, domain=photograph.domain)
    if photograph.kind == REAL:
        for picture in (whole, *(_crop(whole, _PART, generator) for _ in range(_OF_REAL))):
            yield keep(picture, picture, kind=REAL, underexposed=float(picture.mean() < _DARK_MEAN))
        return
    for picture in (whole, _crop(whole, _PART, generator)):
        yield keep(picture, picture, kind=PUBLISHED, underexposed=0.0)
    if draw(0, 1, generator) < _NOISY:
        picture = _crop(whole, _PART, generator)
        yield keep(darken_raw(picture, 0.0, config, generator), picture, kind=PUBLISHED, underexposed=0.0, domain=-1)
    for _ in range(config.versions):
        picture = whole if draw(0, 1, generator) < _WHOLE else _crop(whole, _PART, generator)
        if photograph.even or draw(0, 1, generator) < config.regional:
            field, base = regional_field(picture, generator)
            dark = darken_raw(picture, field, config, generator)
            belief = _BACKLIT if base > _TOUCHED else _BELIEF[DARKENED]
            yield keep(dark, picture, kind=DARKENED, underexposed=1.0, belief=belief)
        else:
            yield _darkened(picture, config, generator, photograph.domain)


def _darkened(picture: Tensor, config: RawDarkeningConfig, generator: Generator, domain: int) -> dict[str, Tensor]:
    ev = even_field(config, generator)
    sure = min(1.0, max(0.0, (_UNTOUCHED - ev) / (_UNTOUCHED - _TOUCHED)))
    dark = darken_raw(picture, ev, config, generator)
    return measured(dark, picture, kind=DARKENED, underexposed=sure, domain=domain)


def measured(
    seen: Tensor, target: Tensor, kind: int, underexposed: float, domain: int, belief: float | None = None
) -> dict[str, Tensor]:
    """Return one sample, by the names of :class:`ExposureSamples`: thumbnail and statistics as inference takes them.

    Args:
        seen: The picture ``(3, H, W)`` in [0, 1], multiples of 1 / 255.
        target: What it should become, likewise.
        belief: Weight of the label; by default that of its kind.
    """
    pixels = _pixels(seen)
    small = thumbnail(pixels, SIDE, 1)
    canonical = np.float32(canonical_exposure(small))
    regions = np.zeros((SIDE, SIDE), np.int16)
    if kind != PUBLISHED:
        levels = np.round(255 * expose(small.transpose(1, 2, 0), canonical)).astype(np.uint8)
        regions = segment(levels).astype(np.int16)
    wanted = small if target is seen else thumbnail(_pixels(target), SIDE, 1)
    return {
        "thumbnails": torch.from_numpy(small).half(),
        "targets": torch.from_numpy(wanted).half(),
        "statistics": torch.from_numpy(np.append(exposure_statistics(pixels), canonical)),
        "regions": torch.from_numpy(regions),
        "underexposed": torch.tensor(underexposed),
        "belief": torch.tensor(_BELIEF[kind] if belief is None else belief),
        "kind": torch.tensor(kind),
        "domain": torch.tensor(domain),
    }


def _pixels(picture: Tensor) -> Pixels:
    pixels: Pixels = (picture * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    return pixels


def _crop(picture: Tensor, least: float, generator: Generator) -> Tensor:
    """Cut a window whose sides are at least that share of the picture's, and mirror half of them."""
    share, x, y, mirrored = (draw(0, 1, generator) for _ in range(4))
    height, width = (max(1, round((least + (1 - least) * share) * side)) for side in picture.shape[-2:])
    top, left = round(y * (picture.shape[-2] - height)), round(x * (picture.shape[-1] - width))
    cut = picture[:, top : top + height, left : left + width]
    return cut.flip(-1) if mirrored < 0.5 else cut
