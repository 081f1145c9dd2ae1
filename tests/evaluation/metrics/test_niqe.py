"""NIQE: order of quality, and the value with the original parameters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.stats import gennorm
from skimage import data

from pielight.cli import main
from pielight.errors import DataError
from pielight.evaluation.metrics import METRICS
from pielight.evaluation.metrics.niqe import _asymmetric_gaussian, block_features, niqe
from pielight.evaluation.metrics.pristine import Pristine, current_pristine, read_pristine, use_pristine

SHARED = Path(__file__).parents[4] / "shared"
PARAMETERS = SHARED / "weights" / "niqe_pris_params.npz"
DARK = SHARED / "data" / "dicm_dev"
needs_parameters = pytest.mark.skipif(not PARAMETERS.exists(), reason="needs ../shared/weights")


@pytest.mark.parametrize("shape", [0.8, 1.5, 2.0, 3.0])
def test_fit_finds_the_shape_and_scale_of_drawn_values(shape: float) -> None:
    values = gennorm.rvs(shape, scale=2.0, size=200_000, random_state=0)
    found, left, right = _asymmetric_gaussian(values.reshape(400, 500))
    assert found == pytest.approx(shape, rel=0.03)
    assert left == pytest.approx(2.0, rel=0.03)
    assert right == pytest.approx(2.0, rel=0.03)


@needs_parameters
def test_prefers_the_photograph_to_its_noisy_and_its_blurred_version() -> None:
    pristine, photo = read_pristine(PARAMETERS), data.astronaut()
    noise = np.random.default_rng(0).normal(0, 25, photo.shape)
    noisy = (photo + noise).clip(0, 255).astype(np.uint8)
    blurred = gaussian_filter(photo, (3, 3, 0))
    good = niqe(photo, pristine)
    assert 2 < good < 6
    assert niqe(noisy, pristine) > good + 1
    assert niqe(blurred, pristine) > good + 1


@needs_parameters
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("astronaut", 3.0649476661849033),
        ("coffee", 4.115241615372864),
        ("chelsea", 2.625524381291432),
        ("rocket", 6.9691549749810555),
        ("camera", 3.155215748805674),
    ],
)
def test_within_two_percent_of_the_implementation_that_gives_the_authors_value(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of BasicSR 1.4.2, whose 5.72958 of its baboon.png is that of the authors' code, 5.72957."""
    monkeypatch.setenv("PIELIGHT_NIQE", "")
    use_pristine(PARAMETERS)
    assert METRICS["niqe"].measure(getattr(data, name)()) == pytest.approx(value, rel=0.02)


def test_the_second_scale_of_niqe2_is_made_of_means(monkeypatch: pytest.MonkeyPatch) -> None:
    pristine, photo = Pristine(np.full(36, 0.5), np.eye(36)), data.camera()
    monkeypatch.setattr("pielight.evaluation.metrics.niqe.current_pristine", lambda: pristine)
    photo = np.repeat(photo[..., None], 3, 2)
    assert METRICS["niqe2"].measure(photo) == niqe(photo, pristine, halving="mean")
    assert METRICS["niqe2"].measure(photo) != METRICS["niqe"].measure(photo)


@needs_parameters
@pytest.mark.skipif(not DARK.exists(), reason="needs ../shared/data")
def test_the_published_mean_of_the_dark_photographs_when_scales_are_means() -> None:
    pristine = read_pristine(PARAMETERS)
    found = [niqe(np.asarray(Image.open(path).convert("RGB")), pristine, "mean") for path in sorted(DARK.iterdir())]
    assert np.mean(found) == pytest.approx(4.75, abs=0.01)


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least two blocks"):
        niqe(np.zeros((100, 100, 3), np.uint8), Pristine(np.zeros(36), np.eye(36)))
    odd = tmp_path / "odd.npz"
    with pytest.raises(DataError, match=r"odd\.npz: no such file of NIQE's .*; expected niqe_pris_params\.npz, which"):
        read_pristine(odd)
    for content in (b"", b"PK\x03\x04 not a zip", b"text"):
        odd.write_bytes(content)
        with pytest.raises(DataError, match=r"odd\.npz: not NIQE's pristine parameters"):
            read_pristine(odd)
    np.savez(odd, mu_pris_param=np.zeros(35), cov_pris_param=np.eye(35))
    with pytest.raises(DataError, match="of shapes"):
        read_pristine(odd)
    with odd.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataError, match="pristine"):
        read_pristine(odd)


def stored(path: Path, mean: float) -> Path:
    np.savez(path, mu_pris_param=np.full((1, 36), mean), cov_pris_param=np.eye(36))
    return path


def test_parameters_come_from_the_file_that_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIELIGHT_NIQE", "")
    for mean in (1.0, 2.0):
        use_pristine(stored(tmp_path / f"{mean}.npz", mean))
        assert current_pristine().mean.tolist() == [mean] * 36
    with pytest.raises(DataError, match=r"none\.npz: no such file"):
        use_pristine(tmp_path / "none.npz")
    assert current_pristine().mean[0] == 2
    monkeypatch.setenv("PIELIGHT_NIQE", str(tmp_path / "none.npz"))
    with pytest.raises(DataError, match=r"none\.npz: no such file"):
        current_pristine()


def test_parameters_of_basicsr_are_taken_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIELIGHT_NIQE", raising=False)
    package = tmp_path / "basicsr"
    (package / "metrics").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('is not imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="niqe needs pristine parameters"):
        current_pristine()
    stored(package / "metrics" / "niqe_pris_params.npz", 3.0)
    assert current_pristine().mean[0] == 3


def photographs(folder: Path) -> list[np.ndarray]:
    """Write crops of photographs that scikit-image brings, which anybody may use."""
    folder.mkdir()
    crops = [photo[y : y + 192, x : x + 288] for photo in (data.astronaut(), data.coffee(), data.rocket())
             for y in range(0, photo.shape[0] - 191, 64) for x in range(0, photo.shape[1] - 287, 96)]  # fmt: skip
    for number, crop in enumerate(crops):
        Image.fromarray(crop).save(folder / f"{number}.png")
    return crops


def test_parameters_are_fitted_and_named_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIELIGHT_NIQE", "")
    crops = photographs(tmp_path / "good")
    own = tmp_path / "own.npz"
    done = CliRunner().invoke(main, ["niqe", str(tmp_path / "good"), "-o", str(own)])
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[-1].startswith(f"{own}: {len(crops)} pictures, ")
    # As in estimatemodelparam.m: blocks above 0.75 of the sharpest of their picture; then nanmean and nancov.
    kept = []
    for crop in crops:
        features, sharpness = block_features(crop)
        kept += [row for row, sharp in zip(features, sharpness, strict=True) if sharp > 0.75 * sharpness.max()]
    whole = np.array([row for row in kept if not np.isnan(row).any()])
    pristine = read_pristine(own)
    assert pristine.own
    np.testing.assert_allclose(pristine.mean, whole.mean(0))
    np.testing.assert_allclose(pristine.covariance, np.cov(whole.T))
    # It tells photographs from what was done to them, and another photograph too.
    photo = data.chelsea()
    noisy = (photo + np.random.default_rng(0).normal(0, 40, photo.shape)).clip(0, 255).astype(np.uint8)
    for bad in (noisy, gaussian_filter(photo, (4, 4, 0))):
        assert niqe(bad, pristine) > niqe(photo, pristine) + 1
    # What is measured with them has another name, and neither is taken for the other.
    use_pristine(own)
    assert METRICS["niqe-own"].measure(photo) == niqe(photo, pristine)
    with pytest.raises(DataError, match="fitted by pielight; use them with the metric niqe-own"):
        METRICS["niqe"].prepare()  # type: ignore[misc]
    use_pristine(stored(tmp_path / "theirs.npz", 1.0))
    with pytest.raises(DataError, match="the authors'; use them with the metric niqe"):
        METRICS["niqe-own"].measure(photo)


def test_a_report_says_whose_parameters_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIELIGHT_NIQE", "")
    monkeypatch.chdir(tmp_path)
    photographs(Path("good"))
    runner = CliRunner()
    assert runner.invoke(main, ["niqe", "good", "-o", "own.npz", "-q"]).exit_code == 0
    words = ["evaluate", "--data", "own=good", "--method", "identity", "--niqe", "own.npz", "--limit", "2", "-j", "1"]
    done = runner.invoke(main, words)
    assert done.exit_code == 0, done.output
    assert "niqe-own" in done.stdout
    assert "with own parameters" in Path("report/summary.md").read_text(encoding="utf-8")
    done = runner.invoke(main, [*words, "--metrics", "niqe"])
    assert (done.exit_code, "use them with the metric niqe-own" in done.stderr) == (2, True)


def test_photographs_that_do_not_suffice(tmp_path: Path) -> None:
    folder, runner = tmp_path / "few", CliRunner()
    folder.mkdir()
    Image.fromarray(data.astronaut()).save(folder / "a.png")
    Image.fromarray(data.astronaut()[:90]).save(folder / "small.png")
    (folder / "damaged.png").write_bytes(b"no")
    done = runner.invoke(main, ["niqe", str(folder), "-o", str(tmp_path / "own.npz")])
    assert done.exit_code == 1
    first, second, last = done.stderr.splitlines()
    assert first.startswith(f"{folder}/damaged.png: ")
    assert second.startswith(f"{folder}/small.png: NIQE needs at least two blocks")
    assert "sharp blocks of 96 x 96 pixels in 1 photographs; a fit needs more than 36" in last
    assert not (tmp_path / "own.npz").exists()
    assert runner.invoke(main, ["niqe", str(folder), "-o", str(tmp_path / "own.txt")]).exit_code == 2
