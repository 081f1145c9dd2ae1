"""What a kind of model is: its purpose, inputs and outputs, the options it knows, its size limits, how it is run.

Every kind is one file of this package, named like the kind, which holds its ``DESCRIPTOR`` and the class that runs it,
and one entry of :data:`KINDS` (of :data:`pielight.options.TASKS`, if it enhances). The command line and evaluation read
the rest from the descriptor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pielight.errors import ModelError, OptionError
from pielight.models import Model, find
from pielight.options import TASKS

KINDS = (*TASKS, "denoise")  # modules of this package, imported when they are needed


@dataclass(frozen=True)
class Side:
    """The length of one side of a tensor, within limits.

    Attributes:
        name: In messages.
        least: At least.
        most: At most; None is without limit.
        multiple: Of which number the length is a multiple.
    """

    name: str
    least: int = 1
    most: int | None = None
    multiple: int = 1

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class TensorSpec:
    """A float32 input or output of a network.

    Attributes:
        name: In the ONNX file.
        shape: Of each side its length; a :class:`Side` whose length is fixed in the file, within limits; or the name of
            one that depends on the picture. ``n`` is the number of pictures, for which 1 will do.

    >>> str(TensorSpec("thumbnail", ("n", 3, Side("S", 16, 2048), Side("S", 16, 2048))))
    '(n, 3, S, S) with S a number from 16 to 2048'
    """

    name: str
    shape: tuple[int | str | Side, ...]

    def accepts(self, shape: Sequence[int | str | None]) -> bool:
        """Return whether a tensor in a file, or one that a network returns, has such a shape.

        >>> spec = TensorSpec("alphas", ("n", Side("3 N", multiple=3), 4))
        >>> spec.accepts((1, 24, 4)), spec.accepts((2, 24, 4)), spec.accepts((1, 25, 4)), spec.accepts(("n", "m", 4))
        (True, False, False, False)
        """
        lengths: dict[str, Any] = {}
        return len(shape) == len(self.shape) and all(
            _fits(length, side) and lengths.setdefault(str(side), length) == length
            for length, side in zip(shape, self.shape, strict=True)
        )

    def __str__(self) -> str:
        limits = {str(side): side for side in self.shape if isinstance(side, Side)}
        notes = [
            f"{name} up to {side.most}" if side.least == 1 else f"{name} a number from {side.least} to {side.most}"
            for name, side in limits.items()
            if side.most
        ]
        variable = [side for side in self.shape if isinstance(side, str) and side != "n"]
        notes += [f"{' and '.join(variable)} open"] if variable else []
        return f"({', '.join(map(str, self.shape))})" + (f" with {', '.join(notes)}" if notes else "")


@dataclass(frozen=True)
class ModelDescriptor:
    """A kind of model.

    Attributes:
        kind: One of :data:`KINDS`; the name of its module.
        purpose: What it does, to end "a network to ...".
        shipped: Names of the shipped models of this kind; the first is the default.
        inputs: Of its network.
        outputs: Of its network; their names tell it from networks of other kinds.
        network: The class that runs it.
        options: Those of ``highlights``, ``auto``, ``denoise`` and ``device`` that it knows; all know ``strength``.
    """

    kind: str
    purpose: str
    shipped: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    network: Callable[[ModelDescriptor, Path, int | None], Any]
    options: frozenset[str] = frozenset()

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(spec.name for spec in self.outputs)

    def find(self, name_or_path: str | Path | None = None) -> Model:
        """Find a shipped model of this kind by name, or one's own by the path of its ONNX file; None is the default.

        Raises:
            ModelError: There is no such model.

        >>> describe("brighten").find().name
        'pie'
        """
        return find(name_or_path, self.shipped[0], sorted(self.shipped))

    def open(self, path: Path, threads: int | None = None) -> Any:
        """Return the network in an ONNX file, which is opened and checked at its first use; threads may share it.

        Raises:
            ModelError: There is no such file.
        """
        return self.network(self, path, threads)

    def check_options(self, **given: bool) -> None:
        """Check that this kind of model knows the options that were given, those that are True here.

        Raises:
            OptionError: It does not.

        >>> describe("dehaze").check_options(denoise=True, auto=True)
        >>> describe("derain").check_options(denoise=True)
        Traceback (most recent call last):
            ...
        pielight.errors.OptionError: denoise: has no meaning for derain; leave it out
        """
        for option, is_given in given.items():
            if is_given and option not in self.options:
                raise OptionError(f"{option}: has no meaning for {self.kind}; leave it out")

    def check_tensors(self, path: Path, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Check the inputs and outputs of an ONNX file, by name, with ``name``, ``type`` and ``shape`` each.

        Raises:
            ModelError: They are those of another kind of network, or out of limits.
        """
        if set(inputs) != {spec.name for spec in self.inputs} or not set(self.output_names) <= set(outputs):
            other = kind_of(outputs)
            hint = f"; it is for --task {other}" if other in TASKS else ""
            raise ModelError(
                f"{path}: not a network to {self.purpose} (inputs {list(inputs)}, outputs {list(outputs)}){hint}"
            )
        for tensor in (*inputs.values(), *(outputs[name] for name in self.output_names)):
            if tensor.type != "tensor(float)":
                raise ModelError(f"{path}: {tensor.name} is {tensor.type}; expected tensor(float)")
        for spec in self.inputs:
            check_shape(path, spec, inputs[spec.name].shape)


def describe(kind: str, among: Sequence[str] = KINDS) -> ModelDescriptor:
    """Return the descriptor of a kind of model.

    Raises:
        OptionError: There is no such kind.

    >>> describe("derain").output_names
    ('rain',)
    """
    if kind not in among:
        raise OptionError(f"task {kind!r}: choose {', '.join(among)}")
    return _descriptor(kind)


def kind_of(outputs: Iterable[str]) -> str:
    """Return the kind of a network, by the names of its outputs, or nothing.

    >>> kind_of(["rain"]), kind_of(["logits"])
    ('derain', '')
    """
    names = set(outputs)
    return next((kind for kind in KINDS if names.issuperset(_descriptor(kind).output_names)), "")


def check_shape(path: Path, spec: TensorSpec, shape: Sequence[int | str | None]) -> None:
    """Check the shape of an input in a file, or of an output that the network returned.

    Raises:
        ModelError: It is another one, or out of limits.
    """
    if not spec.accepts(shape):
        raise ModelError(f"{path}: {spec.name} has shape {shape_text(shape)}; expected {spec}")


def shape_text(shape: Sequence[int | str | None]) -> str:
    """Return the shape of a tensor as text; a side of no fixed length has a name, or none.

    >>> shape_text(["n", 3, None, None])
    '(n, 3, ?, ?)'
    """
    return f"({', '.join('?' if side is None else str(side) for side in shape)})"


@cache
def _descriptor(kind: str) -> ModelDescriptor:
    descriptor: ModelDescriptor = import_module(f"pielight.inference.{kind}").DESCRIPTOR
    return descriptor


def _fits(length: int | str | None, side: int | str | Side) -> bool:
    if isinstance(side, int):
        return length == side
    if isinstance(side, Side):
        is_within = isinstance(length, int) and side.least <= length and (side.most is None or length <= side.most)
        return is_within and not int(length or 0) % side.multiple
    return not isinstance(length, int) or (side, length) == ("n", 1)
