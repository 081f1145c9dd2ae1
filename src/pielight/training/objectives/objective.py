"""The interface of the trainer: what an objective prepares, what its loss is, and what it exports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from pielight.training.export.model_files import RunRecord, exported
from pielight.training.parts import run_in_parts

Log = Callable[[str], None]
B = TypeVar("B")


def ignore(_: object) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Validation:
    """What held-out pictures say of the averaged weights."""

    score: float
    """Higher is better."""
    fault: str
    """Why the run should end at once, or empty."""
    measured: Any
    """What is reported."""


class Objective(ABC, Generic[B]):
    """One kind of training: the trainer calls ``build``, ``read``, ``prepare``, ``loss`` at every step, and ``export``.

    Args:
        settings: The user's settings: name, seed, steps, out, optimizer and what the objective needs.

    Attributes:
        config: The settings by which the trainer works; fine-tuning resolves them in ``build``.
        device: Where the network is; the trainer sets it before ``read``.
        report_every: Steps between two reports, and between two validations.
        patience: Validations without a better score after which the run ends; 0 is no limit.
        best_score: Score that a validation has to exceed for its weights to be kept.
        channels_last: Whether the network is trained in this memory format, which takes two thirds of the time.
        exports_by_validation: Whether ``export`` needs what is prepared.
        weight_files: Files of weights that the run starts from, by role; they must stay the same.
    """

    report_every: int = 20
    patience: int = 0
    best_score: float = float("-inf")
    channels_last: ClassVar[bool] = False
    exports_by_validation: ClassVar[bool] = False
    weight_files: Mapping[str, Path] = {}

    def __init__(self, settings: Any) -> None:
        self.settings: Any = settings
        self.config: Any = settings
        self.device = torch.device("cpu")

    @property
    def identity(self) -> Any:
        """The settings that the folder of a run stores, and compares when it resumes."""
        return self.settings

    @abstractmethod
    def build(self, log: Log) -> nn.Module:
        """Return the fresh network, on the CPU; what is wrong with the settings is refused before a folder is made."""

    @abstractmethod
    def read(self, log: Log) -> dict[str, Sequence[Tensor]]:
        """Read the pictures and return them by role, uint8."""

    def prepare(self, network: nn.Module, log: Log, folder: Path | None = None) -> None:
        """Compute what all steps share.

        Args:
            network: As built, before it is trained.
            log: Called with a line at each stage, and from time to time.
            folder: Where a run keeps what it has computed until it is done; None keeps nothing.
        """

    def autocast(self) -> torch.autocast:
        """Return the precision in which networks run, by ``precision``."""
        kind = torch.float16 if self.config.precision == "fp16" else torch.bfloat16
        return torch.autocast(self.device.type, kind, enabled=self.config.precision != "no")

    def in_parts(self, network: nn.Module, function: Callable[..., Any], *inputs: Tensor) -> Any:
        """Run a function of the samples of a batch, each process some of them, in as many portions as settings say."""
        return run_in_parts(network, function, inputs, self.config.accumulation)

    @abstractmethod
    def draw(self, step: int) -> B:
        """Return the batch of a step, on the device and in every process; it follows from the seed and the step."""

    @abstractmethod
    def terms(self, network: nn.Module, batch: B, only: Collection[str] | None = None) -> dict[str, Tensor]:
        """Return the unweighted terms of the loss that weigh anything, by name; ``only`` some of them.

        What learns is run :meth:`in_parts`, terms are computed from the whole batch.
        """

    @abstractmethod
    def total(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms."""

    def loss(self, network: nn.Module, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weighted loss of a step, and the unweighted terms that are reported."""
        terms = self.terms(network, self.draw(step))
        return self.total(terms), terms

    def parameter_groups(self, network: nn.Module) -> list[dict[str, Any]]:
        """Return what learns, as torch's optimizers take it, and the learning rate of each group as ``lr``."""
        return [{"params": list(network.parameters()), "lr": self.config.optimizer.lr}]

    def samples(self, network: nn.Module) -> Tensor | None:
        """Return pictures before and after ``(N, 3, H, W)`` for the log, or None."""
        return None

    def validate(self, network: nn.Module, step: int, log: Log) -> Validation | None:
        """Measure the averaged weights on held-out pictures; None if the objective does not validate."""
        return None

    def toy(self, folder: Path, steps: int) -> Objective[B]:
        """Return this objective on toy pictures, which are written into a folder, as small as a smoke run wants it."""
        raise NotImplementedError

    def start_badly(self, network: nn.Module, batch: B) -> None:
        """Change a fresh network so that every term of the loss is far above its least value."""

    @abstractmethod
    def export(self, network: nn.Module, folder: Path, record: RunRecord) -> None:
        """Write the model files.

        Args:
            network: With the averaged weights, on the CPU.
            record: What is known of the run.
        """

    def is_exported(self, folder: Path) -> bool:
        """Return whether a folder holds every model file of the run."""
        return exported(self.config.name, folder)
