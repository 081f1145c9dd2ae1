"""The exposure estimator: by how many stops each part of a picture is over- or under-exposed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.core.progress import track
from pielight.training.data.batches import PictureSet
from pielight.training.data.preparation import NOTHING, Preparation
from pielight.training.degradations.exposure import blur, fill_light
from pielight.training.degradations.noise import chance, quantize, sensor_noise, uniform
from pielight.training.schema import ExposureEstimatorConfig

_CELL = 16  # pixels along each side that share one estimate


class ExposureEstimator(nn.Module):
    """A small network that tells a badly exposed region from content that is dark or bright by nature.

    ``(N, 3, H, W)`` in [0, 1] to the exposure error in EV ``(N, 1, H/16, W/16)``, negative where light is missing.
    Four convolutions of stride 2, the mean over the picture added, and two more: what is in a region counts, and what
    surrounds it.

    Beyond the paper, whose brightness triplet draws every picture to the brightness of the positives.

    >>> ExposureEstimator()(torch.rand(2, 3, 64, 64)).shape
    torch.Size([2, 1, 4, 4])
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (16, 32, 48, 64)
        self.down = nn.ModuleList(
            nn.Conv2d(i, o, 3, stride=2, padding=1) for i, o in zip((6, *widths), widths, strict=False)
        )
        self.whole = nn.Linear(64, 64)
        self.mix = nn.Conv2d(64, 64, 3, padding=1)
        self.head = nn.Conv2d(64, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the exposure error in EV ``(N, 1, H/16, W/16)`` of pictures ``(N, 3, H, W)``."""
        x = torch.cat([pictures, torch.sqrt(pictures + 1e-4)], 1) - 0.5
        for convolution in self.down:
            x = F.leaky_relu(convolution(x), 0.1)
        x = x + self.whole(x.mean((2, 3)))[:, :, None, None]
        estimate: Tensor = self.head(F.leaky_relu(self.mix(x), 0.1))
        return estimate


def misexpose(
    pictures: Tensor, labels: Tensor, config: ExposureEstimatorConfig, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Expose well-exposed pictures wrongly, by known amounts.

    ``y = Q8(sRGB(min(1, 2^e (lin(x) + noise))))``, x the pictures with fill light ``config.fill``, e one error for the
    whole picture and, for half of the pictures, another one added in a random half of the regions.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, H, W)``.

    Returns:
        The pictures ``(N, 3, H, W)`` and their errors in EV ``(N, 1, H, W)``.
    """
    n, height, width = labels.shape
    keys = uniform((n, int(labels.max()) + 1), 0.0, 1.0, generator)
    part = keys.gather(1, labels.flatten(1).long()).view(n, 1, height, width)
    part = blur((part < 0.5).float(), float(uniform((1,), 0.5, width / 16, generator)))
    local = uniform((n, 1, 1, 1), -config.local_stops, config.local_stops, generator) * chance(
        (n, 1, 1, 1), 0.5, generator
    )
    error = uniform((n, 1, 1, 1), *config.stops, generator) + local * part
    good = fill_light(pictures, labels, config.fill_light)
    noisy = sensor_noise(srgb_to_linear(good), (1e-5, 1e-2), (1e-8, 1e-4), generator)
    return quantize(linear_to_srgb((noisy * torch.exp2(error)).clamp(0, 1))), error


def train_exposure_estimator(
    pictures: PictureSet, config: ExposureEstimatorConfig, generator: Generator,
    log: Callable[[str], None] = lambda _: None, kept: Preparation = NOTHING,
) -> ExposureEstimator:  # fmt: skip
    """Train an exposure estimator on well-exposed pictures and on themselves exposed wrongly.

    ``L = mean huber(J(y) - e)`` over cells of 16 x 16 pixels, e the true error's mean over the cell; no picture is
    labeled by anybody.

    Args:
        log: Called with a line from time to time, and with one on its error at the end.
        kept: What a run that was stopped has computed of it.

    Returns:
        The estimator, frozen.
    """
    trained = kept.result("estimator", lambda: _train(pictures, config, generator, log))
    estimator = ExposureEstimator()
    estimator.load_state_dict(trained["estimator"])
    if trained["errors"]:
        log(f"the exposure estimator errs by {sum(trained['errors']) / len(trained['errors']):.2f} EV")
    return estimator.requires_grad_(False).eval()


def _train(
    pictures: PictureSet, config: ExposureEstimatorConfig, generator: Generator, log: Callable[[str], None]
) -> dict[str, Any]:
    """Return the weights of an estimator, and by how much it erred in the last steps."""
    estimator = ExposureEstimator()
    optimizer = torch.optim.Adam(estimator.parameters(), config.lr)
    late: list[float] = []
    for step in track(range(config.steps), config.steps, "steps of the exposure estimator", log):
        crops, labels = pictures.batch(config.batch, generator)
        crops = F.interpolate(crops, labels.shape[-2:], mode="area")
        seen, error = misexpose(crops, labels, config, generator)
        estimate, truth = estimator(seen), F.avg_pool2d(error, _CELL)
        loss = F.huber_loss(estimate, truth)
        optimizer.param_groups[0]["lr"] = config.lr * (1 + math.cos(math.pi * step / config.steps)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step >= config.steps * 3 // 4:
            late.append((estimate - truth).abs().mean().item())
    return {"estimator": estimator.state_dict(), "errors": late}
