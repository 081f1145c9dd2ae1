"""Every kind of model is described once, by its own module."""

import onnx
import pytest

from pielight.errors import ModelError, OptionError
from pielight.inference.descriptor import KINDS, Side, TensorSpec, describe, find_model, kind_for, kind_of, kinds_for
from pielight.inference.onnx_graph import output_names
from pielight.models import shipped
from pielight.options import TASKS


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_networks_are_as_described(kind: str) -> None:
    descriptor = describe(kind)
    assert descriptor.kind == kind
    for name in descriptor.shipped:
        model = descriptor.find(name)
        graph = onnx.load(model.path).graph
        assert {one.name for one in graph.input} - {one.name for one in graph.initializer} == {
            spec.name for spec in descriptor.inputs
        }
        assert kind_of(one.name for one in graph.output) is descriptor
        assert output_names(model.path) == [one.name for one in graph.output]
        assert model.license
        assert model.is_for_research_only == (name not in ("free", "denoise"))
        descriptor.open(model.path, 1).open()
    if descriptor.shipped:
        assert descriptor.find().name == descriptor.shipped[0]
    else:
        with pytest.raises(ModelError, match=f"^{kind}: no such model"):
            descriptor.find()


def test_every_shipped_model_is_of_a_kind() -> None:
    assert sorted(name for kind in KINDS for name in describe(kind).shipped) == list(shipped())


def test_every_task_has_a_model() -> None:
    for task in TASKS:
        assert all(descriptor.task == task for descriptor in kinds_for(task))
        assert find_model(task).name in kind_for(task).shipped
    assert describe("denoise").task is None


def test_unknown_tasks_and_options() -> None:
    for task in ("snow", "denoise"):
        with pytest.raises(OptionError, match=f"task '{task}': choose brighten, dehaze, derain$"):
            find_model(task)
    with pytest.raises(OptionError, match="highlights: has no meaning for dehaze; leave it out"):
        kind_for("dehaze").check_options(highlights=True)


def test_models_for_the_task_are_named() -> None:
    for task, names in (("brighten", "free, pie"), ("dehaze", "dehaze"), ("derain", "derain")):
        with pytest.raises(ModelError, match=f"^other: no such model; .* one of: {names}$"):
            find_model(task, "other")
    with pytest.raises(ModelError, match=r"one of: denoise$"):
        describe("denoise").find("other")


def test_shapes() -> None:
    spec = TensorSpec("x", ("n", 3, Side("S", 16, 32), Side("S", 16, 32), "w"))
    assert str(spec) == "(n, 3, S, S, w) with S a number from 16 to 32, w open"
    assert spec.accepts(("n", 3, 16, 16, "w"))
    assert spec.accepts((1, 3, 32, 32, None))
    for shape in (
        (2, 3, 16, 16, "w"),
        ("n", 1, 16, 16, "w"),
        ("n", 3, 15, 15, "w"),
        ("n", 3, 33, 33, "w"),
        ("n", 3, 16, 17, "w"),
        ("n", 3, "S", "S", "w"),
        ("n", 3, 16, 16, 5),
        ("n", 3, 16, 16),
    ):
        assert not spec.accepts(shape)
    assert TensorSpec("y", (Side("3 N", 1, 9, 3),)).accepts((9,))
    assert not TensorSpec("y", (Side("3 N", 1, 9, 3),)).accepts((8,))
