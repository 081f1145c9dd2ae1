"""How the commands of README and docs are run, in a folder of generated pictures, and what is said of their outcome."""

from __future__ import annotations

import io
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.docs.markdown import PAGES, ROOT, Command, commands
from tests.survey.raters import Client
from tests.video.clips import contents

pytestmark = pytest.mark.docs

SKIPPED = {  # beginnings of commands that cannot run here, and why
    "make": "the checks themselves, and what takes hours",
    "pip install": "needs a package index",
    ".venv/bin/pre-commit": "changes the clone",
    "curl": "runs beside 'pielight serve'",
    "tensorboard": "serves until it is stopped",
    "pytest": "the suite itself",
    "pielight export --to litert": "needs the extra export-litert, in an environment of its own",
    "python benchmarks/page_speed.py": "needs the page and a browser",
}
FRAGMENTS = (  # parts of commands in a sentence, without what they need
    "pielight evaluate --download",
    "pielight evaluate --method joint=onnx:NAME-enhancer.onnx",
)
INSTEAD = {  # words that stand for others, or need a download
    "[CONFIG.yaml]": "",
    "PHOTO...": "PHOTO",
    "KEY=VALUE": "seed=1",
    "vgg_weights=download": "vgg_weights=VGG16.pth",
}
PORT = 8017  # of what is served beside the study
_SMALL = "--set bank=4 --set pairs=2 --set dark_batch=2 --set well_batch=3"
_EXPOSURE = "--set bank=4 --set batch=6 --set darkening.versions=1"
SHORTER = {  # how what takes long is made short: a beginning, what is taken out, and what is put at the end
    "pielight train configs/denoise.yaml": ("", "--set steps=2 --set batch=2"),
    "pielight train configs/denoise-dark.yaml": ("", "--set steps=2 --set batch=2"),
    "pielight train configs/pie.yaml": ("", f"--set steps=2 {_EXPOSURE}"),
    "pielight train configs/free.yaml": ("", f"--set steps=2 {_EXPOSURE}"),
    "pielight train": ("", f"--set steps=2 {_SMALL}"),
    "torchrun --nproc-per-node 2 -m pielight train configs/pie.yaml": ("", f"--set steps=2 {_EXPOSURE}"),
    "python benchmarks/training_processes.py": (" denoise haze rain", "--steps 2"),
    "pielight finetune": ("", "--steps 2 --set darkening.versions=1"),
    "pielight joint": (
        "",
        "--set steps=2 --set batch=2 --set constraints.bank=4 --set constraints.darkening.versions=1",
    ),
    "pielight bench": ("", "--repeats 1 --photos 2"),
    "pielight evaluate": (r"(?:-j|--limit) \d+", "-j 1 --limit 2"),
    "pielight serve": ("--open", f"--port {PORT}"),
    "python benchmarks/serve_load.py": (
        "",
        "--megapixels 0.1 --rounds 1 --seconds 1 --requests 10 --hostile 5",
    ),
    "python benchmarks/cluster_speed.py": ("--megapixels 12", "--photos 4 --rounds 1 --megapixels 0.1"),
    "python benchmarks/phone_photos.py": ("", "--megapixels 1"),
    "python benchmarks/skin.py": ("", "--limit 2 --stops 0,2"),
    "python benchmarks/brackets.py": ("", "--limit 2"),
    "python benchmarks/lit_object.py": ("--method pielight", ""),
    "python benchmarks/stream_denoise.py": ("", "--count 1 --frames 9"),
    "python benchmarks/runtimes.py": ("1024x768", "256x256 --what map --runs 1"),
    "python benchmarks/stream_flicker.py": ("", "--limit 1 --frames 4"),
    "python benchmarks/clip_methods.py": ("", "--count 1 --frames 6"),
    "python benchmarks/ablation.py": (r"--seeds [\d ]+", f"--steps 1 --every 3 --only inversion {_EXPOSURE}"),
    "python benchmarks/task_ablation.py": (r"--steps \d+", f"--steps 1 {_SMALL}"),
}
SECONDS = 400
STUDY = "http://127.0.0.1:8000/"


class Ran(NamedTuple):
    """What became of a command."""

    place: Path
    stdout: str
    stderr: str


def pictures(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def keeps_metadata(ran: Ran) -> None:
    with Image.open(ran.place / "photo.jpg") as before, Image.open(ran.place / "photo_pie.jpg") as after:
        assert before.getexif() == after.getexif()
        assert before.info["icc_profile"] == after.info["icc_profile"]
        assert (before.mode, before.size) == (after.mode, after.size)
        assert np.asarray(after).mean() > np.asarray(before).mean() + 20


def goes_on(ran: Ran) -> None:
    assert pictures(ran.place / "bright") == pictures(ran.place / "holiday")
    again = shell("pielight holiday/ -r -o bright/", ran.place)
    assert "3 skipped" in again.stderr


def is_a_filter(ran: Ran) -> None:
    shell("pielight a.jpg -o c.jpg", ran.place)
    assert (ran.place / "b.jpg").read_bytes() == (ran.place / "c.jpg").read_bytes()


def has_a_slider(ran: Ran) -> None:
    assert 'type="range"' in (ran.place / "photo_compare.html").read_text()


def says_why(ran: Ran) -> None:
    assert re.search(r"\b12\b.*used", ran.stdout + ran.stderr)


def is_tuned(ran: Ran) -> None:
    assert (ran.place / "finetuned/pie-tuned.onnx").exists()


def keeps_sound(ran: Ran) -> None:
    before, after = contents(ran.place / "clip.mp4"), contents(ran.place / "clip_pie.mp4")
    assert (before.times, before.packets) == (after.times, after.packets)
    assert after.light > before.light + 10


STATED: dict[str, Callable[[Ran], None]] = {  # what the documentation says that a command does
    "pielight photo.jpg": keeps_metadata,
    "pielight clip.mp4": keeps_sound,
    "pielight holiday/ -r -o bright/": goes_on,
    "pielight compare photo.jpg": has_a_slider,
    "pielight - < a.jpg > b.jpg": is_a_filter,
    "pielight data check my/dark --as dark": says_why,
    "pielight finetune my/dark": is_tuned,
}
ALL = [command for page in PAGES for command in commands(page)]


def shell(text: str, place: Path) -> Ran:
    """Run a command as a user would, in a folder, without a network."""
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=SECONDS, **where(place))
    assert done.returncode == 0, f"{text}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
    return Ran(place, done.stdout, done.stderr)


def where(place: Path) -> dict[str, object]:
    (place / "home").mkdir(exist_ok=True)
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {
        "PATH": path,
        "HOME": str(place / "home"),
        "BROWSER": "true",
        "OMP_NUM_THREADS": "1",
    }  # pages run side by side
    return {"cwd": place, "env": os.environ | nowhere | own}


def prepared(text: str) -> str:
    for word, other in INSTEAD.items():
        text = text.replace(word, other)
    for start, (out, more) in SHORTER.items():
        if text.startswith(start) and "--smoke" not in text:
            return f"{re.sub(out, '', text) if out else text} {more}"
    return text


def is_fragment(text: str) -> bool:
    return text in FRAGMENTS or re.fullmatch(r"pielight [a-z]+( check| serve)?", text) is not None


def interrupted(text: str, place: Path, until: Callable[[], bool]) -> None:
    """Run what goes on until Ctrl-C."""
    process = subprocess.Popen(["bash", "-c", f"exec {text}"], stderr=subprocess.PIPE, text=True, **where(place))  # type: ignore[call-overload]
    try:
        end = time.monotonic() + 60
        while not until():
            assert process.poll() is None, text
            assert time.monotonic() < end, text
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130)
    finally:
        process.kill()


def is_served() -> bool:
    with suppress(OSError):
        return Client(STUDY).ask("GET", "/").status == 200
    return False


def answers() -> bool:
    with suppress(OSError):
        return Client(f"http://127.0.0.1:{PORT}/").ask("GET", "/healthz").status == 200
    return False


def have_sent(place: Path) -> bool:
    """Run the commands of the guide that send photos."""
    sent = [line for line in (ROOT / "docs/guides/serve.md").read_text().splitlines() if line.startswith("curl ")]
    for line in sent:
        shell(
            line.replace(":8000", f":{PORT}").replace(
                "curl ", "curl --fail --silent --show-error --noproxy 127.0.0.1 "
            ),
            place,
        )
        assert Image.open(place / line.rpartition(" -o ")[2]).size >= (320, 240)
    return len(sent) == 2


def have_voted(raters: int = 3) -> bool:
    """Answer all questions of some raters, who take what looks more like the input for better."""
    for _ in range(raters):
        client = Client(STUDY)
        state = client.begin()
        while state["done"] < state["of"]:
            scene, left, right = (shape(client, url) for url in (state["input"], *state["pictures"]))
            answer = "left" if np.corrcoef(scene, left)[0, 1] > np.corrcoef(scene, right)[0, 1] else "right"
            state = client.vote(state["done"], answer).json()
    return True


def shape(client: Client, url: str) -> NDArray[np.float64]:
    with Image.open(io.BytesIO(client.ask("GET", url).body)) as image:
        return np.asarray(image.convert("L").resize((40, 40)), np.float64).ravel()


def run(command: Command, place: Path) -> None:
    """Run a command in the folder of its page, and check what is said of its outcome."""
    text = command.text
    if is_fragment(text):
        words = shlex.split(text)
        told = shell(f"{text.partition(' --')[0]} --help", place).stdout
        assert [word for word in words if word.startswith("--") and word not in told] == []
        return
    text = prepared(text)
    if text.endswith("--watch"):
        interrupted(text, place, lambda: (place / "bright/000.jpg").exists())
        return
    if text.startswith("pielight serve"):
        interrupted(text, place, lambda: answers() and have_sent(place))
        return
    if " survey serve " in text:
        interrupted(text, place, lambda: is_served() and have_voted())
        return
    ran = shell(text, place)
    for output in re.findall(r" (?:-o|--out|>) (\S+)", text):
        assert (place / output).exists(), f"{text} writes no {output}"
    if command.text in STATED:
        STATED[command.text](ran)


def skipped(command: Command) -> str:
    """Return why a command cannot run here, or nothing."""
    return next((reason for start, reason in SKIPPED.items() if command.text.startswith(start)), "")


@pytest.mark.parametrize("command", [pytest.param(one, id=f"{one.page}:{one.line}") for one in ALL if skipped(one)])
def test_what_does_not_run(command: Command) -> None:
    check_unrun(command.text)
    pytest.skip(f"{command.text}: {skipped(command)}")


def check_unrun(text: str) -> None:
    """Check what can be checked of a command that does not run: its extras, its target."""
    words = text.split()
    if text.startswith("pip install '.["):
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert set(words[2].strip("'.[]").split(",")) <= set(extras)
    if words[0] == "make":
        assert f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
    if words[0] == "pytest":
        assert (ROOT / words[1]).exists()


def test_the_tables_are_up_to_date() -> None:
    texts = [command.text for command in ALL]
    assert [text for text in (*STATED, *FRAGMENTS) if text not in texts] == []
    starts = [*SKIPPED, *SHORTER]
    assert [start for start in starts if not any(text.startswith(start) for text in texts)] == []
    assert [word for word in INSTEAD if not any(word in text for text in texts)] == []
    assert len(texts) > 100
