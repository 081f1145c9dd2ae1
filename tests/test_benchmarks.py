"""The command lines of the scripts in benchmarks/: their help, and one line where they are used wrongly."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pielight.core.extras import PACKAGES
from pielight.evaluation.metrics.pristine import Pristine
from pielight.training.objectives import restoration
from pielight.training.schema import ExposureLosses
from pielight.video.rgb_frames import rgb_frames

FOLDER = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
NEEDS = {"serve_load": "serve", "cluster_speed": "ray", "plan_cluster": "",
         "page_speed": "", "before_after": "", "dark_pictures": "", "strangers": "",
         "research_data": "dev",
         **dict.fromkeys(("ablation", "physics_pictures", "runtimes", "seeds", "task_ablation", "training_processes"),
                         "train")}  # fmt: skip
LACKING = textwrap.dedent("""
    import runpy, sys
    from importlib.machinery import PathFinder
    folder, blocked, *names = sys.argv[1:]

    class Lacking(PathFinder):
        @classmethod
        def find_spec(cls, name, *others):
            return None if name.partition(".")[0] in blocked.split(",") else super().find_spec(name, *others)

    sys.meta_path = [Lacking if finder is PathFinder else finder for finder in sys.meta_path]
    sys.path.insert(0, folder)
    for name in names:
        sys.argv = [f"{name}.py"]
        try:
            runpy.run_path(f"{folder}/{name}.py", run_name="__main__")
        except SystemExit as end:
            print(end.code, file=sys.stderr) if isinstance(end.code, str) else None
""")
DATA = {"ablation": [], "bounds": [], "brackets": [], "published": [], "skin": [],
        "stream_denoise": [], "stream_flicker": [], "clip_methods": [],
        "hard_sheet": ["sheet.png"], "quality": ["niqe.npz"],
        "seeds": ["niqe.npz"], "exposure_scatter": ["out.svg"]}  # fmt: skip


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("niqe.npz").write_bytes(b"no")
    Image.fromarray(np.full((40, 60, 3), 30, np.uint8)).save("dark.png")


def ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, *words: str
) -> tuple[int, str]:
    """Run a script, and return its exit status and what it says to the user of its end."""
    monkeypatch.setattr("sys.argv", [f"{name}.py", *words])
    try:
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    except SystemExit as end:
        said = capsys.readouterr().err
        return (1, f"{end.code}\n") if isinstance(end.code, str) else (int(end.code or 0), said)
    return 0, capsys.readouterr().err


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert not end.value.code
    assert said.startswith("usage: ")
    assert f" python benchmarks/{name}.py " in said.partition("\n\n")[0]
    assert "Usage" not in said


@pytest.mark.parametrize("name", SCRIPTS)
def test_nothing_named(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ends(monkeypatch, capsys, name)
    assert (status, said.count("\n")) == (2, 1)
    assert re.match(rf"{name}\.py: .*--help says how to use it", said)


@pytest.fixture(autouse=True)
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what scripts share among their runs, which is done for the whole process."""
    monkeypatch.setattr(restoration, "load", restoration.load)


@pytest.mark.parametrize("name", sorted(DATA))
def test_no_such_folder(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ends(monkeypatch, capsys, name, "missing", *DATA[name])
    assert (status, said.count("\n")) == (2, 1)
    assert "missing: no such folder" in said


@pytest.mark.parametrize("name", sorted(DATA))
def test_a_folder_without_data(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = ends(monkeypatch, capsys, name, "empty", *DATA[name])
    assert (status, said.count("\n")) == (1, 1)
    reason = "no pictures in this" if name in ("brackets", "published", "skin") else "o such file"
    assert ("niqe.npz: not NIQE's" if "niqe.npz" in DATA[name] else reason) in said


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["quality", "empty", "missing.npz"], 2, "missing.npz: no such file"),
        (["quality", "empty", "--method", "pielight:denoise=some"], 1, "'some' is neither auto nor a number"),
        (["quality", "empty", "--method", "pielight:model=none.onnx"], 1, "none.onnx: no such model"),
        (["published", "empty", "--method", "dir:empty"], 1, "dir: has results of a data set only"),
        (["brackets", "empty", "--method", "gamma", "--method", "gamma"], 1, "two methods have the same label"),
        (["skin", "empty", "--stops", "1,x"], 2, "invalid"),
        (["seeds", "empty", "niqe.npz", "--seeds", "0"], 2, "a spread needs at least two"),
        (["ablation", "empty", "--steps", "0"], 2, "whole number from 1 on"),
        (["task_ablation", "empty", "snow"], 2, "invalid choice: 'snow'"),
        (["task_ablation", "empty", "haze", "--set", "losses.contrastive=0"], 1, "empty/well/bsds"),
        (["streaks", "empty", "empty", "missing"], 2, "missing: no such folder"),
        (["bounds", "empty", "--every", "0"], 2, "whole number from 1 on"),
        (["denoisers", "empty"], 2, "give DARK and REFERENCE, or --clean FOLDER"),
        (["denoisers", "empty", "empty", "--clean", "empty"], 2, "give DARK and REFERENCE, or --clean FOLDER"),
        (["exposure_scatter", "empty", "a.svg", "own"], 2, "own: must be NAME=MODEL.onnx"),
        (["exposure_scatter", "empty", "a.svg", "own=none.onnx"], 2, "none.onnx: no such file"),
        (["before_after", "dark.png", "missing/b.jpg"], 2, "missing/b.jpg: cannot be written"),
        (["before_after", "niqe.npz", "b.jpg"], 1, "cannot identify image file"),
        (["free_data", "missing", "out"], 2, "missing: no such folder"),
        (["research_data", "empty", "out"], 1, "scenes.json: No such file"),
        (["how_good", "empty"], 1, "empty: no summary.json"),
    ],
)
def test_wrong_use(
    words: list[str], status: int, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found, said = ends(monkeypatch, capsys, *words)
    assert (found, said.count("\n")) == (status, 1)
    assert reason in said


def test_what_is_used_rightly_works(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(monkeypatch, capsys, "before_after", "dark.png", "both.jpg") == (0, "")
    assert Image.open("both.jpg").size == (128, 40)
    monkeypatch.setattr("sys.argv", ["phone_photos.py", "dark.png", "--megapixels", "0.05", "--quality", "60"])
    runpy.run_path(str(FOLDER / "phone_photos.py"), run_name="__main__")
    assert capsys.readouterr().out.count("\n") == 2 + 8
    Path("pictures").mkdir()
    Path("dark.png").rename("pictures/dark.png")
    monkeypatch.setattr("sys.argv", ["denoisers.py", "--clean", "pictures"])
    runpy.run_path(str(FOLDER / "denoisers.py"), run_name="__main__")
    assert capsys.readouterr().out.startswith("1 of 1 untouched")
    Path("empty", "summary.json").write_text("{")
    status, said = ends(monkeypatch, capsys, "how_good", "empty", "page.md")
    assert (status, said.count("\n")) == (1, 1)
    assert not Path("page.md").exists()


def lacking(modules: Iterable[str], *names: str) -> list[str]:
    """Run scripts without words in a process that lacks some modules, and return what each says."""
    done = subprocess.run(
        [sys.executable, "-c", LACKING, str(FOLDER), ",".join(modules), *names],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.splitlines()


def test_a_missing_package_is_one_line_that_names_its_extra() -> None:
    """Scripts that need none say what is wrong with their command line."""
    every = {module for packages in PACKAGES.values() for module in packages}
    said = lacking(every, *SCRIPTS)
    assert len(said) == len(SCRIPTS)
    for name, line in zip(SCRIPTS, said, strict=True):
        extra = NEEDS.get(name, "evaluate")
        if extra:
            assert re.fullmatch(rf'\S+ is not installed; run: .* install .*\[{extra}\]"', line), (name, line)
        else:
            assert line.startswith(f"{name}.py: "), (name, line)


def test_what_only_some_scripts_need_is_told_too() -> None:
    said = lacking(["cv2"], "denoisers", "research_data", "bounds")
    assert said[2].startswith("bounds.py: ")
    for line in said[:2]:
        assert line.startswith("opencv-python-headless is not installed; run: ")


def test_quality_goes_without_niqe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import quality

    rng = np.random.default_rng(0)
    for place in ("lol/dark", "lol/reference", "sice_ref/dark", "sice_ref/reference", "sice_fused/dark",
                  "sice_fused/reference", "dicm", "kodak", "bsds"):  # fmt: skip
        Path("data/val", place).mkdir(parents=True)
        for name in ("a.png", "b.png"):
            Image.fromarray(rng.integers(5, 90, (192, 200, 3), dtype=np.uint8)).save(Path("data/val", place, name))
    Path("data/faces/val/images").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        Path("data/faces/val/images", name).write_bytes(Path("data/val/kodak", name).read_bytes())
    box = [{"x": 20, "y": 20, "w": 60, "h": 60}]
    Path("data/faces/val/boxes.json").write_text(json.dumps({"a.png": box, "b.png": box}))
    monkeypatch.setattr("sys.argv", ["quality.py", "data", "--method", "identity"])
    runpy.run_path(str(FOLDER / "quality.py"), run_name="__main__")
    table = capsys.readouterr().out
    assert "| dicm | 2 | clipped |" in table
    assert "| identity | faces | 2 | above 35 dB | 1.000 |" in table
    assert "| identity | faces | 2 | skin shift | 0.000 |" in table
    assert "niqe" not in table
    own = Pristine(np.zeros(36), np.eye(36), own=True)
    names = quality.natural(Path("data/val/dicm"), lambda pixels: pixels, own)
    assert [name for name in names if "niqe" in name] == ["niqe-own in", "niqe-own", "niqe2-own in", "niqe2-own"]


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, *words: str
) -> list[list[str]]:
    """Run a script that prints a table, and return its cells without the head."""
    monkeypatch.setattr("sys.argv", [f"{name}.py", *words])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in capsys.readouterr().out.splitlines()[2:]]


def test_what_is_done_to_published_photographs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ("--method", "identity", "--method", "exposure")
    ramp = np.linspace(60, 100, 300).reshape(10, 30)[..., None].repeat(3, 2).round().astype(np.uint8)
    for number in range(2):
        Path("photos/images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(ramp + np.uint8(40 * number)).save(f"photos/images/{number}.png")
    rows = printed(monkeypatch, capsys, "published", "photos/images", *both)
    assert [row[:3] for row in rows] == [["photos", "identity", "2"], ["photos", "exposure", "2"]]
    assert [row[3].split()[0] for row in rows] == ["100.0", "50.0"]  # of means of 80 and 120
    assert next(row[4] for row in rows) == "60.0"
    assert [row[6].split()[0] for row in rows] == ["0.0", "50.0"]
    assert [row[7].split()[0] for row in rows] == ["100.0", "0.0"]
    rows = printed(monkeypatch, capsys, "brackets", "photos/images", *both)
    assert next(row[:5] for row in rows) == ["photos", "identity", "0.0", "0.0", "0 of 2"]
    assert float(rows[1][5]) < 15 < float(rows[0][5])  # how far apart a scene's results lie
    Path("photos/boxes.json").write_text(
        '{"0.png": [{"x": 2, "y": 0, "w": 9, "h": 9}], "1.png": [{"x": 2, "y": 0, "w": 9, "h": 9}]}'
    )
    rows = printed(monkeypatch, capsys, "skin", "photos", *both, "--stops", "0,2,3")
    assert [row[:3] for row in rows][:4] == [
        ["identity", ev, n] for ev, n in (("0", "2"), ("-2", "2"), ("-3", "2"), ("darkened", "4"))
    ]
    assert next(row[3] for row in rows) == "+0.0"
    assert float(rows[1][3]) < -10
    assert abs(float(rows[5][3])) < 6


def test_a_fall_is_from_a_darker_exposure_to_a_brighter_one(monkeypatch: pytest.MonkeyPatch) -> None:
    fall = runpy.run_path(str(FOLDER / "brackets.py"))["fall"]
    assert fall([100.0, 130.0, 90.0]) == 30
    assert fall([130.0, 100.0, 90.0]) == 0
    assert fall([100.0, 90.0, 120.0]) == 30


def test_lit_objects_fill_what_they_should_and_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(FOLDER / "lit_object.py"))
    for kind in script["KINDS"]:
        for size in script["SIZES"]:
            assert script["mask"](kind, size, (0.5, 0.5)).mean() == pytest.approx(size, rel=0.12), kind
    rows = printed(monkeypatch, capsys, "lit_object", "--method", "identity", "--method", "gamma:0.1")
    assert [float(row[2]) > 99 for row in rows] == [False] * 3 + [True] * 3


def test_hard_pictures_are_drawn_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    names = runpy.run_path(str(FOLDER / "hard_sheet.py"))["PICTURES"]
    assert len(names) == 24
    for name in names:
        Path("source", name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((30, 40, 3), 60, np.uint8)).save(Path("source", name))
    monkeypatch.setattr(
        "sys.argv", ["hard_sheet.py", "source", "sheet.png", "--method", "identity", "--method", "gamma"]
    )
    runpy.run_path(str(FOLDER / "hard_sheet.py"), run_name="__main__")
    with Image.open("sheet.png") as sheet:
        pixels = np.asarray(sheet).astype(int)
    found = [(np.abs(pixels - level).max(2) <= 3).sum() for level in (60, 132)]
    assert found == pytest.approx([2 * 24 * 30 * 40, 24 * 30 * 40], rel=0.02)  # text has some of these levels


def test_synthetic_clips_are_dark_and_have_known_truth() -> None:
    import _synthetic_clips as clips

    random = np.random.default_rng(0)
    photo = np.kron(random.random((8, 12, 3)), np.ones((16, 16, 1))).astype(np.float32) ** 2
    for kind in clips.KINDS:
        clips.make(photo, kind, 9, (48, 64), -3.0, Path("dark.mkv"), Path("truth.mkv"))
        dark, truth = (np.array([*rgb_frames(Path(name))], float) for name in ("dark.mkv", "truth.mkv"))
        assert dark.shape == truth.shape == (9, 48, 64, 3)
        assert dark.mean() < 0.6 * truth.mean()
        steps = np.abs(np.diff(truth.mean((1, 2, 3))))
        assert (steps.argmax(), steps.max() > 5) == (3, True) if kind == "lamp" else steps.max() < 5, kind
        moves = [bool(np.abs(np.diff(truth, axis=0)).max((1, 2, 3))[number] > 20) for number in (0, 3)]
        assert moves == ([False, True] if kind == "lamp" else [True, True]), kind


def test_clips_are_compared_after_the_curve_that_suits_them_best() -> None:
    import clip_methods

    truth = [np.random.default_rng(seed).integers(0, 256, (48, 64, 3)).astype(np.uint8) for seed in range(5)]
    dark = [frame // 2 for frame in truth]
    psnr, ssim, psnr_curve, ssim_curve, flicker, noise = clip_methods.measured(dark, truth)
    assert psnr < 15 < 50 < psnr_curve
    assert ssim < 0.9 < 0.999 < ssim_curve
    assert flicker < 0.3
    kinds = {kind: [psnr, ssim, psnr_curve, ssim_curve, flicker, noise] for kind in clip_methods.KINDS}
    table = clip_methods.rows({"half": kinds}, {"half": 12.3, "other": 4.0})
    assert [row[0] for row in table] == ["", "half", "other"]
    assert [row[-1] for row in table] == ["ms", "12", "4"]
    assert len({len(row) for row in table}) == 1


def test_bounds_know_the_exposure_that_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(FOLDER / "bounds.py"))
    reference = np.random.default_rng(0).integers(30, 240, (40, 60, 3)).astype(np.uint8)
    linear = script["srgb_to_linear"](reference / 255)
    dark = np.round(255 * script["linear_to_srgb"](script["exposure_curve"](linear, -2.0))).astype(np.uint8)
    found = dict(zip(script["BOUNDS"], script["bounds"](dark, reference), strict=True))
    assert found["one exposure"] > 45 > found["one gamma"] + 10
    assert found["8 x 8 parts"] >= found["4 x 4 parts"] >= found["one exposure"]
    half = np.concatenate([dark[:20], reference[20:]])
    of_half = dict(zip(script["BOUNDS"], script["bounds"](half, reference), strict=True))
    assert of_half["4 x 4 parts"] > 45 > of_half["one exposure"] + 15


def test_the_ablation_adds_every_term_and_leaves_each_out() -> None:
    import ablation

    rows = ablation.rows()
    assert rows["+ brightness"] == []  # the whole
    added = [term for terms in ablation.ADDED.values() for term in terms]
    assert sorted(added) == sorted(vars(ExposureLosses()))
    assert rows["inversion"] == [f"losses.{term}=0" for term in added[len(ablation.ADDED["inversion"]) :]]
    assert rows["without contrast"] == ["losses.contrastive=0"]


def test_the_ablation_trains_where_the_data_is() -> None:
    import ablation

    options = SimpleNamespace(data=Path("empty"), steps=50, out=Path("out"))
    config = ablation.resolved(Path("out/a"), ["seed=2"], options)
    assert (config.steps, config.seed, config.out, config.data.cache) == (50, 2, "out/a", str(Path("out/samples")))
    assert config.data.published[0] == str(Path("empty/published/imagenet"))
    assert config.data.domains[1].dark == (str(Path("empty/dark/lol")),)


def test_tables_have_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    import ablation

    assert ablation.cells(np.array([[1.0, 2.0]])) == ["1.000", "2.000"]
    assert ablation.cells(np.array([[1.0], [2.0], [3.0]])) == ["2.000 ± 2.484"]


def test_strangers_tells_what_became_of_every_file() -> None:
    Path("files").mkdir()
    Path("dark.png").rename("files/dark.png")
    Path("files/cut.png").write_bytes(Path("files/dark.png").read_bytes()[:60])
    Path("files/notes.txt").write_text("no picture")
    # In a process of its own: Linux counts the memory of who starts a process as that process's peak, too.
    command = [sys.executable, str(FOLDER / "strangers.py"), "files", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout
    assert not done.returncode, said + done.stderr
    assert "3 files, one process each" in said
    assert re.search(r"1 enhanced\n", said)
    assert "1 done, 1 failed" in said
    assert said.endswith("0 that must not be\n")


def test_strangers_names_what_must_not_be() -> None:
    case = runpy.run_path(str(FOLDER / "strangers.py"))["Case"]
    path, result = Path("a.jpg"), [Path("a.jpg")]
    fine = case(path, 0, 1.0, 100.0, "", result)
    assert list(fine.wrongs()) == []
    assert list(case(path, 0, 1.0, 100.0, "a.jpg: XMP left out\n", result, ["-XMP:Rating"]).wrongs()) == []
    bad = {
        "traceback": case(path, 1, 1.0, 100.0, "Traceback (most recent call last)\na.jpg: x"),
        "hang": case(path, None),
        "crash": case(path, -11, 1.0, 100.0),
        "slow": case(path, 0, 11.0, 100.0, "", result),
        "memory": case(path, 0, 1.0, 2000.0, "", result),
        "files": case(path, 1, 1.0, 100.0, "a.jpg: cut", result),
        "silence": case(path, 1),
        "noise": case(path, 0, 1.0, 100.0, "libpng warning: iCCP\n", result),
        "silent loss": case(path, 0, 1.0, 100.0, "", result, ["-XMP:Rating"]),
    }
    for name, one in bad.items():
        assert any(wrong.startswith(name) for wrong in one.wrongs()), name
