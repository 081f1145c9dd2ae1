"""A task: what spoils pictures, which network mends them, and what the network learns from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Generator, Tensor, nn

if TYPE_CHECKING:
    from pielight.training.data.bank import Exposures
    from pielight.training.schema import TrainConfig


@dataclass(frozen=True)
class Step:
    """What the terms of the loss see of one step; every picture is of the side ``data.loss_size``."""

    config: TrainConfig
    before: Tensor
    """Spoiled pictures ``(N, 3, h, w)`` in [0, 1]: real ones, or where there are none, made by physics."""
    after: Tensor
    """What the network makes of them."""
    labels: Tensor
    """Their regions ``(N, h, w)``."""
    damaged: Tensor
    """Good pictures that physics spoiled ``(M, 3, h, w)``."""
    restored: Tensor
    """What the network makes of them."""
    target: Tensor
    """What should come back of them."""
    outputs: Tensor
    """What the network returned for all ``N + M`` of them."""
    positive: Exposures
    """Good pictures of the bank."""
    negative: Exposures
    """The same, spoiled by physics at several strengths."""
    features: Mapping[str, Tensor]
    """VGG16's features of ``after``, or of the first few; none where no term needs them."""
    content: Tensor | None
    """Its relu4_3 of ``before``, likewise."""
    judge: nn.Module | None
    """Says by how many stops an exposure is off."""


Term = Callable[[Step], Tensor | None]
Spoil = Callable[[Tensor, Tensor, "TrainConfig", Generator], Tensor]


@dataclass(frozen=True)
class Task:
    """One kind of damage and its remedy; everything else (data, bank, loop, checkpoints, cards) is shared.

    Attributes:
        name: As in ``task:`` of a configuration.
        spoil: The physics as a batch operation: good pictures ``(N, 3, S, S)`` in [0, 1], their regions ``(N, h, w)``,
            the settings and the source of all randomness, to spoiled pictures ``(N, 3, S, S)`` and what should come
            back of them ``(N, 3, h, w)``. Learning by inversion.
        negatives: The same physics at several strengths, one function each, for the contrast: good pictures
            ``(N, 3, h, w)`` to spoiled ones. They play the Bag of Curves' part.
        positives: What good pictures become before they are positives.
        build: Makes the network, which maps pictures ``(N, 3, S, S)`` to its outputs.
        render: Lays outputs over pictures: pictures ``(N, 3, h, w)`` and outputs to mended ones, differentiably.
        encode: Writes the network, which sees a side of S pixels, as the ONNX file that the doors open.
        terms: The terms of the loss, by the names of their weights in ``losses``; a term that returns None is left out.
        spatial: Whether the network returns maps of the size of what it sees; ``data.loss_size`` is ``data.size`` then.
        door: What the doors call the task, as in ``pielight --task dehaze``.
        defaults: Settings that differ from those of :class:`pielight.training.schema.TrainConfig`.
    """

    name: str
    spoil: Callable[[Tensor, Tensor, TrainConfig, Generator], tuple[Tensor, Tensor]]
    negatives: Sequence[Spoil]
    build: Callable[[TrainConfig], nn.Module]
    render: Callable[[Tensor, Tensor], Tensor]
    encode: Callable[[nn.Module, TrainConfig], bytes]
    terms: Mapping[str, Term]
    positives: Spoil = field(default=lambda pictures, labels, config, generator: pictures)
    spatial: bool = False
    door: str = "brighten"
    defaults: Mapping[str, Any] = field(default_factory=dict)
