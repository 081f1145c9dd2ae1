"""Kinds of models: the task, inputs and outputs, options and size limits of each, and the class that runs it.

To add a kind, write one file in this package, which holds its ``DESCRIPTOR`` and the class that runs the network, and
add the file's name to :data:`KINDS`; nothing else. Several kinds can have the same task: the outputs of an ONNX file
tell which kind it is, and the first kind in :data:`KINDS` that is shipped has the default model. The command line,
evaluation and the records in results read the rest from the descriptor. Tasks stand in
:data:`pielight.options.TASKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from pielight.errors import ModelError, OptionError
from pielight.inference.onnx_graph import output_names
from pielight.models import Model, find, path_of
from pielight.options import TASKS

# Modules of this package, imported at first use.
KINDS = ("exposure_map", "curve_lattice", "haze_lattice", "rain_layer", "denoise")


@dataclass(frozen=True)
class Side:
    """The length of one side of a tensor, within limits.

    Attributes:
        name: In messages.
        least: At least.
        most: At most; None is without limit.
        multiple: The length is a multiple of it.
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
        task: What it restores pictures from, one of :data:`pielight.options.TASKS`; None for denoising.
        purpose: What it does, to end "a network to ...".
        shipped: Names of the shipped models of this kind; the first is the default. May be none.
        inputs: Of its network.
        outputs: Of its network; their names tell it from networks of other kinds.
        network: The class that runs it.
        options: Those of ``highlights``, ``auto``, ``denoise``, ``device``, ``target_ev``, ``black``, ``warmth`` and
            ``tint`` that it knows; all know ``strength``.
        highlights: Protection of highlights where none is asked for.
    """

    kind: str
    task: str | None
    purpose: str
    shipped: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    network: Callable[[ModelDescriptor, Path, int | None], Any]
    options: frozenset[str] = frozenset()
    highlights: float = 0.0

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(spec.name for spec in self.outputs)

    def find(self, name_or_path: str | Path | None = None) -> Model:
        """Find a shipped model of this kind by name, or a user's own by the path of its ONNX file; None is the default.

        Raises:
            ModelError: There is no such model.

        >>> describe("denoise").find().name
        'denoise'
        """
        return find(name_or_path, next(iter(self.shipped), self.kind), sorted(self.shipped))

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

        >>> describe("haze_lattice").check_options(denoise=True, auto=True)
        >>> describe("rain_layer").check_options(denoise=True)
        Traceback (most recent call last):
            ...
        pielight.errors.OptionError: denoise: has no meaning for derain; leave it out
        """
        for option, is_given in given.items():
            if is_given and option not in self.options:
                others = kinds_for(self.task) if self.task else []
                model = " with this model" if any(option in other.options for other in others) else ""
                raise OptionError(f"{option}: has no meaning for {self.task or self.kind}{model}; leave it out")

    def check_tensors(self, path: Path, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Check the inputs and outputs of an ONNX file, by name, with ``name``, ``type`` and ``shape`` each.

        Raises:
            ModelError: They are those of another kind of network, or out of limits.
        """
        if set(inputs) != {spec.name for spec in self.inputs} or not set(self.output_names) <= set(outputs):
            other = kind_of(outputs)
            hint = f"; it is for --task {other.task}" if other and other.task else ""
            raise ModelError(
                f"{path}: not a network to {self.purpose} (inputs {list(inputs)}, outputs {list(outputs)}){hint}"
            )
        for tensor in (*inputs.values(), *(outputs[name] for name in self.output_names)):
            if tensor.type != "tensor(float)":
                raise ModelError(f"{path}: {tensor.name} is {tensor.type}; expected tensor(float)")
        for spec in self.inputs:
            check_shape(path, spec, inputs[spec.name].shape)


@cache
def describe(kind: str) -> ModelDescriptor:
    """Return the descriptor of one of :data:`KINDS`.

    >>> describe("rain_layer").output_names
    ('rain',)
    """
    descriptor: ModelDescriptor = import_module(f"pielight.inference.{kind}").DESCRIPTOR
    return descriptor


def kinds_for(task: str) -> list[ModelDescriptor]:
    """Return the kinds of models for a task, those that are shipped first; the first one has the default model.

    Raises:
        OptionError: There is no such task.

    >>> sorted(descriptor.kind for descriptor in kinds_for("brighten"))
    ['curve_lattice', 'exposure_map']
    """
    if task not in TASKS:
        raise OptionError(f"task {task!r}: choose {', '.join(TASKS)}")
    kinds = [descriptor for descriptor in map(describe, KINDS) if descriptor.task == task]
    return sorted(kinds, key=lambda descriptor: not descriptor.shipped)


def kind_of(outputs: Iterable[str]) -> ModelDescriptor | None:
    """Return the kind of a network by the names of its outputs, or None if there is no such kind.

    >>> kind_of(["rain"]).task, kind_of(["logits"])
    ('derain', None)
    """
    names = set(outputs)
    return next((descriptor for descriptor in map(describe, KINDS) if names.issuperset(descriptor.output_names)), None)


def kind_for(task: str, name_or_path: str | Path | None = None) -> ModelDescriptor:
    """Return which of a task's kinds a model is, by the outputs of its ONNX file.

    Args:
        task: One of :data:`pielight.options.TASKS`.
        name_or_path: A shipped model by name, or a user's own by the path of its ONNX file; None is the default.

    Returns:
        The task's first kind if the file holds none of them or cannot be read: opening it reports that.

    Raises:
        OptionError: There is no such task.

    >>> kind_for("derain").kind
    'rain_layer'
    """
    kinds = kinds_for(task)
    if len(kinds) == 1 or name_or_path is None:
        return kinds[0]
    kind = kind_of(output_names(path_of(name_or_path)))
    return kind if kind in kinds else kinds[0]


def find_model(task: str, name_or_path: str | Path | None = None) -> Model:
    """Find a shipped model for a task by name, or a user's own by the path of its ONNX file; None is the default.

    Raises:
        OptionError: There is no such task.
        ModelError: There is no such model.

    >>> find_model("brighten").name
    'pie'
    """
    kinds = kinds_for(task)
    return find(name_or_path, kinds[0].shipped[0], sorted(name for kind in kinds for name in kind.shipped))


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


def _fits(length: int | str | None, side: int | str | Side) -> bool:
    if isinstance(side, int):
        return length == side
    if isinstance(side, Side):
        is_within = isinstance(length, int) and side.least <= length and (side.most is None or length <= side.most)
        return is_within and not int(length or 0) % side.multiple
    return not isinstance(length, int) or (side, length) == ("n", 1)
