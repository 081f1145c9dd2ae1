"""The objective of exposure maps: inversion, published photographs, brightness without pairs, and PIE on the map."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import torch
from torch import Generator, Tensor, nn

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear
from pielight.errors import DataError
from pielight.training.data.bank import Bank, build_bank
from pielight.training.data.exposure_domains import Domain, measure_domain
from pielight.training.data.exposure_samples import (
    DARKENED,
    PUBLISHED,
    REAL,
    ExposureSamples,
    Photograph,
    draw_samples,
)
from pielight.training.data.pictures import Role, check_sources, usable
from pielight.training.data.preparation import Preparation, checksum
from pielight.training.data.toy import write_toy_pictures
from pielight.training.degradations.bag_of_curves import bag, negatives
from pielight.training.degradations.curve_families import Side
from pielight.training.export.model_files import NO_RECORD, RunRecord, save_model
from pielight.training.export.onnx import exposure_onnx
from pielight.training.networks.exposure_net import Estimate, ExposureNet, render
from pielight.training.networks.features import GRAM_LAYERS, VGGFeatures, load_features
from pielight.training.objectives.exposure_terms import TERMS, Batch, Outputs
from pielight.training.objectives.objective import Log, Objective
from pielight.training.schedules import PREPARATION, step_generator
from pielight.training.schema import DomainConfig, ExposureConfig, ExposureDataConfig, OptimizerConfig
from pielight.training.schema.config_file import as_yaml

_DIM, _DIM_WEIGHT = 1.0, 5.0  # published photographs whose canonical exposure exceeds so many EV are drawn more often
_CAST = 0.1  # deviation of the logarithm of each channel's gain, which a sample is drawn with
_DARK, _PUBLISHED = 1 / 3, 0.21  # shares of a batch
_FEATURES = 2  # pictures of a step that pass VGG16, which is most of its cost
_PAIRS = 16  # positives, and negatives, that a picture is compared with at a step
_BAD_MEAN, _BAD_DEVIATION = 2.0, 1.5  # EV


class ExposureTraining(Objective[Batch]):
    """Trains :class:`pielight.training.networks.exposure_net.ExposureNet` without pairs.

    ``L = sum_k w_k L_k`` over :data:`~pielight.training.objectives.exposure_terms.TERMS`, w the weights in ``losses``.
    All samples are drawn, darkened and measured before the first step
    (:mod:`pielight.training.data.exposure_samples`). With c the canonical exposure of a thumbnail, d what the network
    adds and y the thumbnail exposed by c + d: inversion and published photographs draw y to the target. Real dark
    pictures have none; y is as bright as well-exposed pictures of their domain on the mean. PIE's three constraints
    speak of these, too: y lies nearer to well-exposed photographs than to their Bag of Curves, d is one for a region,
    and y shows what the picture showed.
    """

    report_every = 50

    def __init__(self, config: ExposureConfig) -> None:
        super().__init__(config)
        self._photographs: list[Photograph] = []
        self._samples: ExposureSamples
        self._darkened: Tensor
        self._darkened_weights: Tensor
        self._published: Tensor
        self._published_weights: Tensor
        self._domains: list[Domain]
        self._bank: Bank
        self._features: VGGFeatures | None = None

    def build(self, log: Log) -> nn.Module:
        """Return the network.

        Raises:
            DataError: if a folder is missing.
            ModelError: if VGG16's weights are needed and missing.
        """
        check_sources((*self.config.data.well, *self.config.data.dark))
        self._features = load_features(self.config.vgg_weights, log) if self.config.reads_features else None
        return ExposureNet(self.config.width)

    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:
        """Read the photographs, uint8 ``(3, h, w)``.

        Raises:
            DataError: if a folder has none that is usable.
        """
        data = self.config.data
        found = self._read(data.published, "well", log, Photograph)
        for index, domain in enumerate(data.domains):
            of_domain = partial(Photograph, domain=index)
            found += self._read(domain.well, "well", log, of_domain)
            found += self._read(domain.fused, "well", log, partial(of_domain, even=True))
            found += self._read(domain.dark, "dark", log, partial(of_domain, kind=REAL))
        self._photographs = found
        published = [one.pixels for one in found if one.kind == PUBLISHED]
        real = [one.pixels for one in found if one.kind == REAL]
        log(f"{len(published)} published photographs, {len(real)} dark ones")
        if not published:
            raise DataError("no usable published photograph; `pielight data check` says why")
        return {"well": published, "dark": real}

    def _read(
        self, folders: Sequence[str], role: Role, log: Log, make: Callable[[Tensor], Photograph]
    ) -> list[Photograph]:
        if not folders:
            return []
        kept = usable(folders, role, self.config.data.limits, log)
        return [make(torch.from_numpy(pixels.transpose(2, 0, 1).copy())) for pixels in kept]

    def prepare(self, network: nn.Module, log: Log, folder: Path | None = None) -> None:
        """Draw the samples, measure how bright each domain's well-exposed pictures are, and compute the bank."""
        config = self.config
        self._samples = samples = draw_samples(
            self._photographs, config.darkening, config.seed, log, self._kept_samples(folder)
        )
        self._photographs = []  # samples are all that is left of them
        log(f"{len(samples)} samples")
        measured = [measure_domain(samples, index) for index in range(len(config.data.domains))]
        self._domains = [domain for domain in measured if domain is not None]
        self._darkened, positives = samples.of(DARKENED), samples.of(PUBLISHED)
        weights = torch.tensor([*(domain.weight for domain in config.data.domains), 1.0])  # the last of those of none
        self._darkened_weights = weights[samples.domain[self._darkened]]
        self._published = positives
        self._published_weights = 1 + (_DIM_WEIGHT - 1) * (samples.statistics[positives, -1] > _DIM)
        of_domains = positives[samples.domain[positives] >= 0]
        generator = step_generator(config.seed, PREPARATION)
        vgg = None if self._features is None else self._features.to(self.device)
        counted = dataclasses.replace(config, bank=config.bank if vgg is not None else 1)
        kept = Preparation(folder, checksum(as_yaml(counted), [[samples.targets]], [vgg], self.device))
        made = [partial(_negatives, side=side) for side in ("under", "over")]
        self._bank = build_bank(
            lambda pictures, labels, config, generator: pictures, made, counted,
            samples.take(of_domains if len(of_domains) else positives), vgg, generator, self.device, log, kept,
        )  # fmt: skip

    def _kept_samples(self, folder: Path | None) -> Preparation:
        """Return what keeps the samples: the run's folder, or the one that runs share."""
        config = self.config
        settings = repr(
            (as_yaml(config.darkening), config.seed, [(one.domain, one.kind, one.even) for one in self._photographs])
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # what was drawn before does not count
            key = checksum(settings, [[one.pixels for one in self._photographs]], [], torch.device("cpu"))
        if config.data.cache is None:
            return Preparation(folder, key)
        return Preparation(Path(config.data.cache).expanduser() / key[:16], key)

    def draw(self, step: int) -> Batch:  # noqa: D102
        config, samples, generator = self.config, self._samples, step_generator(self.config.seed, step)
        dark = round(_DARK * config.batch) if self._domains else 0
        published = round(_PUBLISHED * config.batch)
        chosen = [
            _weighted(self._darkened, self._darkened_weights, config.batch - dark - published, generator),
            _weighted(self._published, self._published_weights, published, generator),
        ]
        domains = []
        for (first, last), domain in zip(pairwise(_shares(dark, len(self._domains))), self._domains, strict=True):
            drawn_here = torch.randint(len(domain.dark), (last - first,), generator=generator)
            chosen.append(domain.dark[drawn_here])
            domains.append((last - first, domain))
        batch = _varied(samples.take(torch.cat(chosen)), generator)
        return Batch(
            batch.to(self.device), len(chosen[0]), len(chosen[1]), domains,
            self._bank.positives.draw(_PAIRS, generator), self._bank.negatives.draw(_PAIRS, generator),
        )  # fmt: skip

    def outputs(self, network: nn.Module, batch: Batch, only: Collection[str] | None = None) -> Outputs:
        """Return what the terms of the loss are computed from."""
        samples = batch.samples
        thumbnails = samples.thumbnails.float()
        canonical = samples.statistics[:, -1].view(-1, 1, 1, 1)

        def run(thumbnails: Tensor, statistics: Tensor, canonical: Tensor) -> tuple[Tensor, ...]:
            with torch.no_grad():
                seen = render(thumbnails, canonical)
            with self.autocast():
                estimate = cast("ExposureNet", network).estimate(seen, statistics)
            parts = [item.float() for item in estimate]
            return seen, render(thumbnails, canonical + parts[0]), *parts

        seen, rendered, *parts = self.in_parts(network, run, thumbnails, samples.statistics, canonical)
        found = Outputs(self.config, batch, seen, rendered, samples.targets.float(), Estimate(*parts), {}, None)
        return self._with_features(found, only)

    def _with_features(self, outputs: Outputs, only: Collection[str] | None) -> Outputs:
        """Return the outputs with features of the first few anchors of each domain, where a term needs them."""
        contrast, content = (self._weighs(name, only) for name in ("contrastive", "feature_preservation"))
        if self._features is None or not (contrast or content):
            return outputs
        after, before = outputs.rendered[outputs.anchors], outputs.seen[outputs.anchors]
        few = torch.linspace(0, len(after) - 1, min(len(after), _FEATURES)).round().long()
        last = "relu4_3" if content else GRAM_LAYERS[-1]
        with self.autocast():
            features = {name: item.float() for name, item in self._features(after[few], last).items()}
            with torch.no_grad():
                kept = self._features(before[few])["relu4_3"].float() if content else None
        return dataclasses.replace(outputs, features=features, content=kept)

    def _weighs(self, name: str, only: Collection[str] | None) -> bool:
        return getattr(self.config.losses, name) > 0 and (only is None or name in only)

    def terms(self, network: nn.Module, batch: Batch, only: Collection[str] | None = None) -> dict[str, Tensor]:  # noqa: D102
        outputs = self.outputs(network, batch, only)
        chosen = {name: term(outputs) for name, term in TERMS.items() if self._weighs(name, only)}
        return {name: term for name, term in chosen.items() if term is not None}

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:  # noqa: D102
        return torch.stack([getattr(self.config.losses, name) * term for name, term in terms.items()]).sum()

    @torch.no_grad()
    def samples(self, network: nn.Module) -> Tensor:
        """Return four darkened and four real pictures, before above after, ``(8, 3, 128, 64)``."""
        batch = self.draw(PREPARATION + 1)
        outputs = self.outputs(network.eval(), batch, only=())
        network.train()
        shown = [*range(4), *range(batch.real, batch.real + 4)] if batch.domains else list(range(8))
        return torch.cat([batch.samples.thumbnails.float(), outputs.rendered], 2)[shown[: len(outputs.rendered)]]

    def toy(self, folder: Path, steps: int) -> ExposureTraining:  # noqa: D102
        dark, well = map(str, write_toy_pictures(folder))
        unpaired = self.config.data.domains or not self.config.data.published
        domains = (DomainConfig(dark=(dark,), well=(well,)),) if unpaired else ()
        return ExposureTraining(dataclasses.replace(
            self.config, name="smoke", steps=steps, batch=18,
            bank=16, vgg_weights="random", precision="no", checkpoint_minutes=60.0, out=str(folder / "run"),
            data=ExposureDataConfig(published=() if domains else (well,), domains=domains, min_size=64),
            darkening=dataclasses.replace(self.config.darkening, versions=1),
            optimizer=OptimizerConfig(lr=1.5e-3, warmup_steps=5, ema_decay=0.9),
        ))  # fmt: skip

    @torch.no_grad()
    def start_badly(self, network: nn.Module, batch: Batch) -> None:
        """Redraw the weights so that the map is loud noise that over-exposes; a fresh network keeps the exposure."""
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
        local = network.get_submodule("local")
        assert isinstance(local, nn.Conv2d)
        exposure = self.outputs(network.eval(), batch, only=()).estimate.local
        local.weight *= _BAD_DEVIATION / exposure.std().clamp_min(1e-8)
        level = network.get_submodule("level")
        assert isinstance(level, nn.Linear)
        level.weight.zero_()
        local.get_parameter("bias").fill_(_BAD_MEAN)
        network.eval()  # no unit is left out by chance

    def export(self, network: nn.Module, folder: Path, record: RunRecord = NO_RECORD) -> None:
        """Write the network, the weights and the card."""
        save_model(network, self.config.recipe, lambda: exposure_onnx(network), self.config, folder, record)


def _negatives(pictures: Tensor, labels: Tensor, config: Any, generator: Generator, side: Side) -> Tensor:
    return negatives(pictures, labels, bag("mild"), side, generator)


def _weighted(indices: Tensor, weights: Tensor, count: int, generator: Generator) -> Tensor:
    """Draw indices by their weights; none from none."""
    if len(indices) == 0:
        return indices
    return indices[torch.multinomial(weights, count, replacement=True, generator=generator)]


def _shares(count: int, parts: int) -> list[int]:
    """Return where each of so many parts begins, and the end.

    >>> _shares(32, 3)
    [0, 11, 21, 32]
    """
    return [round(count * part / parts) for part in range(parts + 1)] if parts else [0]


def _varied(samples: ExposureSamples, generator: Generator) -> ExposureSamples:
    """Mirror half of the samples, and give each of them a cast in linear light, with its target."""
    count = len(samples)
    mirrored = torch.rand(count, generator=generator) < 0.5
    gains = torch.exp(_CAST * torch.randn((count, 3, 1, 1), generator=generator))
    gains = gains / gains.mean(1, keepdim=True)

    def turned(values: Tensor) -> Tensor:
        return torch.where(mirrored.view(-1, *[1] * (values.dim() - 1)), values.flip(-1), values)

    def tinted(pictures: Tensor) -> Tensor:
        return linear_to_srgb((srgb_to_linear(pictures.float()) * gains).clamp(0, 1))

    return dataclasses.replace(
        samples, thumbnails=tinted(turned(samples.thumbnails)), targets=tinted(turned(samples.targets)),
        regions=turned(samples.regions),
    )  # fmt: skip
