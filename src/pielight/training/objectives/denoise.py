"""The objective of the denoiser: noise by physics on patches of clean photographs, to be taken out again."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from pielight.training import processes
from pielight.training.data.pictures import usable
from pielight.training.data.toy import write_toy_pictures
from pielight.training.degradations.low_light_noise import DenoisingBatch, denoising_batch
from pielight.training.export.model_files import NO_RECORD, RunRecord, save_model
from pielight.training.export.onnx import as_onnx
from pielight.training.networks.denoise_net import AsApplied, DenoiseNet, cells_of, pictures_of
from pielight.training.networks.weights import fill, read_weights
from pielight.training.objectives.objective import Log, Objective
from pielight.training.schedules import sample_generator
from pielight.training.schema import DataConfig, DenoiseConfig


class Denoise(Objective[DenoisingBatch]):
    """Learns what of an enhanced picture is noise.

    With e the error of a denoised pixel, ``error`` is the mean of |e|, ``color`` that of what is left of e without
    its gray part, since blotches of color are minded most, and ``detail`` that of the difference of e between
    neighbors, which grain and the borders of cells make large.
    """

    report_every = 100

    def __init__(self, config: DenoiseConfig, pictures: Sequence[Tensor] = ()) -> None:
        super().__init__(config)
        self._pictures = pictures
        if config.weights:
            self.weight_files = {"denoiser": Path(config.weights)}

    def build(self, log: Log) -> nn.Module:  # noqa: D102
        network = DenoiseNet()
        for source in self.weight_files.values():
            fill(network, read_weights(source), source)
        return network

    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:
        """Read the clean photographs, uint8 ``(3, h, w)``.

        Raises:
            DataError: if a folder has none.
        """
        log("reading the pictures")
        photographs = usable(self.config.data.well, "well", self.config.data, log)
        self._pictures = [torch.from_numpy(one.transpose(2, 0, 1).copy()) for one in photographs]
        log(f"{len(self._pictures)} well-exposed pictures")
        return {"well": self._pictures}

    def draw(self, step: int) -> DenoisingBatch:  # noqa: D102
        config = self.config

        def sample(index: int) -> DenoisingBatch:
            generator = sample_generator(config.seed, step, index)
            clean = random_patches(self._pictures, 1, config.patch_size, generator)
            return denoising_batch(clean, config.noise, generator)

        samples = processes.share(range(config.batch), sample)
        return DenoisingBatch(*(torch.cat(items).to(self.device) for items in zip(*samples, strict=True)))

    def terms(  # noqa: D102
        self, network: nn.Module, batch: DenoisingBatch, only: Collection[str] | None = None
    ) -> dict[str, Tensor]:

        def run(noisy: Tensor, level: Tensor) -> Tensor:
            with self.autocast():
                return pictures_of(network(cells_of(noisy), level)).float()

        noise = self.in_parts(network, run, batch.noisy, batch.level)
        error = batch.noisy - noise - batch.clean
        return {
            "error": error.abs().mean(),
            "color": (error - error.mean(1, keepdim=True)).abs().mean(),
            "detail": (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2,
        }

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:  # noqa: D102
        weighted: Tensor = (
            terms["error"] + self.config.color_weight * terms["color"] + self.config.gradient_weight * terms["detail"]
        )
        return weighted

    @torch.no_grad()
    def samples(self, network: nn.Module) -> Tensor:
        """Return four patches ``(4, 3, 2 * patch, patch)``, noisy above denoised."""
        batch = self.draw(0)
        noisy, level = batch.noisy[:4], batch.level[:4]
        return torch.cat([noisy, noisy - pictures_of(network(cells_of(noisy), level))], 2)

    def toy(self, folder: Path, steps: int) -> Denoise:  # noqa: D102
        well = write_toy_pictures(folder)[1]
        return Denoise(dataclasses.replace(
            self.config, name="smoke", steps=steps, batch=4, patch_size=32, checkpoint_minutes=60.0,
            out=str(folder / "run"), weights=None, data=DataConfig(well=(str(well),), min_size=64, well_shadows=0.0),
        ))  # fmt: skip

    def export(self, network: nn.Module, folder: Path, record: RunRecord = NO_RECORD) -> None:
        """Write the network as it is applied, the weights and the card."""
        save_model(network, self.config.recipe, lambda: denoiser_onnx(network), self.config, folder, record)


def denoiser_onnx(network: nn.Module) -> bytes:
    """Return a network as an ONNX file that takes pictures of any even number of cells."""
    cells = torch.zeros(1, 48, 4, 6)
    example = {
        "cells": cells,
        "level": cells[:, :3],
        "share": cells[:, :1],
        "chroma": cells[:, :1],
        "mix": torch.eye(3),
    }
    free = {name: {0: "n", 2: "h", 3: "w"} for name in ("cells", "level", "share", "chroma", "noise")}
    return as_onnx(AsApplied(network).eval(), example, ("noise",), free)


def random_patches(pictures: Sequence[Tensor], count: int, side: int, generator: Generator) -> Tensor:
    """Cut patches at random places, turned and mirrored at random.

    Args:
        pictures: uint8 ``(3, h, w)``, h and w at least ``side``.

    Returns:
        ``(N, 3, side, side)`` in [0, 1].
    """

    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    patches = []
    for _ in range(count):
        picture = pictures[draw(len(pictures))]
        top, left = draw(picture.shape[1] - side + 1), draw(picture.shape[2] - side + 1)
        patch = torch.rot90(picture[:, top : top + side, left : left + side], draw(4), (1, 2))
        patches.append(patch.flip(2) if draw(2) else patch)
    return torch.stack(patches).float() / 255
