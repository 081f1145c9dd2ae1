"""The objective of joint training: the enhancer in front of a downstream model, each or both of which learn."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import convert_to_fp32
from torch import Tensor, nn

from pielight.ops.exposure_torch import apply_exposure
from pielight.training import processes
from pielight.training.data import annotated
from pielight.training.data.annotated import ExampleSet, load_examples
from pielight.training.data.pictures import check_sources
from pielight.training.export.joint_files import is_complete, save_models
from pielight.training.export.model_files import NO_RECORD, RunRecord
from pielight.training.losses.reconstruction import noise_loss
from pielight.training.networks.features import check_features
from pielight.training.networks.joint_model import JointModel, load_enhancer
from pielight.training.objectives.downstream_model import DownstreamModel, load_downstream, try_out
from pielight.training.objectives.exposure import ExposureTraining
from pielight.training.objectives.exposure_terms import Batch
from pielight.training.objectives.objective import Log, Objective
from pielight.training.schedules import EXAMPLES, sample_generator, step_generator
from pielight.training.schema import ExposureConfig, JointConfig

_REPORTED = (
    "inversion",
    "underexposed",
    "regional_consistency",
    "feature_preservation",
    "contrastive",
)  # of the constraints
_PARTS = ("task", "distillation", "constraints", "denoising")


JointBatch = tuple[annotated.Batch, Batch | None]
"""Examples, and what the constraints are computed from."""


class JointTraining(Objective[JointBatch]):
    """Trains enhancer and downstream model.

    ``L = w_task L_task(D(E(y))) + w_d L_distillation(D(E(y)), D_0(x)) + w_c L_PIE(E) + w_n L_noise(E(y))``: E the
    enhancer, D the downstream model and D_0 itself as it was at first, x clean pictures and y the same darkened, L_PIE
    the loss of :class:`~pielight.training.objectives.exposure.ExposureTraining` and L_noise
    :func:`pielight.training.losses.reconstruction.noise_loss`.
    """

    def __init__(self, config: JointConfig) -> None:
        super().__init__(config)
        if config.downstream.weights:
            self.weight_files = {"downstream": Path(config.downstream.weights)}
        self._constraints: ExposureTraining | None = None
        self._downstream: DownstreamModel
        self._examples: ExampleSet
        self._start: ExposureConfig | None = None  # of the enhancer
        self._teacher: nn.Module

    def build(self, log: Log) -> nn.Module:
        """Load the downstream model and the enhancer; code that the settings name is run.

        Raises:
            DataError: if a folder of the constraints is missing.
            ModelError: if weights cannot be read, or the constraints need VGG16 and none is named.
            ConfigError: if there is no such module or function.
        """
        config, constraints = self.config, self.config.constraints
        constrained = config.constrained and config.enhances
        if constrained:  # before any work
            check_sources((*constraints.dark, *(constraints.well or (config.data.clean,))))
            if constraints.reads_features:
                check_features(constraints.vgg_weights)
        self._downstream = load_downstream(config.downstream)
        enhancer = None
        if config.enhances:
            enhancer, self._start = load_enhancer(config.enhancer, config.denoise)
            if constrained:
                self._constraints = ExposureTraining(config.enhancement(self._start.width))
                self._constraints.build(log)
        return JointModel(enhancer, self._downstream.module)

    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:
        """Read the examples and run the downstream model on a few of them.

        Raises:
            DataError: if pictures, labels or boxes are missing or wrong.
            ModelError: if outputs cannot be scored.
        """
        config = self.config
        self._examples = examples = load_examples(
            config.data, config.downstream.classes, config.downstream.ignore_index
        )
        left = f"; {examples.left} without an entry in {config.data.boxes} left out" if examples.left else ""
        log(f"{len(examples.pictures)} clean pictures{left}")
        some = examples.batch(config.batch, config.darkening, step_generator(config.seed, EXAMPLES))
        try_out(self._downstream, some, config.weights.task > 0, config.weights.distillation > 0)
        return {"clean": examples.pictures, "target": examples.known or []}

    def prepare(self, network: nn.Module, log: Log, folder: Path | None = None) -> None:
        """Compute what the constraints need, keep a copy of the downstream model, and freeze what does not learn."""
        config = self.config
        if self._constraints is not None:
            log("PIE's constraints:")
            self._constraints.device = self.device
            self._constraints.read(log)
            self._constraints.prepare(network, log, folder)
        self._teacher = copy.deepcopy(self._downstream.module).requires_grad_(False).eval().to(self.device)
        _joint(network).learns(config.train, settled=bool(config.downstream.weights))

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:  # noqa: D102
        rates = {"enhancer": self.config.optimizer.lr, "downstream": self.config.downstream.lr}
        return [
            {"params": [item for item in part.parameters() if item.requires_grad], "lr": rates[name]}
            for name, part in network.named_children()
            if self.config.train in (name, "both")
        ]

    def draw(self, step: int) -> JointBatch:  # noqa: D102
        config = self.config

        def sample(index: int) -> annotated.Batch:
            generator = sample_generator(config.seed, EXAMPLES + 1 + step, index)
            return self._examples.batch(1, config.darkening, generator)

        examples = annotated.joined(list(processes.share(range(config.batch), sample))).to(self.device)
        return examples, self._constraints.draw(step) if self._constraints else None

    def terms(self, network: nn.Module, batch: JointBatch, only: Collection[str] | None = None) -> dict[str, Tensor]:
        """Return the parts of the loss, and some terms of the constraints, which are reported."""
        weights, model, (examples, constrained) = self.config.weights, _joint(network), batch
        enhancer: Any = model.enhancer
        size = (examples.dark.shape[-2], examples.dark.shape[-1])
        bright, outputs = self.in_parts(model, partial(self._run, model), examples.dark)
        taught = weights.distillation > 0 or self._downstream.compares
        with torch.no_grad():
            clean = self.in_parts(self._teacher, partial(self._run, self._teacher), examples.clean) if taught else None
        terms: dict[str, Tensor] = {}
        reported: dict[str, Tensor] = {}
        if weights.task:
            terms["task"] = self._downstream.loss(outputs, examples.targets, clean, size)
        if weights.distillation:
            terms["distillation"] = self._downstream.distillation(outputs, clean, size)
        if self._constraints is not None and constrained is not None:
            reported = self._constraints.terms(enhancer.network, constrained)
            terms["constraints"] = self._constraints.total(reported)
        if self.config.learns_to_denoise:
            with torch.no_grad():
                noiseless = apply_exposure(examples.noiseless, enhancer.exposure(examples.dark))
            terms["denoising"] = noise_loss(bright, noiseless)
        return terms | {name: reported[name] for name in _REPORTED if name in reported}

    def _run(self, model: nn.Module, pictures: Tensor) -> Any:
        with self.autocast():
            return convert_to_fp32(model(pictures))

    def total(self, terms: Mapping[str, Tensor]) -> Tensor:  # noqa: D102
        parts = [getattr(self.config.weights, name) * terms[name] for name in _PARTS if name in terms]
        return torch.stack(parts).sum()

    @torch.no_grad()
    def samples(self, network: nn.Module) -> Tensor | None:
        """Return darkened examples above enhanced ones ``(N, 3, 2 * height, width)``; None without an enhancer."""
        enhancer = _joint(network).enhancer
        if enhancer is None:
            return None
        dark = self._examples.batch(4, self.config.darkening, step_generator(self.config.seed, EXAMPLES)).dark
        dark = dark.to(self.device)
        return torch.cat([dark, enhancer(dark)], 2)

    def export(self, network: nn.Module, folder: Path, record: RunRecord = NO_RECORD) -> None:
        """Write the models that learned and the graphs that they are parts of, see ``joint.model_files``."""
        save_models(_joint(network), self.config, self._start, folder, record)

    def is_exported(self, folder: Path) -> bool:  # noqa: D102
        return is_complete(self.config, folder)


def _joint(network: nn.Module) -> JointModel:
    assert isinstance(network, JointModel)
    return network
