"""A second kind of model for brightening takes one module and one entry of ``descriptor.KINDS``."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from pielight import EnhanceOptions, Enhancer, ModelError, OptionError
from pielight.cli import main
from pielight.evaluation.methods.pielight_method import PIELIGHT
from pielight.evaluation.methods.spec import Spec
from pielight.inference import descriptor
from pielight.inference.descriptor import ModelDescriptor, TensorSpec, kind_for
from pielight.inference.lattice import THUMBNAIL, Lattice, LatticeNetwork, node_sides
from pielight.ops.lut import levels
from pielight.options import BRIGHTEN


@dataclass(frozen=True)
class ExposureLattice(Lattice):
    """Gains (h, w), by which a picture is exposed longer: ``y = min(1, (1 + s (e - 1)) x)``."""

    exposure: NDArray[np.float32]

    @property
    def nodes(self) -> tuple[int, int]:
        return self.exposure.shape[0], self.exposure.shape[1]

    def faded(self, share: float) -> "ExposureLattice":
        return ExposureLattice(1 + np.float32(share) * (self.exposure - 1))

    def evaluate(self, options: EnhanceOptions, at: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        x = levels() if at is None else at
        gains = self.faded(options.strength).exposure[..., np.newaxis, np.newaxis]
        return np.repeat((gains * x).clip(0, 1).astype(np.float32), 3, axis=2)


class ExposureNetwork(LatticeNetwork):
    def _lattice(self, outputs: list[NDArray[np.float32]]) -> Lattice:
        return ExposureLattice(outputs[0][0, 0])

    def _gate(self, thumbnail: NDArray[Any]) -> float:
        return 1.0


DESCRIPTOR = ModelDescriptor(
    kind="exposure_lattice",
    task=BRIGHTEN,
    purpose="brighten pictures by exposure",
    shipped=(),
    inputs=(THUMBNAIL,),
    outputs=(TensorSpec("exposure", ("n", 1, *node_sides())),),
    network=ExposureNetwork,
    options=frozenset({"auto", "denoise", "device"}),
)


@pytest.fixture
def exposure_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make the kind known, and write a network that returns gains of 2."""
    monkeypatch.setitem(sys.modules, "pielight.inference.exposure_lattice", SimpleNamespace(DESCRIPTOR=DESCRIPTOR))  # type: ignore[arg-type]
    monkeypatch.setattr(descriptor, "KINDS", (*descriptor.KINDS, "exposure_lattice"))
    gains = onnx.numpy_helper.from_array(np.full((1, 1, 2, 3), 2, np.float32), "gains")
    tensors = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("thumbnail", (1, 3, 32, 32)), ("exposure", (1, 1, 2, 3)))
    ]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["gains"], ["exposure"])], "exposure", tensors[:1], tensors[1:], [gains]
    )
    path = tmp_path / "exposure.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
    yield path
    descriptor.describe.cache_clear()


def test_a_model_of_the_second_kind_enhances(exposure_model: Path) -> None:
    dark = np.full((30, 40, 3), 50, np.uint8)
    enhancer = Enhancer(exposure_model, threads=1)
    assert (enhancer(dark) == 100).all()
    assert (enhancer(dark, 0.5) == 75).all()
    assert isinstance(enhancer.curves(dark), ExposureLattice)
    record = dict(enhancer.record(EnhanceOptions()).options)
    assert record["Task"] == "brighten"
    assert "Highlights" not in record
    method = PIELIGHT.enhancer(Spec("", "", "pielight", f"model={exposure_model}"))
    assert (method(dark) == 100).all()


def test_models_of_other_kinds_stay(exposure_model: Path, haze_model: Path, bright_model: Path) -> None:
    dark = np.full((30, 40, 3), 50, np.uint8)
    assert (Enhancer(threads=1)(dark) == Enhancer("pie", threads=1)(dark)).all()
    assert kind_for(BRIGHTEN, "pie").kind == kind_for(BRIGHTEN).kind == "exposure_map"
    assert kind_for(BRIGHTEN, bright_model).kind == "curve_lattice"
    with pytest.raises(ModelError, match="it is for --task dehaze"):
        Enhancer(haze_model, threads=1)(dark)
    with pytest.raises(ModelError, match="it is for --task brighten"):
        Enhancer(exposure_model, threads=1, task="dehaze")(dark)


def test_options_that_the_second_kind_lacks(exposure_model: Path) -> None:
    with pytest.raises(OptionError, match=r"^highlights: has no meaning for brighten with this model; leave it out$"):
        Enhancer(exposure_model)(np.zeros((4, 4), np.uint8), highlights=1)


def test_the_command_takes_the_second_kind(exposure_model: Path, tmp_path: Path) -> None:
    Image.fromarray(np.full((30, 40, 3), 50, np.uint8)).save(tmp_path / "a.png")
    main([str(tmp_path / "a.png"), "--model", str(exposure_model), "-q"], standalone_mode=False)
    with Image.open(tmp_path / "a_pie.png") as result:
        assert np.asarray(result).max() == 100
