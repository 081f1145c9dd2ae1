"""Enhancer and downstream model as one module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

from pielight.errors import ModelError


class JointModel(nn.Module):
    """A downstream model behind an enhancer.

    Args:
        enhancer: Maps pictures ``(N, 3, H, W)`` in [0, 1] to the same; None leaves them as they are.
        downstream: Maps them to its outputs.

    >>> bright, outputs = JointModel(None, nn.AvgPool2d(2))(torch.zeros(1, 3, 4, 6))
    >>> outputs.shape
    torch.Size([1, 3, 2, 3])
    """

    def __init__(self, enhancer: nn.Module | None, downstream: nn.Module) -> None:
        super().__init__()
        self.enhancer, self.downstream = enhancer, downstream

    def forward(self, pictures: Tensor) -> tuple[Tensor, Any]:
        """Return the enhanced pictures and the downstream model's outputs for them."""
        bright = pictures if self.enhancer is None else self.enhancer(pictures)
        return bright, self.downstream(bright)

    def learns(self, who: str, settled: bool = False) -> None:
        """Let ``enhancer``, ``downstream`` or ``both`` learn; what does not is frozen, its statistics included.

        Args:
            who: Of the three.
            settled: Whether statistics of batch normalization stay as they are where both learn. Those of a few dark
                and clean pictures at a time take a trained model from what it knew of clean ones.
        """
        for name, part in self.named_children():
            chosen = who in (name, "both")
            part.requires_grad_(chosen)
            part.train(chosen)
        if who == "both" and settled:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                    module.eval()


def named_tensors(outputs: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor of a model's outputs with a name: of a tensor, a list or tuple, or a dict.

    Raises:
        ModelError: if something else is in them.

    >>> [name for name, _ in named_tensors({"a": torch.zeros(1), "b": (torch.zeros(1), torch.zeros(1))})]
    ['a', 'b_0', 'b_1']
    """
    if isinstance(outputs, Tensor):
        yield "output", outputs
        return
    if not isinstance(outputs, dict | list | tuple):
        raise ModelError(f"downstream: returned {type(outputs).__name__}; expected tensors, in a list or dict or alone")
    for key, value in outputs.items() if isinstance(outputs, dict) else enumerate(outputs):
        for name, tensor in named_tensors(value):
            yield (str(key) if isinstance(value, Tensor) else f"{key}_{name}"), tensor


class Flat(nn.Module):
    """A module whose outputs are one tuple of tensors, as an export wants it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return every tensor of the outputs."""
        return tuple(tensor for _, tensor in named_tensors(self.module(pictures)))
