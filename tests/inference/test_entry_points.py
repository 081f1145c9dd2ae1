"""Every entry point denoises, and alike."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import pielight
from pielight import CurveLattice, EnhanceOptions, Enhancer
from pielight.cli import main
from pielight.errors import ConfigError, PielightError
from pielight.evaluation.datasets.file_cache import sha256
from pielight.evaluation.methods.method import find_method, open_enhancer, parse
from pielight.inference.pipeline_files import SaveOptions
from pielight.models import DENOISER, find


@pytest.fixture(scope="module")
def enhancer(bright_model: Path) -> Enhancer:
    return Enhancer(bright_model, threads=1)


@pytest.fixture(scope="module")
def night(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grain = np.random.default_rng(0).normal(0, 4, photo.shape)
    return np.clip(photo // 3 + grain, 0, 255).astype(np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("denoise", ["auto", 0.7])
def test_entry_points_agree(enhancer: Enhancer, night: NDArray[np.uint8], tmp_path: Path, denoise: Any) -> None:
    cleaned = enhancer(night, denoise=denoise)
    assert (cleaned != enhancer(night, denoise=0)).mean() > 0.5
    assert (np.asarray(enhancer(Image.fromarray(night), denoise=denoise)) == cleaned).all()
    assert (np.asarray(Image.open(io.BytesIO(enhancer(png(night), denoise=denoise)))) == cleaned).all()
    (tmp_path / "night.png").write_bytes(png(night))
    written = enhancer.enhance_file(tmp_path / "night.png", denoise=denoise)
    assert (np.asarray(Image.open(written)) == cleaned).all()
    assert (enhancer.curves(night).apply(night, denoise=denoise) == cleaned).all()
    place = night.copy()
    enhancer.curves(night).apply(place, denoise=denoise, out=place)
    assert (place == cleaned).all()
    spec = f"pielight:model={enhancer.model.path},denoise={denoise}"
    assert (open_enhancer(parse(spec))(night) == cleaned).all()


@pytest.fixture(scope="module")
def half_denoiser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A denoiser that takes half of what the shipped one does."""
    model = onnx.load(find(DENOISER).path)
    for node in model.graph.node:
        node.output[:] = ["whole" if name == "noise" else name for name in node.output]
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(0.5), "half"))
    model.graph.node.append(onnx.helper.make_node("Mul", ["whole", "half"], ["noise"]))
    path = tmp_path_factory.mktemp("denoiser") / "mine.onnx"
    onnx.save(model, path)
    return path


def test_own_denoiser_at_every_entry_point(
    enhancer: Enhancer, half_denoiser: Path, night: NDArray[np.uint8], tmp_path: Path
) -> None:
    own = Enhancer(enhancer.model.path, threads=1, denoise_model=half_denoiser)
    cleaned = own(night, denoise=1)
    whole, without = (enhancer(night, denoise=share).astype(float) for share in (1, 0))
    assert np.abs(cleaned - (whole + without) / 2).mean() < 0.5  # between them, and neither
    assert np.abs(cleaned - whole).max() > 5
    assert (enhancer.with_denoiser(half_denoiser)(night, denoise=1) == cleaned).all()
    assert (own.with_denoiser(None)(night, denoise=1) == whole).all()
    curves = enhancer.curves(night)
    assert (curves.apply(night, threads=1, denoise=1, denoise_model=half_denoiser) == cleaned).all()
    spec = f"pielight:model={enhancer.model.path},denoise=1,denoise_model={half_denoiser}"
    assert (open_enhancer(parse(spec))(night) == cleaned).all()
    assert find_method(spec).sha256 == sha256(enhancer.model.path, half_denoiser)
    picked = pielight.enhance(night, denoise=1, denoise_model=half_denoiser)
    assert (picked == Enhancer(denoise_model=half_denoiser)(night, denoise=1)).all()
    assert (picked != pielight.enhance(night, denoise=1)).any()
    (tmp_path / "a.png").write_bytes(png(night))
    words = ["--model", str(enhancer.model.path), "--denoise", "1", "--denoise-model", str(half_denoiser), "-j", "1"]
    report = tmp_path / "run.jsonl"
    done = CliRunner().invoke(main, [str(tmp_path / "a.png"), *words, "--report", str(report)])
    assert done.exit_code == 0
    assert (np.asarray(Image.open(tmp_path / "a_pie.png")) == cleaned).all()
    run = json.loads(report.read_text().splitlines()[0])
    assert (run["denoise_model"], run["denoise_sha256"]) == ("mine", find(half_denoiser).sha256())
    sheets = []
    for name, more in (("own", words), ("shipped", words[:4])):
        sheet = tmp_path / f"{name}.png"
        assert CliRunner().invoke(main, ["compare", str(tmp_path / "a.png"), *more, "-o", str(sheet)]).exit_code == 0
        sheets.append(sheet.read_bytes())
    assert sheets[0] != sheets[1]
    facts = CliRunner().invoke(main, ["info", "--model", str(half_denoiser)])
    assert facts.exit_code == 0
    assert "mine" in facts.output


@pytest.mark.parametrize("command", ["enhance", "compare"])
def test_a_denoiser_that_cannot_serve(
    bright_model: Path, night: NDArray[np.uint8], tmp_path: Path, command: str
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no")
    (tmp_path / "calm.png").write_bytes(png(np.full_like(night, 90)))  # nothing to denoise
    words = [command, str(tmp_path / "calm.png"), "--denoise-model"]
    for name, said in (
        ("none.onnx", "none.onnx: no such model; give the path of an ONNX file, or one of: denoise"),
        ("bad.onnx", "bad.onnx: damaged, or not an ONNX model"),
        (str(bright_model), "bright.onnx: not a network to denoise pictures"),
    ):
        done = CliRunner().invoke(main, [*words, str(tmp_path / name), "--denoise", "auto"])
        assert (done.exit_code, done.output.count("\n")) == (1, 1)
        assert said in done.output
    alone = CliRunner().invoke(main, [*words, str(tmp_path / "bad.onnx"), "--denoise", "0"])
    assert alone.exit_code == 2
    assert "--denoise-model is for --denoise auto, or a number above 0." in alone.output


def test_a_denoiser_with_nothing_to_do_in_an_evaluation() -> None:
    with pytest.raises(ConfigError, match="denoise_model is for denoise=auto"):
        find_method("pielight:denoise=0,denoise_model=mine.onnx")
    with pytest.raises(PielightError, match=r"mine\.onnx: no such model"):
        find_method("pielight:denoise_model=mine.onnx")


def test_opacity_stays(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    opacity = np.tile(np.arange(night.shape[1], dtype=np.uint8), (len(night), 1))
    whole = np.dstack([night, opacity])
    result = enhancer(whole, denoise=1)
    assert (result[..., 3] == whole[..., 3]).all()
    assert (result[..., :3] == enhancer(night, denoise=1)).all()


def test_the_command_line(night: NDArray[np.uint8], enhancer: Enhancer, tmp_path: Path) -> None:
    model = ["--model", str(enhancer.model.path), "-j", "1"]
    (tmp_path / "a.png").write_bytes(png(night))
    (tmp_path / "b.png").write_bytes(png(night[:, ::-1].copy()))
    report = tmp_path / "run.jsonl"
    words = [str(tmp_path), *model, "--denoise", "auto", "-o", str(tmp_path / "out"), "--report", str(report)]
    assert CliRunner().invoke(main, words).exit_code == 0
    cleaned = enhancer(night, denoise="auto")
    assert (np.asarray(Image.open(tmp_path / "out" / "a.png")) == cleaned).all()
    assert json.loads(report.read_text().splitlines()[0])["denoise"] == "auto"
    piped = CliRunner().invoke(main, ["-", *model, "--denoise", "auto"], input=png(night))
    assert (np.asarray(Image.open(io.BytesIO(piped.stdout_bytes))) == cleaned).all()
    sheet = ["compare", str(tmp_path / "a.png"), *model, "--denoise", "0.5", "-o", str(tmp_path / "sheet.png")]
    assert CliRunner().invoke(main, sheet).exit_code == 0


@pytest.mark.parametrize("value", ["2", "-1", "some", "nan", ""])
def test_nonsense_on_the_command_line(tmp_path: Path, value: str) -> None:
    done = CliRunner().invoke(main, [str(tmp_path / "a.png"), "--denoise", value])
    assert done.exit_code == 2
    assert f"denoise {value!r} is neither auto nor a number from 0 to 1." in done.output


def test_nonsense_elsewhere(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    for image in (night, png(night), Image.fromarray(night)):
        with pytest.raises(PielightError, match="denoise 3: must be 'auto', or a number"):
            enhancer(image, denoise=3)
        text: Any = "0.5"  # as it would come from a form
        with pytest.raises(PielightError, match=r"denoise '0\.5': must be 'auto', or a number"):
            enhancer(image, denoise=text)


def test_strength_0_is_the_identity(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    assert (enhancer(night, 0, denoise=1) == night).all()


def test_auto_changes_no_bit_of_a_clean_picture(enhancer: Enhancer) -> None:
    smooth = np.repeat(np.linspace(90, 160, 300)[:, np.newaxis, np.newaxis], 200, 1).repeat(3, 2).astype(np.uint8)
    assert (enhancer(smooth) == enhancer(smooth, denoise=0)).all()


def test_16_bits_stay_16_bits(enhancer: Enhancer, night: NDArray[np.uint8]) -> None:
    deep = enhancer(night.astype(np.uint16) * 257, denoise=1)
    assert deep.dtype == np.uint16
    assert len(np.unique(deep % 257)) > 200
    assert np.abs(deep / 257 - enhancer(night, denoise=1).astype(float)).mean() < 1.5


@pytest.mark.parametrize("value", ["2", "some"])
def test_nonsense_in_an_evaluation(value: str) -> None:
    with pytest.raises(ConfigError, match=f"denoise {value!r} is neither auto nor a number from 0 to 1"):
        open_enhancer(parse(f"pielight:denoise={value}"))


def neutral(dtype: type) -> NDArray[Any]:
    scene = np.add.outer(np.linspace(0.05, 0.2, 150), np.linspace(0, 0.1, 210))[..., np.newaxis]
    grain = np.random.default_rng(0).normal(0, 0.02, scene.shape)
    scale = 1 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return (np.clip(scene + grain, 0, 1) * scale).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("denoise", ["auto", 0.25, 1])
def test_gray_stays_gray(dtype: type, denoise: Any) -> None:
    gray = neutral(dtype)
    lattice = CurveLattice(np.full((8, 3, 4, 4), -0.4))
    cleaned = lattice.apply(gray.repeat(3, 2), threads=1, denoise=denoise)
    assert (cleaned == cleaned[..., :1]).all()
    assert (cleaned != lattice.apply(gray.repeat(3, 2), threads=1, denoise=0)).mean() > 0.5
    alone = lattice.apply(gray, threads=1, denoise=denoise)
    step = 1e-6 if gray.dtype.kind == "f" else 1
    assert np.abs(alone.astype(float) - cleaned[..., :1]).max() <= step


def test_gray_takes_the_tint_of_its_curves_alone() -> None:
    gray = neutral(np.float32).repeat(3, 2)
    alphas = np.full((8, 3, 4, 4), -0.4)
    alphas[:, 2] = -0.3
    lattice = CurveLattice(alphas)
    taken = lattice.apply(gray, threads=1, denoise=0) - lattice.apply(gray, threads=1, denoise=1)
    assert np.abs(taken - taken[..., :1]).max() < 1e-6
    assert np.abs(taken).max() > 0.02


@pytest.mark.parametrize("name", ["astronaut", "chelsea"])
def test_auto_changes_no_bit_of_a_clean_photograph(name: str) -> None:
    pixels = getattr(data, name)()
    lattice = CurveLattice(np.full((8, 3, 4, 4), -0.03))  # a quarter of black's slope more
    assert (lattice.apply(pixels) == lattice.apply(pixels, denoise=0)).all()


def test_a_palette_keeps_much_of_the_noise_and_jpeg_does_not(enhancer: Enhancer, tmp_path: Path) -> None:
    grain = np.random.default_rng(0).normal(0, 3, (96, 96, 3))
    flat = np.clip(np.linspace(8, 24, 96)[:, np.newaxis] + grain, 0, 255).astype(np.uint8)
    source = tmp_path / "few.gif"
    Image.fromarray(flat).quantize(256).save(source)

    def left(name: str) -> float:
        """Return how much of the differences between neighbors denoising leaves."""
        found = []
        for denoise in (0, 1):
            saving = SaveOptions(quality=None if name.endswith("gif") else 95)
            enhancer.enhance_and_save(source, tmp_path / name, EnhanceOptions(denoise=denoise), saving)
            found.append(np.diff(np.asarray(Image.open(tmp_path / name).convert("L"), float), axis=1).std())
        return float(found[1] / found[0])

    assert 0.3 < left("out.gif") < 0.95
    assert left("out.jpg") < 0.2
