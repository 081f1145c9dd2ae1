"""Pictures and models that the tests make themselves, and a browser to look at pages with."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pielight.enhancer import Enhancer
from pielight.io import size_limits
from pielight.ops.exposure_statistics import SEEN
from tests.tiers import SLOW

SIZE, NODES = 64, 8


@pytest.fixture(autouse=True)
def limits_of_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test the usual limits: processes that serve others lower them for good."""
    for name in ("MAX_PIXELS", "MAX_FRAMES_PIXELS"):
        monkeypatch.setattr(size_limits, name, getattr(size_limits, name))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long; coverage is not measured there, where a tracer would cost most and most work is done by
    other processes.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and SLOW & {*item.path.relative_to(here).parts, item.name.partition("[")[0]}:
            item.add_marker("slow")
        if item.get_closest_marker("slow"):
            item.add_marker("no_cover")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell below the table of coverage what it counts."""
    if config.getoption("cov_source", None):
        terminalreporter.write_line("Coverage of the tests that are not marked slow, which make quick runs.")


def _no_names(event: str, arguments: tuple[object, ...]) -> None:
    """Fail whatever looks up a network name: tests need none."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
        if host and not set(str(host)) <= set("0123456789abcdef.:"):
            raise RuntimeError(f"{event}: a test looks up {host!r}")


sys.addaudithook(_no_names)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _save_model(path: Path, alphas: NDArray[np.float32], size: int | str | None = SIZE) -> Path:
    """Write a network that answers every thumbnail with the same alphas, (1, 24, h, w)."""
    nodes = [
        helper.make_node("ReduceMean", ["thumbnail"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["constant", "nothing"], ["alphas"]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("thumbnail", TensorProto.FLOAT, ["n", 3, size, size])],
        [helper.make_tensor_value_info("alphas", TensorProto.FLOAT, ["n", *alphas.shape[1:]])],
        [
            numpy_helper.from_array(alphas.astype(np.float32), "constant"),
            numpy_helper.from_array(np.float32(0), "zero"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def save_model() -> Callable[..., Path]:
    """Give the function that writes a model of given alphas."""
    return _save_model


@pytest.fixture(scope="session")
def haze_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that sees the same haze everywhere: half of the light passes, the airlight is 0.9."""
    nodes = [
        helper.make_node("ReduceMean", ["thumbnail"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["passed", "nothing"], ["transmission"]),
        helper.make_node("Reshape", ["nothing", "flat"], ["row"]),
        helper.make_node("Add", ["air", "row"], ["airlight"]),
    ]
    constants = {
        "zero": np.float32(0), "passed": np.full((1, 4, 4, 4), 0.5, np.float32), "flat": np.array([-1, 1]),
        "air": np.full((1, 3), 0.9, np.float32),
    }  # fmt: skip
    return _save_graph(
        tmp_path_factory.mktemp("haze") / "haze.onnx", nodes, constants, {"thumbnail": ["n", 3, SIZE, SIZE]},
        {"transmission": ["n", 4, 4, 4], "airlight": ["n", 3]},
    )  # fmt: skip


@pytest.fixture(scope="session")
def rain_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that takes half of what differs from the mean of 9 x 9 pixels for rain."""
    nodes = [
        helper.make_node("AveragePool", ["picture"], ["mean"], kernel_shape=[9, 9], pads=[4] * 4),
        helper.make_node("Sub", ["picture", "mean"], ["detail"]),
        helper.make_node("Mul", ["detail", "half"], ["rain"]),
    ]
    axes = ["n", 3, "h", "w"]
    path = tmp_path_factory.mktemp("rain") / "rain.onnx"
    return _save_graph(path, nodes, {"half": np.float32(0.5)}, {"picture": axes}, {"rain": axes})


def _save_graph(
    path: Path, nodes: list[Any], constants: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Any]
) -> Path:
    def values(axes: dict[str, Any]) -> list[Any]:
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in axes.items()]

    arrays = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "toy", values(inputs), values(outputs), arrays)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def exposure_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is 90 % sure of underexposure, and adds -0.5 EV at the left to 0.5 EV at the right."""
    nodes = [
        helper.make_node("ReduceMean", ["thumbnail"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["added", "nothing"], ["exposure"]),
        helper.make_node("ReduceMean", ["statistics"], ["one"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["one", "zero"], ["none"]),
        helper.make_node("Add", ["none", "sure"], ["underexposed"]),
    ]
    added = np.broadcast_to(np.linspace(-0.5, 0.5, NODES, dtype=np.float32), (1, 1, NODES, NODES))
    constants = {"zero": np.float32(0), "added": added, "sure": np.float32(0.9)}
    return _save_graph(
        tmp_path_factory.mktemp("exposure") / "exposure.onnx", nodes, constants,
        {"thumbnail": ["n", 3, SIZE, SIZE], "statistics": ["n", SEEN]},
        {"exposure": ["n", 1, NODES, NODES], "underexposed": ["n", 1]},
    )  # fmt: skip


@pytest.fixture(scope="session")
def bright_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that brightens everything, more so at the right."""
    alphas = np.broadcast_to(np.linspace(-0.2, -0.4, NODES), (1, 24, NODES, NODES))
    return _save_model(tmp_path_factory.mktemp("model") / "bright.onnx", alphas.astype(np.float32))


@pytest.fixture(scope="module")
def enhancer(bright_model: Path) -> Enhancer:
    """An enhancer with the model that brightens everything, even what is well exposed."""
    return Enhancer(bright_model, threads=1)


@pytest.fixture(scope="session")
def photo() -> NDArray[np.uint8]:
    """A dark photograph, 96 x 128 x 3."""
    from skimage import data

    return (data.astronaut()[::5, ::4][:96] * 0.4).astype(np.uint8)


@pytest.fixture(scope="module")
def browser_flags() -> list[str]:
    """What Chromium is started with."""
    return ["--no-sandbox"]


@pytest.fixture(scope="module")
def browser(browser_flags: list[str]) -> Iterator[Any]:
    """Chromium without a screen; of the module, since Playwright's event loop would disturb others."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install -e '.[dev]'")
    found = os.environ.get("PIELIGHT_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=browser_flags)
        yield running
        running.close()
