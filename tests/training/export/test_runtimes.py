"""Every runtime gives pielight's own results, or says why not.

Covers ``pielight.training.export``: ``runtimes`` and ``parity``, and ``pielight.training.export.targets``: ``onnx``,
``torchscript``, ``ncnn``, ``litert``, ``executorch`` and ``coreml``.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from pielight.core.extras import PACKAGES, require
from pielight.errors import DataError, MissingExtraError, ModelError, OptionError, PictureError
from pielight.training.export.graph import Graph, make_graph, read_network
from pielight.training.export.parity import LIMITS, PICTURES, compare, pictures
from pielight.training.export.runtimes import RUNTIMES, export, precisions, size_of
from pielight.training.export.targets import coreml
from pielight.training.networks.exposure_net import ExposureNet

HALF = 0.31e6  # bytes of a map in half precision


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 20 pictures of the report, small."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, pixels in pictures(None, (320, 256)):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def skip_without(runtime: str) -> None:
    extra = f"export-{runtime}"
    try:
        require(extra if extra in PACKAGES else "train")
    except MissingExtraError as error:
        pytest.skip(f"{runtime}: {error.package} is not installed")


def graph_of(what: Any) -> tuple[Graph, Path]:
    network, path = read_network("pie")
    return make_graph(network, what, 320, 256), path


def cases() -> list[Any]:
    """Maps in all precisions, and whole graphs in two runtimes."""
    maps = [(to, precision, "map") for to in RUNTIMES for precision in precisions(to) if RUNTIMES[to].open_file]
    whole = [(to, "fp32", "full") for to in ("onnx", "ncnn")]
    return [*maps, *whole]


@pytest.mark.parametrize(("to", "precision", "what"), cases())
def test_results_are_pielights_own(to: str, precision: Any, what: str, folder: Path, tmp_path: Path) -> None:
    skip_without(to)
    graph, network = graph_of(what)
    path = tmp_path / f"model{RUNTIMES[to].suffix}"
    export(graph, to, precision, path, network, folder)
    if what == "map":
        assert size_of(path) <= (0.6e6 if precision == "fp32" else HALF + 0.1e6 * (to == "torchscript"))
    open_file = RUNTIMES[to].open_file
    assert open_file is not None
    rows = list(compare(graph, open_file(path, graph, 1), network, folder))
    assert len(rows) == PICTURES
    assert max(row.worst for row in rows) <= LIMITS.get(precision, 8)
    assert min(row.psnr for row in rows) >= 40
    assert sum(row.psnr < np.inf for row in rows) > 10  # they do something


def test_errors_name_the_file_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, network = graph_of("map")
    with pytest.raises(OptionError, match=r"pie\.onnx: the model that is read"):
        export(graph, "onnx", "fp32", network, network)
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(PictureError, match="a folder; name a file"):
        export(graph, "onnx", "fp32", tmp_path / "folder.onnx", network)

    def fail(**_: object) -> None:
        raise PermissionError(13, "Permission denied", ".export-abc")

    monkeypatch.setattr("tempfile.TemporaryDirectory", fail)
    with pytest.raises(PictureError, match=r"x\.onnx: cannot be written \(Permission denied\)"):
        export(graph, "onnx", "fp32", tmp_path / "x.onnx", network)


def test_graphs_have_no_operation_that_phones_stumble_on(tmp_path: Path) -> None:
    for what in ("map", "full"):
        graph, network = graph_of(what)
        export(graph, "onnx", "fp32", tmp_path / "a.onnx", network)
        kinds = {node.op_type for node in onnx.load(tmp_path / "a.onnx").graph.node}
        assert not kinds & {"Pad", "TopK", "Pow", "Where", "Shape", "Mod", "If", "Loop", "GatherND", "NonZero", "Sort"}


def test_what_a_runtime_lacks_is_said(tmp_path: Path) -> None:
    graph, network = graph_of("map")
    for to, runtime in RUNTIMES.items():
        for precision, reason in runtime.lacks.items():
            with pytest.raises(OptionError, match=reason):
                export(graph, to, precision, tmp_path / "a", network)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_converter_that_fails_is_an_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pnnx")

    def failing(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 139, "", "something\nsegmentation fault")

    monkeypatch.setattr(subprocess, "run", failing)
    graph, network = graph_of("map")
    with pytest.raises(ModelError, match=r"pnnx fails \(segmentation fault\)"):
        export(graph, "ncnn", "fp32", tmp_path / "a.param", network)
    assert not list(tmp_path.iterdir())


def test_other_errors_of_converters_are_ours(tmp_path: Path) -> None:
    broken = Graph("map", ExposureNet(), {"thumbnail": (1, 3, 64, 64)}, ("exposure",))
    with pytest.raises(ModelError, match="the converter of torchscript fails"):
        export(broken, "torchscript", "fp32", tmp_path / "a.pt", Path("pie.onnx"))


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    graph, network = graph_of("map")
    (tmp_path / "file").write_text("")
    with pytest.raises(PictureError, match="cannot be written"):
        export(graph, "onnx", "fp32", tmp_path / "file" / "a.onnx", network)


@pytest.mark.slow
def test_core_ml(folder: Path, tmp_path: Path) -> None:
    skip_without("coreml")
    graph, network = graph_of("map")
    path = tmp_path / "a.mlpackage"
    for precision in ("fp32", "int8"):  # the second one replaces the first
        export(graph, "coreml", precision, path, network, folder)  # type: ignore[arg-type]
    assert size_of(path) <= HALF
    with pytest.raises(OptionError, match="more than half precision holds"):
        export(graph_of("full")[0], "coreml", "fp16", path, network)
    with pytest.raises(ModelError, match="another graph"):
        coreml.check(path, Graph("map", graph.module, graph.inputs, ("other",)))


def test_damaged_files_of_ncnn(tmp_path: Path) -> None:
    pytest.importorskip("ncnn")
    (tmp_path / "a.param").write_text("no")
    (tmp_path / "a.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="damaged"):
        RUNTIMES["ncnn"].open_file(tmp_path / "a.param", graph_of("map")[0], 1)  # type: ignore[misc]


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "broken.png").write_bytes(b"no")
    with pytest.raises(DataError, match="holds no picture"):
        list(pictures(tmp_path, None))
    for place in range(PICTURES + 3):
        Image.new("L", (30, 20), place).save(tmp_path / f"{place:02}.png")
    found = list(pictures(tmp_path, (64, 32)))
    assert [name for name, _ in found] == [f"{place:02}.png" for place in range(PICTURES)]
    assert {pixels.shape for _, pixels in found} == {(32, 64, 3)}
