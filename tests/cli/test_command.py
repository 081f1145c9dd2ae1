"""The command as a user runs it: a few times as a process, else in this one.

Covers ``pielight.cli.enhance_request``, ``pielight.cli.info``.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray
from PIL import Image

from pielight.cli import COMMANDS, main
from pielight.inference.descriptor import find_model
from pielight.options import TASKS


@pytest.fixture
def folder(tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("night.jpg", quality=90)
    Image.fromarray(photo).save("dusk.png")
    Path("broken.jpg").write_bytes(Path("night.jpg").read_bytes()[:900])
    return tmp_path


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pielight", *arguments], capture_output=True, text=True, check=False)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="pielight")


def brightness(path: str) -> float:
    return float(np.asarray(Image.open(path)).mean())


def test_one_photo(folder: Path) -> None:
    done = process("night.jpg")
    assert (done.returncode, done.stdout) == (0, "")
    assert "night_pie.jpg" in done.stderr
    assert "1 enhanced" in done.stderr
    assert brightness("night_pie.jpg") > brightness("night.jpg")


def test_a_broken_photo_is_one_line_and_status_1(folder: Path) -> None:
    done = process(".", "-q", "-o", "out")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("broken.jpg: damaged picture")
    assert sorted(path.name for path in Path("out").iterdir()) == ["dusk.png", "night.jpg"]


def test_nothing_to_do_is_status_2() -> None:
    done = process()
    assert done.returncode == 2
    assert "pielight night.jpg" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("enhance", "night.jpg"),
        ("--strength", "0.5", "night.jpg"),
        ("-j", "1", "night.jpg"),
        ("night.jpg", "-q"),
    ],
)
def test_ways_to_say_it(folder: Path, arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 0
    assert Path("night_pie.jpg").exists()


def test_a_photo_with_the_name_of_a_command(folder: Path) -> None:
    Path("night.jpg").rename("info")
    assert invoke("enhance", "info").exit_code == 0
    assert Path("info_pie").exists()


def test_output_file_format_and_quality(folder: Path) -> None:
    assert invoke("night.jpg", "-o", "low.jpg", "--quality", "10").exit_code == 0
    assert invoke("night.jpg", "-o", "same.jpg").exit_code == 0
    assert Path("low.jpg").stat().st_size < Path("same.jpg").stat().st_size / 2
    assert invoke("night.jpg", "-o", "other.webp").exit_code == 0
    assert Image.open("other.webp").format == "WEBP"


def test_what_changes_the_light(folder: Path) -> None:
    ways = ("--strength=-1", "--strength=1", "--highlights=1", "--no-auto")
    for number, option in enumerate(ways):
        assert invoke("night.jpg", option, "-o", f"{number}.jpg").exit_code == 0
    assert brightness("0.jpg") < brightness("night.jpg") < brightness("1.jpg")
    assert Path("1.jpg").read_bytes() != Path("2.jpg").read_bytes()


def test_strength_0_copies_bit_for_bit(folder: Path) -> None:
    assert invoke("night.jpg", "dusk.png", "--strength", "0", "-o", "out").exit_code == 0
    for name in ("night.jpg", "dusk.png"):
        assert Path("out", name).read_bytes() == Path(name).read_bytes()


def test_existing_results(folder: Path) -> None:
    invoke("dusk.png")
    Path("dusk_pie.png").write_bytes(b"mine")
    again = invoke("dusk.png")
    assert again.exit_code == 0
    assert "skipped" in again.stderr
    assert Path("dusk_pie.png").read_bytes() == b"mine"
    assert invoke("dusk.png", "--existing", "overwrite").exit_code == 0
    assert Path("dusk_pie.png").read_bytes() != b"mine"


@pytest.mark.skipif(not hasattr(os, "fchmod"), reason="Windows has no such permissions")
def test_rights_and_times(folder: Path) -> None:
    times = (1_000_000_000_000_000_000, 1_100_000_000_000_000_000)
    os.utime("dusk.png", ns=times)
    Path("dusk.png").chmod(0o600)
    assert invoke("dusk.png").exit_code == 0
    made = Path("dusk_pie.png").stat()
    assert made.st_mode & 0o777 == 0o600
    assert made.st_mtime_ns > times[1]
    Path("dusk_pie.png").chmod(0o640)
    os.utime("dusk.png", ns=times)
    assert invoke("dusk.png", "--preserve-times", "--existing", "overwrite").exit_code == 0
    made = Path("dusk_pie.png").stat()
    assert (made.st_mode & 0o777, made.st_mtime_ns) == (0o640, times[1])


def test_a_folder_that_cannot_be_read_is_reported_and_the_rest_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = os.scandir

    def scan(path: str) -> Any:
        if Path(path).name == "secret":
            raise PermissionError(13, "Permission denied", path)
        return usual(path)

    Path("in/secret").mkdir(parents=True)
    Path("dusk.png").rename("in/dusk.png")
    Path("in/a.jxl").touch()
    line = "in/secret: folder cannot be read (Permission denied)"
    left_out = "1 file of an unsupported format left out: .jxl 1"
    monkeypatch.setattr(os, "scandir", scan)
    listed = invoke("in", "-r", "--dry-run")
    assert (listed.exit_code, listed.stdout) == (1, "in/dusk.png -> in/dusk_pie.png\n")
    assert listed.stderr.splitlines() == [left_out, line]
    done = invoke("in", "-r", "--report", "run.jsonl")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[:2] == [left_out, line]
    assert done.stderr.splitlines()[-1] == "1 enhanced, 1 failed"
    assert Path("in/dusk_pie.png").exists()
    _, unread, closed, picture, end = (json.loads(line) for line in Path("run.jsonl").read_text().splitlines())
    assert unread == {"type": "left_out", "kinds": {".jxl": 1}}
    assert (closed["type"], closed["input"], closed["status"], closed["reason"]) == (
        "folder", "in/secret", "failed", line,
    )  # fmt: skip
    assert (picture["type"], picture["status"], end["done"]) == ("picture", "done", 1)
    assert invoke("in", "-r", "-q", "--existing", "overwrite").stderr.splitlines() == [line]
    assert invoke("in", "-r", "-q", "--exclude", "nothing").exit_code == 1
    assert invoke("compare", "in", "--size", "64").exit_code == 0  # which looks into no folders inside


def test_a_photo_that_cannot_be_read_does_not_stop_the_rest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path).name == "secret.jpg":
            raise PermissionError(13, "Permission denied", path)
        return usual(path, *arguments, **options)

    Path("secret.jpg").write_bytes(Path("night.jpg").read_bytes())
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "access", lambda path, *_, **__: Path(path).name != "secret.jpg")
    for command in (("enhance", "-o", "out"), ("compare", "--size", "64")):
        done = invoke(*command, "secret.jpg", "dusk.png")
        assert done.exit_code == 1
        assert "secret.jpg: cannot be read (Permission denied)" in done.stderr
    assert {path.name for path in Path("out").iterdir()} == {"dusk.png"}
    assert Path("compare.html").exists()


def test_a_dry_run_lists_and_writes_nothing(folder: Path) -> None:
    invoke("dusk.png")
    before = sorted(folder.rglob("*"))
    listed = invoke(".", "--dry-run", "gone.jpg")
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert listed.stdout.splitlines() == [
        "broken.jpg -> broken_pie.jpg",
        "dusk.png -> dusk_pie.png (skipped, the result exists)",
        "night.jpg -> night_pie.jpg",
        "gone.jpg -> gone_pie.jpg (no such file)",
    ]
    assert invoke("night.jpg", "--dry-run", "-o", "out/", "--format", "jpg").stdout == "night.jpg -> out/night.jpg\n"
    assert sorted(folder.rglob("*")) == before


def test_another_format(folder: Path) -> None:
    assert invoke("night.jpg", "dusk.png", "--format", "webp").exit_code == 0
    assert {Image.open(name).format for name in ("night_pie.webp", "dusk_pie.webp")} == {"WEBP"}


def test_every_format_is_in_the_help(folder: Path) -> None:
    from pielight.io.formats import WRITABLE
    from pielight.options import HIGHLIGHTS

    shown = invoke("enhance", "--help").stdout
    assert f"--format {'|'.join(WRITABLE)}\n" in shown
    assert f"[default: {HIGHLIGHTS} with curves, 0 with exposures]" in " ".join(shown.split())


def test_quiet_says_nothing(folder: Path) -> None:
    assert invoke("dusk.png", "-q").output == ""


def test_own_model(folder: Path, bright_model: Path) -> None:
    assert invoke("dusk.png", "--model", str(bright_model)).exit_code == 0
    shown = invoke("info", "--model", str(bright_model))
    assert "bright" in shown.stdout
    assert "no checksum" in shown.stdout


def test_every_shipped_model_tells_its_terms() -> None:
    for name in ("pie", "free", "denoise", "dehaze", "derain"):
        shown = invoke("info", "--model", name)
        assert shown.exit_code == 0
        assert "(verified)" in shown.stdout
        assert "terms:" in shown.stdout


def own_settings(model: str) -> list[str]:
    """What info says of a model's settings, without those inside of others."""
    lines = invoke("info", "--settings", "--model", model).stdout.splitlines()
    found = lines[lines.index("config:") + 1 :]
    return [line.strip().partition(":")[0] for line in found if line.startswith("  ") and line[2] not in " -"]


def test_info_shows_only_settings_that_a_network_has_a_use_for() -> None:
    pie = set(own_settings("pie"))
    assert {"recipe", "darkening", "losses"} <= pie
    assert not {"network", "lattice", "patch_size", "haze", "rain"} & pie
    assert {"noise", "patch_size"} <= set(own_settings("denoise"))
    haze, rain = own_settings("dehaze"), own_settings("derain")
    assert {"task", "seed", "data", "lattice", "losses", "haze"} <= set(haze)
    assert not {"network", "darkening", "rain"} & set(haze)
    assert {"task", "seed", "data", "losses", "rain"} <= set(rain)
    assert not {"network", "lattice", "darkening", "haze"} & set(rain)
    shown = invoke("info", "--model", "dehaze", "--settings").stdout
    assert "\n  lattice:\n    cell: 8\n    width: 1.0\n  seed: 0\n" in shown


@pytest.mark.parametrize("name", ["dehaze", "derain"])
def test_info_tells_the_task_and_no_file_that_is_not_there(name: str) -> None:
    shown = invoke("info", "--model", name).stdout
    assert f"\ntask:            {name}\n" in shown
    assert ".safetensors" not in shown
    assert ("thumbnail:" in shown) == (name == "dehaze")


@pytest.mark.parametrize("config", [3, None, ["a"], "", ":", "- a", "rain"])
def test_info_shows_odd_settings_as_they_are(folder: Path, rain_model: Path, config: object) -> None:
    Path("own.onnx").write_bytes(rain_model.read_bytes())
    Path("own.json").write_text(json.dumps({"network": "rain", "config": config}))
    shown = invoke("info", "--model", "own.onnx", "--settings")
    assert shown.exit_code == 0
    assert shown.stdout.endswith(f"config:          {config}\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("night.jpg", "--strength", "2"), "strength"),
        (("night.jpg", "--highlights", "-0.1"), "highlights"),
        (("night.jpg", "--strength", "nan"), "strength"),
        (("night.jpg", "--quality", "0"), "quality"),
        (("night.jpg", "-j", "0"), "jobs"),
        (("night.jpg", "-o", "night.jpg"), "overwrite"),
        (("night.jpg", "dusk.png", "-o", "x.png"), "folder"),
        (("night.jpg", "-o", "odd.xyz"), "odd.xyz: no format to write has this extension; a folder is odd.xyz/"),
        (("night.jpg", "-o", "x.png", "--format", "jpeg"), "x.png: not a JPEG name"),
        (("night.jpg", "--format", "psd"), "'psd' is not one of jpeg, png"),
        (("night.jpg", "--existing", "keep"), "existing"),
        (("night.jpg", "--exclude", "*.jpg"), "leave no picture"),
        (("night.jpg", "--report", "dusk.png"), "dusk.png: the report would overwrite a picture"),
        (("night.jpg", "--report", "none/run.jsonl"), "run.jsonl: the report cannot be written (No such"),
        (("night.jpg", "--report", "run.jsonl", "--dry-run"), "--dry-run writes nothing"),
        (("night.jpg", "--watch"), "--watch is for folders"),
        (("night.jpg", "-", "-o", "out"), "- is for one photo"),
        (("-", "-o", "empty"), "empty: a picture from standard input needs the name of a file"),
        (("-", "--dry-run"), "- is for one photo"),
        (("empty",), "no pictures"),
        (("--nonsense",), "nonsense"),
        (("enhance",), "PHOTO"),
    ],
)
def test_usage_errors_are_status_2(folder: Path, arguments: tuple[str, ...], reason: str) -> None:
    Path("empty").mkdir()
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert result.stdout == ""
    assert sorted(path.name for path in folder.iterdir()) == ["broken.jpg", "dusk.png", "empty", "night.jpg"]


@pytest.mark.parametrize("command", [("night.jpg",), ("compare", "night.jpg")])
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--device", "nonsense"), "'nonsense'"),
        (("--model", "none.onnx"), "none.onnx: no such model"),
        (("--model", "broken.jpg"), "broken.jpg: damaged, or not an ONNX"),
    ],
)
def test_what_is_missing_here_is_one_line(
    folder: Path, command: tuple[str, ...], arguments: tuple[str, ...], reason: str
) -> None:
    if command[0] == "compare" and "--device" in arguments:
        pytest.skip("compare has no --device")
    result = invoke(*command, *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr
    assert len(result.stderr.splitlines()) == 1


LATE = """
import builtins, pielight.__main__ as entry_point
usual = builtins.__import__
def late(name, *rest, **more):
    if name == "pielight.cli":
        raise KeyboardInterrupt
    return usual(name, *rest, **more)
builtins.__import__ = late
entry_point.run()
"""


def test_an_early_interrupt_is_one_line() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_a_missing_photo_is_status_1(folder: Path) -> None:
    result = invoke("none.jpg", "dusk.png")
    assert result.exit_code == 1
    assert "none.jpg: no such file" in result.stderr
    assert Path("dusk_pie.png").exists()


def test_info_shows_the_verified_model() -> None:
    result = invoke("info")
    assert result.exit_code == 0
    for word in ("pielight:", "sha256:", "(verified)", "onnxruntime:", "pixel loops:", "commit:", "seed:"):
        assert word in result.stdout
    assert len(result.stdout.splitlines()) < 30


def test_info_tells_what_made_a_photo(folder: Path) -> None:
    assert invoke("dusk.png", "--strength", "0.6").exit_code == 0
    told = invoke("info", "dusk_pie.png", "dusk.png")
    assert told.exit_code == 0
    for word in ("Strength:        0.6", "Task:            brighten", "ModelSHA256:", "dusk.png: holds no record"):
        assert word in told.stdout
    missing = invoke("info", "none.png", "dusk_pie.png")
    assert (missing.exit_code, missing.stderr) == (1, "none.png: no such file\n")
    other = invoke("info", ".", os.devnull)
    told_of_others = f".: a folder, not a picture\n{os.devnull}: not a regular file\n"
    assert (other.exit_code, other.stderr) == (1, told_of_others)
    assert "Strength" in missing.stdout
    assert invoke("info", "dusk.png", "--model", "pie").exit_code == 2


def test_help_and_version() -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.stdout
    assert invoke("--version").stdout.startswith("pielight ")
    assert "--strength" in invoke("night.jpg", "--help").stdout


def test_help_speaks_of_every_task() -> None:
    def told(*words: str) -> str:
        return " ".join(invoke(*words, "--help").stdout.split())

    assert "too dark, or take haze or rain out of them" in told()
    assert "below 0 darkens, or adds haze or rain" in told("enhance")
    for command in ("enhance", "compare"):
        assert "--task [brighten|dehaze|derain]" in told(command)
        assert "noise made visible by brightening or dehazing" in told(command)
    assert "a model that brightens" in told("finetune")


def test_a_terminal_gets_one_line_that_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from pielight.batch.run import JobResult, RunningJob
    from pielight.cli.progress import BatchProgress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = BatchProgress(2, quiet=False)
    progress.show(JobResult(Path("a.jpg"), Path("a_pie.jpg"), "done", seconds=0.1))
    progress.show(JobResult(Path("b.jpg"), Path("b_pie.jpg"), "failed", "b.jpg: empty file"))
    now = time.monotonic()
    works = [
        RunningJob(Path("c.heic"), 1, now - 20),
        RunningJob(Path("d.heic"), 1, now - 21),
        RunningJob(Path("e.heic"), 1, now),
    ]
    for _ in range(3):  # asked several times a second
        progress.wait(works)
        progress.wait(works[2:])
    assert terminal.getvalue().endswith("\r\033[K[2/2] d.heic and 2 more: running for 21 s")
    assert terminal.getvalue().count("running for") == 1
    progress.finish()
    assert terminal.getvalue().count("\n") == 2
    assert "b.jpg: empty file\n" in terminal.getvalue()


def test_what_takes_long_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from pielight.batch.run import RunningJob
    from pielight.cli.progress import BatchProgress

    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    for quiet in (False, True):
        BatchProgress(2, quiet).wait([RunningJob(Path("c.heic"), 1, time.monotonic() - 20)])
    assert screen.getvalue() == ""


def test_what_photos_are_mended_of(tmp_path: Path, haze_model: Path, rain_model: Path) -> None:
    random = np.random.default_rng(0).integers(100, 150, (40, 60, 3), dtype=np.uint8)
    fog, wet = tmp_path / "fog.png", tmp_path / "wet.png"
    Image.fromarray(np.full((40, 60, 3), 200, np.uint8)).save(fog)
    Image.fromarray(random).save(wet)
    done = invoke("--task", "dehaze", "--model", str(haze_model), str(fog))
    assert done.exit_code == 0, done.output
    assert brightness(str(tmp_path / "fog_pie.png")) == pytest.approx(255 * ((200 / 255 - 0.9) / 0.5 + 0.9), abs=1)
    done = invoke("enhance", "--task", "derain", "--model", str(rain_model), str(wet))
    assert done.exit_code == 0, done.output
    assert np.asarray(Image.open(tmp_path / "wet_pie.png")).std() < 0.7 * random.std()
    for arguments, reason in (
        (("derain", "--denoise", "auto"), "--denoise: has no meaning for derain; leave it out."),
        (("derain", "--auto"), "--auto: has no meaning for derain"),
        (("derain", "--no-auto"), "Error: --no-auto: has no meaning for derain"),
        (("dehaze", "--highlights", "0.5"), "--highlights: has no meaning for dehaze"),
        (("dust",), "dust"),
    ):
        for command in ("enhance", "compare"):
            done = invoke(command, "--task", *arguments, str(wet))
            assert (done.exit_code, reason in done.stderr) == (2, True)
    done = invoke("--task", "derain", "--device", "cuda", str(wet))
    assert done.exit_code == 2
    assert done.stderr.endswith("Error: --device: has no meaning for derain; leave it out.\n")


def test_a_model_of_another_task_is_told(tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 60, 3), 200, np.uint8)).save(tmp_path / "fog.png")
    for task, model in ((t, m) for t in TASKS for m in TASKS if t != m):
        done = invoke("--task", task, "--model", find_model(model).name, str(tmp_path / "fog.png"))
        assert (done.exit_code, f"it is for --task {model}" in done.stderr) == (1, True), done.stderr
        assert not (tmp_path / "fog_pie.png").exists()


def test_a_file_of_another_task_is_told_in_one_line(folder: Path, rain_model: Path, haze_model: Path) -> None:
    for command in ("enhance", "compare"):
        done = process(command, "night.jpg", "dusk.png", "--task", "dehaze", "--model", str(rain_model))
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"Error: {rain_model}: not a network to dehaze pictures")
        assert line.endswith("it is for --task derain")
    done = process("--task", "derain", "--model", str(haze_model), "night.jpg")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"{haze_model}: not a network to derain pictures" in done.stderr
    assert "it is for --task dehaze" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("night.jpg", "--model", "other"), "free, pie"),
        (("night.jpg", "--task", "dehaze", "--model", "other"), "dehaze"),
        (("night.jpg", "--task", "derain", "--model", "other"), "derain"),
        (("compare", "night.jpg", "--task", "derain", "--model", "other"), "derain"),
        (("info", "--model", "other"), "dehaze, denoise, derain, free, pie"),
    ],
)
def test_the_names_of_models_that_would_do(folder: Path, arguments: tuple[str, ...], names: str) -> None:
    done = invoke(*arguments)
    expected = f"Error: other: no such model; give the path of an ONNX file, or one of: {names}\n"
    assert (done.exit_code, done.stderr) == (1, expected)


@pytest.mark.parametrize("task", TASKS)
def test_a_sheet_of_every_task(task: str, tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "a.png")
    done = invoke("compare", "--task", task, "--strengths", "0.5,1", str(tmp_path / "a.png"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "a_compare.html").stat().st_size > 1000


def test_info_loads_no_codec() -> None:
    code = (
        "import sys; from pielight.cli import main; main(['info'], standalone_mode=False); "
        "print([name for name in sys.modules if name.startswith('pielight.io.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
