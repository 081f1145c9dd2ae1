"""The domain of a user's pictures: which are held out, what darkened them, and what they should look like."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import skimage.data
import torch
from torch import Tensor

from pielight.core.color_torch import linear_to_srgb, luma, srgb_to_linear
from pielight.core.progress import track
from pielight.enhancer import Enhancer
from pielight.errors import DataError
from pielight.ops.exposure_torch import canonical_exposure
from pielight.ops.noise import estimate
from pielight.ops.thumbnail_torch import thumbnail
from pielight.training.data.pictures import Role, check, check_exposure, files, reduced
from pielight.training.data.preparation import NOTHING, Preparation
from pielight.training.networks.exposure_net import SIDE
from pielight.training.schema import DataConfig, RawDarkeningConfig

FEWEST = 8
"""Usable pictures of a role, so that some can be held out."""
_STOPS = np.arange(-9.0, 0.01, 0.5)
_LEAST_DARK = -0.8  # EV, nearest end of the interval to 0
_LIT = 0.5  # gray level from which on the brightest tenth of a picture says that only a part of it lacks light
_REHEARSED = ("astronaut", "chelsea", "coffee", "rocket")
_GREEN = 1  # whose gain of white balance is 1


@dataclasses.dataclass(frozen=True)
class Folder:
    """The usable pictures of a folder, uint8 ``(3, h, w)``."""

    pictures: Sequence[Tensor]
    paths: Sequence[Path]

    def part(self, chosen: Sequence[int]) -> Folder:
        """Return some of the pictures."""
        return Folder([self.pictures[i] for i in chosen], [self.paths[i] for i in chosen])

    def split(self) -> tuple[Folder, Folder]:
        """Return the pictures to learn from, and those that are :func:`held_out`."""
        out = held_out(len(self.paths))
        return self.part([i for i in range(len(self.paths)) if i not in out]), self.part(out)


def read_folder(folder: str, role: Role, data: DataConfig, log: Callable[[str], None] = lambda _: None) -> Folder:
    """Read the pictures of a folder that can play a role; ``log`` is called with a line from time to time.

    Raises:
        DataError: if the folder is missing, or holds fewer than 8.
    """
    seen = track(check([folder], role, data), len(files([folder])), f"reading {role} pictures", log)
    usable = [
        (one.path, one.pixels)
        for one in seen
        if one.pixels is not None and isinstance(one.path, Path)  # not in a tar
    ]
    if len(usable) < FEWEST:
        raise DataError(
            f"{folder}: {len(usable)} usable {role} pictures, and {FEWEST} are needed; "
            f"`pielight data check {folder} --as {role}` says why others are left out"
        )
    pictures = [torch.from_numpy(pixels.transpose(2, 0, 1).copy()) for _, pixels in usable]
    return Folder(pictures, [path for path, _ in usable])


def held_out(count: int) -> list[int]:
    """Return which of the pictures of a folder, in the order of their names, are never learned from: a fifth.

    They are taken in runs of neighbors, since pictures of one scene have names that follow each other.

    >>> held_out(10), len(held_out(200))
    ([2, 7], 40)
    """
    run = max(1, count // 20)
    return [index for index in range(count) if index // run % 5 == 2]


def enhanced(
    start: Enhancer, dark: Sequence[Tensor], fewest: int, log: Callable[[str], None] = lambda _: None,
    kept: Preparation = NOTHING,
) -> list[Tensor]:  # fmt: skip
    """Return dark pictures as a model brightens and denoises them, where that brings them to a good exposure.

    This is self-training (Lee, Pseudo-Label, 2013): they take the place of well-exposed pictures where a user has
    none. Those that the model leaves too dark do not count, so that they are drawn to what it does well.

    Args:
        dark: uint8 ``(3, h, w)``, as the results.
        kept: What a run that was stopped has computed of it.

    Raises:
        DataError: if fewer come out well exposed.
    """
    results: list[Tensor] = kept.result("enhanced", lambda: {"pictures": _well_exposed(start, dark, log)})["pictures"]
    if len(results) < fewest:
        raise DataError(
            f"the model brings only {len(results)} of {len(dark)} dark pictures to a good exposure, and {fewest} are "
            "needed; give well-exposed ones with --normal DIR"
        )
    return results


def _well_exposed(start: Enhancer, dark: Sequence[Tensor], log: Callable[[str], None]) -> list[Tensor]:
    results = []
    for picture in track(dark, len(dark), "brightening the dark pictures", log):
        pixels = start(picture.numpy().transpose(1, 2, 0).copy())
        _, kind, _ = check_exposure(pixels, "well", DataConfig())
        if not kind:
            results.append(torch.from_numpy(pixels.transpose(2, 0, 1).copy()))
    return results


def rehearsal(side: int) -> list[Tensor]:
    """Return the photographs that scikit-image ships, for what a model must not forget.

    Args:
        side: Of the shorter side, in pixels.
    """
    photographs = (reduced(getattr(skimage.data, name)(), side) for name in _REHEARSED)
    return [torch.from_numpy(pixels.transpose(2, 0, 1).copy()) for pixels in photographs]


def matched(dark: Sequence[Tensor], well: Sequence[Tensor], config: RawDarkeningConfig) -> RawDarkeningConfig:
    """Return physics that darkens well-exposed pictures as a user's dark ones are.

    - Exposure: the interval whose ends bring the median canonical exposure of well-exposed pictures to the 10 % and
      90 % quantiles of that of the dark ones.
    - Noise: the 10 % and 90 % quantiles of the dark pictures' shot noise (:func:`pielight.ops.noise.estimate`).
    - Regions: the share of the dark pictures whose brightest tenth is well lit have a dark part instead.

    Args:
        dark: uint8 ``(3, h, w)``.
        well: Well-exposed ones, of other scenes or of the same.
        config: What stays of the physics.
    """
    linear = srgb_to_linear(_small(well))
    levels = [float(canonical_exposure(linear_to_srgb(linear * 2.0**stops)).median()) for stops in _STOPS.tolist()]
    seen = _small(dark)
    wanted = np.quantile(canonical_exposure(seen).flatten().numpy(), (0.9, 0.1))
    low, high = np.interp(wanted, levels[::-1], _STOPS[::-1])
    high = min(_LEAST_DARK, high)
    shots = [float(estimate(picture.numpy().transpose(1, 2, 0)).shot[_GREEN]) for picture in dark]
    least, most = np.quantile(shots, (0.1, 0.9))
    floor = config.shot_noise[0]
    lit = float((_brightest_tenth(seen) > _LIT).float().mean())
    return dataclasses.replace(
        config,
        stops=(float(min(low, high - 1)), float(high)),
        regional=min(0.8, max(0.1, lit)),
        shot_noise=(max(floor, float(least)), max(2 * floor, float(most))),
    )


def _small(pictures: Sequence[Tensor]) -> Tensor:
    return torch.cat([thumbnail(picture[None].float() / 255, SIDE) for picture in pictures])


def _brightest_tenth(pictures: Tensor) -> Tensor:
    gray = luma(pictures).flatten(1)
    return gray.topk(gray.shape[1] // 10, dim=1).values.mean(1)
