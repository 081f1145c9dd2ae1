"""The torch module: like ``pielight.enhance``, differentiable, saved and loaded, in loaders, compiled and exported."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from skimage import data
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import pielight
from pielight import Enhancer
from pielight.errors import ModelError, OptionError, PielightError
from pielight.models import find
from pielight.nn import Enhance
from pielight.training.networks.dce_net import DCENet
from pielight.training.networks.exposure_net import ExposureNet
from pielight.training.objectives.exposure import ExposureTraining
from pielight.training.objectives.restoration import Restoration
from pielight.training.schema import ExposureConfig, TrainConfig

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def pie() -> Enhance:
    return Enhance.from_pretrained("pie")


def trained(folder: Path) -> Path:
    """Return the weights of a small network of exposures, as training writes them."""
    config = ExposureConfig(name="tiny", training_data="photos of mine", license="CC0", width=0.5)
    torch.manual_seed(0)
    network = ExposureNet(config.width)
    for layer in (network.level, network.local):
        nn.init.normal_(layer.weight, std=0.05)
    ExposureTraining(config).export(network, folder)
    return folder / "tiny.safetensors"


def darkened(stops: float, side: int = 200) -> np.ndarray:
    light = data.astronaut()[:side, : side + 56] / 255.0
    return np.rint((light**2.2 * 2.0**stops) ** (1 / 2.2) * 255).astype(np.uint8)


def tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize("stops", [0.0, -2.0, -4.0])
@pytest.mark.parametrize(("strength", "highlights"), [(1.0, 0.5), (0.4, 0.0), (1.5, 1.0)])
def test_it_enhances_as_inference_does(stops: float, strength: float, highlights: float) -> None:
    pixels = darkened(stops)
    module = Enhance.from_pretrained("pie", strength=strength, highlights=highlights)
    with torch.no_grad():
        found = module(tensor(pixels))[0].permute(1, 2, 0).numpy() * 255
    expected = pielight.enhance(pixels, strength, highlights, denoise=0).astype(float)
    difference = np.abs(found - expected)
    assert difference.mean() < 0.4  # rounding to 8 bits alone makes 0.25
    assert difference.max() < 5


@pytest.mark.parametrize("size", [(256, 200), (300, 40), (100, 75), (1, 1)], ids=str)
def test_small_pictures_as_floats_are_those_of_inference(size: tuple[int, int], pie: Enhance) -> None:
    small = np.array(Image.fromarray(darkened(-4.0)).resize(size), np.float32) / 255
    with torch.no_grad():
        found = pie(torch.from_numpy(small).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    assert np.abs(found - pielight.enhance(small, denoise=0)).max() < 1 / 255


def test_auto_of_exposures_leaves_well_exposed_pictures_alone(pie: Enhance) -> None:
    lit = tensor(darkened(0.0))
    with torch.no_grad():
        torch.testing.assert_close(pie(lit), lit, rtol=0, atol=1e-5)
        assert (Enhance.from_pretrained("pie", auto=False)(lit) - lit).mean() > 0.01


def test_shapes_and_types(pie: Enhance) -> None:
    batch = torch.rand(2, 3, 33, 47) * 0.2
    assert pie(batch).shape == batch.shape
    torch.testing.assert_close(pie(batch[0]), pie(batch)[0])
    assert pie(batch[:, :, :1, :1]).shape == (2, 3, 1, 1)
    for wrong in (torch.zeros(2, 1, 8, 8), torch.zeros(8, 8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8)):
        with pytest.raises(PielightError, match="expected \\(N, 3, H, W\\) or \\(3, H, W\\)"):
            pie(wrong)
    for options in ({"strength": -2.0}, {"strength": 2.0}, {"highlights": 2.0}, {"width": 0.0}):
        with pytest.raises(PielightError):
            Enhance(**options)


def test_gradients_reach_pictures_and_weights() -> None:
    module = Enhance.from_pretrained("pie").train()
    pictures = torch.rand(1, 3, 24, 40) * 0.3
    pictures[..., :4, :4] = 0
    pictures.requires_grad_()
    module(pictures).mean().backward()
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()
    assert pictures.grad.abs().sum() > 0
    gradients = [parameter.grad for parameter in module.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


def test_save_and_load(pie: Enhance, tmp_path: Path) -> None:
    module = Enhance.from_pretrained("free", strength=0.7)
    folder = tmp_path / "mine"
    module.save_pretrained(folder)
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Kodak" in card
    assert "Apache-2.0" in card
    again = Enhance.from_pretrained(folder)
    assert (again.strength, again.training) == (0.7, False)
    dark = torch.rand(1, 3, 40, 40) * 0.1
    torch.testing.assert_close(again(dark), module(dark), rtol=0, atol=0)
    assert Enhance.from_pretrained(str(folder), strength=1.0).strength == 1.0
    from_file = Enhance.from_pretrained(find("pie").path.with_suffix(".safetensors"))
    torch.testing.assert_close(from_file(dark), pie(dark), rtol=0, atol=0)


def test_weights_that_training_exports(tmp_path: Path) -> None:
    module = Enhance.from_pretrained(trained(tmp_path))
    assert (module.name, module.training_data, module.license) == ("tiny", "photos of mine", "CC0")
    module.save_pretrained(tmp_path / "saved")
    card = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert "Trained on: photos of mine" in card
    assert "License: CC0" in card
    again = Enhance.from_pretrained(tmp_path / "saved")
    assert (again.training_data, again.license) == ("photos of mine", "CC0")
    pixels = darkened(-4.0)
    found = module(tensor(pixels))[0].permute(1, 2, 0).detach().numpy() * 255
    expected = pielight.Enhancer(tmp_path / "tiny.onnx", threads=1)(pixels, denoise=0).astype(float)
    assert np.abs(found - expected).mean() < 1


def test_weights_of_curves_are_refused(tmp_path: Path) -> None:
    Restoration(TrainConfig(name="curves")).export(DCENet(), tmp_path)
    with pytest.raises(ModelError, match="not the weights of an exposure map"):
        Enhance.from_pretrained(tmp_path / "curves.safetensors")


def test_shipped_weights_tell_their_data_and_terms(pie: Enhance) -> None:
    for name, words, license in (("pie", "SICE", "research"), ("free", "", "Apache-2.0")):
        module = Enhance.from_pretrained(name)
        assert words in module.training_data
        assert license in module.license


def test_former_names_of_arguments(tmp_path: Path) -> None:
    with pytest.warns(DeprecationWarning, match="data is now training_data"):
        module = Enhance(data="photos", terms="CC0")
    assert (module.training_data, module.license) == ("photos", "CC0")
    module.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    former = {key: value for key, value in config.items() if key not in ("training_data", "license")}
    (tmp_path / "config.json").write_text(json.dumps(former), encoding="utf-8")
    with pytest.warns(DeprecationWarning, match="terms license"):
        assert Enhance.from_pretrained(tmp_path).license == "CC0"


def test_what_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name, reason in (
        ("somebody/nothing", r"shipped model \(free, pie\)"),
        ("denoise", "denoise: no model that brightens; choose one of free, pie"),
        ("dehaze", "dehaze: no model that brightens"),
        ("derain", "derain: no model that brightens"),
        ("nosuch", r"nosuch: no folder of save_pretrained and no shipped model \(free, pie\); a repository on the"),
        (tmp_path / "none.safetensors", "no such file"),
    ):
        with pytest.raises(ModelError, match=reason) as error:
            Enhance.from_pretrained(name, local_files_only=True)
        assert "\n" not in str(error.value)
    Enhance().save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    save_file({key: value for key, value in weights.items() if "level" not in key}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"model\.safetensors: damaged, or the weights of another network"):
        Enhance.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(weights))  # never read: pickles run code
    with pytest.raises(ModelError):
        Enhance.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"width": 99}))
    with pytest.raises(PielightError):
        Enhance.from_pretrained(tmp_path)


def test_wrong_options_are_value_errors_and_not_about_weights() -> None:
    with pytest.raises(OptionError, match=r"^strength 9: must lie"):
        Enhance.from_pretrained("pie", strength=9)
    for options in ({"strength": 9}, {"strength": -9}, {"highlights": 2}, {"width": 9}):
        with pytest.raises(ValueError, match=next(iter(options))):
            Enhance(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="divide uint8 by 255"):
        Enhance()(torch.zeros(3, 40, 60, dtype=torch.uint8))


def test_a_repository_that_no_name_can_have_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_, **__: pytest.fail("asked for"))
    monkeypatch.setattr("huggingface_hub.hub_mixin.hf_hub_download", lambda *_, **__: pytest.fail("asked for"))
    with pytest.raises(ModelError, match="is named owner/name"):
        Enhance.from_pretrained("nosuch")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_any_precision_comes_back_as_it_came(pie: Enhance, dtype: torch.dtype) -> None:
    dark = torch.from_numpy(darkened(-4, 96) / 255.0).permute(2, 0, 1).to(dtype)
    with torch.no_grad():
        result = pie(dark)
        assert result.dtype == dtype
        assert torch.equal(result, pie(dark.float()).to(dtype))


class Photos(Dataset[Tensor]):
    """Dark pictures, enhanced by the workers of a loader."""

    def __init__(self, enhance: nn.Module) -> None:
        self.enhance = enhance

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tensor:
        torch.set_num_threads(1)
        with torch.no_grad():
            enhanced: Tensor = self.enhance(torch.full((3, 20, 24), 0.02 * (index + 1)))
        return enhanced


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_a_loader_enhance(pie: Enhance, start: str) -> None:
    loader = DataLoader(Photos(pie), batch_size=2, num_workers=1, multiprocessing_context=start)
    batches = torch.cat(list(loader))
    assert batches.shape == (4, 3, 20, 24)
    torch.testing.assert_close(batches[0], pie(torch.full((3, 20, 24), 0.02)))


def test_it_goes_into_a_sequence(pie: Enhance) -> None:
    module = nn.Sequential(nn.AvgPool2d(2), pie, nn.Conv2d(3, 4, 3, padding=1))
    assert module(torch.rand(2, 3, 32, 48) * 0.1).shape == (2, 4, 16, 24)
    assert any(key.startswith("1.network.") for key in module.state_dict())


@pytest.mark.parametrize(
    ("highlights", "backend", "dynamic"),
    [(0.0, "eager", True), (1.0, "eager", True), (1.0, "aot_eager", False)],  # open sizes ahead of time: see the next
)
def test_compiled(highlights: float, backend: str, dynamic: bool) -> None:
    torch.compiler.reset()
    pie = Enhance.from_pretrained("pie", highlights=highlights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.compile(pie, fullgraph=True, backend=backend, dynamic=dynamic)
        with torch.no_grad():
            for shape in ((2, 3, 40, 56), (3, 3, 64, 48))[: 1 + dynamic]:
                dark = torch.rand(shape) * 0.1
                torch.testing.assert_close(compiled(dark), pie(dark), rtol=0, atol=1e-5)


def test_exported_with_open_sizes(pie: Enhance) -> None:
    sizes = {
        0: torch.export.Dim("n", max=8),
        2: torch.export.Dim("h", min=8, max=4096),
        3: torch.export.Dim("w", min=8, max=4096),
    }
    with torch.no_grad():
        program = torch.export.export(pie, (torch.rand(2, 3, 40, 56),), dynamic_shapes=(sizes,)).module()
        for shape in ((2, 3, 40, 56), (3, 3, 80, 33)):
            dark = torch.rand(shape) * 0.1
            torch.testing.assert_close(program(dark), pie(dark), rtol=0, atol=1e-5)


@pytest.fixture
def exposures(tmp_path: Path) -> tuple[Enhance, Path]:
    """Return a module with a network of exposures, and the same network as an ONNX file."""
    path = trained(tmp_path)
    return Enhance.from_pretrained(path), path.with_suffix(".onnx")


@pytest.mark.parametrize(("strength", "highlights", "auto"), [(1.0, 0.0, False), (-0.5, 0.0, True), (1.5, 1.0, False)])
def test_exposures_are_those_of_the_enhancer(
    exposures: tuple[Enhance, Path], strength: float, highlights: float, auto: bool
) -> None:
    module, path = exposures
    module.strength, module.highlights, module.auto = strength, highlights, auto
    batch = torch.rand(3, 3, 90, 120) ** 2 * torch.tensor([1.0, 0.3, 0.05]).view(3, 1, 1, 1)
    pixels = batch.permute(0, 2, 3, 1).contiguous().numpy()
    enhancer = Enhancer(path, threads=1, auto=auto)
    expected = [enhancer(one, strength, highlights, denoise=0) for one in pixels]
    found = module(batch).permute(0, 2, 3, 1).detach().numpy()
    np.testing.assert_allclose(found, np.stack(expected), atol=2 / 255)
    maps = [enhancer.exposure(one).ev for one in pixels]
    np.testing.assert_allclose(module.exposure(batch)[:, 0].detach().numpy(), np.stack(maps), atol=0.03)


def test_exposures_pass_gradients_to_pictures_and_weights(exposures: tuple[Enhance, Path]) -> None:
    module, _ = exposures
    module.auto = False  # a network that has learned nothing is sure of nothing
    pictures = (torch.rand(2, 3, 64, 80) * 0.3).requires_grad_()
    module(pictures).mean().backward()
    assert pictures.grad is not None
    assert pictures.grad.isfinite().all()
    assert pictures.grad.abs().sum() > 0
    assert module.network.level.weight.grad.abs().sum() > 0
