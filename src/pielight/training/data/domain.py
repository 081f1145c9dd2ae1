"""The domain of a user's pictures: which are held out, what darkened them, and what they should look like."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import skimage.data
import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.core.color_torch import luma, srgb_to_linear
from pielight.core.progress import track
from pielight.enhancer import Enhancer
from pielight.errors import DataError
from pielight.ops.noise import estimate
from pielight.training.data.batches import PictureSet, picture_set
from pielight.training.data.pictures import Role, check, check_exposure, files, reduced
from pielight.training.data.preparation import NOTHING, Preparation
from pielight.training.degradations.exposure import camera_response, expose
from pielight.training.schema import DarkeningConfig, DataConfig

FEWEST = 8
"""Usable pictures of a role, so that some can be held out."""
_STOPS = np.arange(-9.0, 0.01, 0.5)
_LIT = 0.5  # gray level from which on the brightest tenth of a picture says that only a part of it lacks light
_REHEARSED = ("astronaut", "chelsea", "coffee", "rocket")


@dataclasses.dataclass(frozen=True)
class Folder:
    """The usable pictures of a folder."""

    pictures: PictureSet
    paths: Sequence[Path]

    def part(self, chosen: Sequence[int]) -> Folder:
        """Return some of the pictures."""
        kept = self.pictures
        picked = PictureSet([kept.pictures[i] for i in chosen], [kept.labels[i] for i in chosen], kept.data)
        return Folder(picked, [self.paths[i] for i in chosen])

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
    usable = [(verdict.path, verdict.pixels) for verdict in seen if verdict.pixels is not None]
    if len(usable) < FEWEST:
        raise DataError(
            f"{folder}: {len(usable)} usable {role} pictures, and {FEWEST} are needed; "
            f"`pielight data check {folder} --as {role}` says why others are left out"
        )
    return Folder(picture_set([pixels for _, pixels in usable], data, log), [path for path, _ in usable])


def held_out(count: int) -> list[int]:
    """Return which of the pictures of a folder, in the order of their names, are never learned from: a fifth.

    They are taken in runs of neighbors, since pictures of one scene have names that follow each other.

    >>> held_out(10), len(held_out(200))
    ([2, 7], 40)
    """
    run = max(1, count // 20)
    return [index for index in range(count) if index // run % 5 == 2]


def enhanced(
    start: Enhancer, dark: PictureSet, fewest: int, log: Callable[[str], None] = lambda _: None,
    kept: Preparation = NOTHING,
) -> PictureSet:  # fmt: skip
    """Return dark pictures as a model brightens and denoises them, where that brings them to a good exposure.

    This is self-training (Lee, Pseudo-Label, 2013): they take the place of well-exposed pictures where a user has
    none. Those that the model leaves too dark do not count, so that they are drawn to what it does well.

    Args:
        kept: What a run that was stopped has computed of it.

    Raises:
        DataError: if fewer come out well exposed.
    """
    results = kept.result("enhanced", lambda: {"pictures": _well_exposed(start, dark, log)})["pictures"]
    if len(results) < fewest:
        raise DataError(
            f"the model brings only {len(results)} of {len(dark)} dark pictures to a good exposure, and {fewest} are "
            "needed; give well-exposed ones with --normal DIR"
        )
    return picture_set([picture.numpy() for picture in results], dark.data, log)


def _well_exposed(start: Enhancer, dark: PictureSet, log: Callable[[str], None]) -> list[Tensor]:
    """Return those of the results that are well exposed, uint8 ``(h, w, 3)``."""
    results = []
    for picture in track(dark.pictures, len(dark), "brightening the dark pictures", log):
        pixels = start(picture.numpy().transpose(1, 2, 0).copy(), denoise="auto")
        _, kind, _ = check_exposure(pixels, "well", dark.data)
        if not kind:
            results.append(torch.from_numpy(pixels))
    return results


def rehearsal(data: DataConfig) -> PictureSet:
    """Return the photographs that scikit-image ships, for what a model must not forget."""
    return picture_set([reduced(getattr(skimage.data, name)(), data.size * 5 // 4) for name in _REHEARSED], data)


def matched(dark: PictureSet, well: PictureSet, config: DarkeningConfig) -> DarkeningConfig:
    """Return physics that darkens well-exposed pictures as a user's dark ones are.

    - Exposure: the interval whose ends bring the median well-exposed picture to the mean linear light of the dark
      pictures' 10 % and 90 % quantiles, by a camera of the mean response.
    - Noise: the 10 % and 90 % quantiles of the dark pictures' shot and read noise
      (:func:`pielight.ops.noise.estimate`), at the size at which the network is trained.
    - Regions: the share of the dark pictures whose brightest tenth is well lit have a dark part instead.

    White balance is not matched: a tint of dark pictures may be that of their scenes.

    Args:
        well: Well-exposed ones, of other scenes or of the same.
        config: What stays of the physics.
    """
    contrast = torch.tensor(config.camera_response).log().mean().exp()
    linear = [_small(picture) for picture in well.pictures]
    levels = []
    for stops in _STOPS.tolist():
        seen = [camera_response(expose(camera_response(one, 1 / contrast), stops), contrast) for one in linear]
        levels.append(float(np.median([_light(one) for one in seen])))
    low, high = np.interp(np.quantile([_light(_small(one)) for one in dark.pictures], (0.1, 0.9)), levels, _STOPS)
    high = min(-0.5, high)
    noises = [estimate(picture.numpy().transpose(1, 2, 0)) for picture in dark.pictures]
    lit = sum(_brightest_tenth(_small(picture)) > _LIT for picture in dark.pictures) / len(dark)
    return dataclasses.replace(
        config,
        stops=(float(min(low, high - 1)), float(high)),
        regional=min(0.8, max(0.1, lit)),
        shot_noise=_interval([noise.shot for noise in noises], config.shot_noise[0]),
        read_noise=_interval([noise.read for noise in noises], config.read_noise[0]),
    )


def _interval(values: Sequence[object], least: float) -> tuple[float, float]:
    low, high = np.quantile([float(np.mean(np.asarray(value))) for value in values], (0.1, 0.9))
    return max(least, float(low)), max(2 * least, float(high))


def _small(picture: Tensor) -> Tensor:
    return F.interpolate(picture[None].float() / 255, (64, 64), mode="area")


def _light(picture: Tensor) -> float:
    """Return the mean linear light of a picture, in EV below white."""
    return float(torch.log2(srgb_to_linear(luma(picture)).mean().clamp_min(1e-6)))


def _brightest_tenth(picture: Tensor) -> float:
    gray = luma(picture).flatten()
    return float(gray.topk(gray.numel() // 10).values.mean())
