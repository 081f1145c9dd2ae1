"""Nothing of a run leaves the machine, and nothing is written but the results: watched outside Python, too."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.training.data.toy import write_toy_pictures
from tests.io.samples import sample

# Ends the process at its first socket, by Python or native code: an audit hook, and where there is seccomp a filter
# of system calls, which its threads and children inherit. Resolving a name takes a socket, too.
WATCH = """
import ctypes, os, platform, struct, sys

def hook(event, arguments):
    if event.startswith("socket.") and event != "socket.gethostname":  # asks nobody else
        os.write(2, f"NETWORK: {event} {arguments}".encode())
        os._exit(99)

sys.addaudithook(hook)
sys.modules["boto3"] = None  # which accelerate imports, and whose urllib3 binds a socket to see if there is IPv6
number = {"x86_64": 41, "aarch64": 198}.get(platform.machine())
if sys.platform == "linux" and number and os.environ.get("SECCOMP", "1") == "1":
    KILL, ALLOW = 0x80000000, 0x7FFF0000
    # Is it socket()? Of another family than AF_UNIX, by which the C library asks for the names of users?
    lines = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16), (0x15, 1, 0, 1), (0x06, 0, 0, KILL)]
    lines.append((0x06, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    libc = ctypes.CDLL(None, use_errno=True)
    program = struct.pack("HP", len(lines), ctypes.addressof(code))
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, program) == 0, os.strerror(ctypes.get_errno())  # PR_SET_SECCOMP, a filter
"""
COMMAND = "from pielight.cli import main; main(sys.argv[1:], prog_name='pielight')"
HAS_SECCOMP = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
PLACES = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")

Watched = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Give the function that runs code in a process without network whose every usual place is fresh."""
    elsewhere = tmp_path / "elsewhere"
    places = {name: elsewhere / name.lower() for name in (*PLACES, "cwd")}

    def run(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        for place in places.values():
            place.mkdir(parents=True, exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "ORT_", "PIELIGHT_"))}
        environment = kept | {name: str(places[name]) for name in PLACES} | variables
        command = [sys.executable, "-c", WATCH + code, *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=places["cwd"], env=environment, timeout=120
        )
        left = [str(path.relative_to(elsewhere)) for path in elsewhere.rglob("*") if path.is_file()]
        done.stderr += f"LEFT: {left}" if left else ""
        return done

    return run


@pytest.mark.parametrize(
    ("name", "task"),
    [
        pytest.param("rgb.jpg", "dehaze", id="core"), pytest.param("rgb_16.tif", "brighten", id="deep"),
        pytest.param("rgb.heic", "brighten", id="heif"), pytest.param("camera.dng", "derain", id="raw"),
        pytest.param("rgb.jpg", "brighten", id="default"),
    ],
)  # fmt: skip
def test_a_picture(watched: Watched, tmp_path: Path, name: str, task: str) -> None:
    (tmp_path / name).write_bytes(sample(name))
    done = watched(COMMAND, str(tmp_path / name), "-o", f"{tmp_path}/out/", "--task", task)
    assert (done.returncode, "LEFT" in done.stderr) == (0, False), done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_python(watched: Watched) -> None:
    code = """
import numpy, pielight
assert pielight.enhance(numpy.full((64, 64, 3), 30, numpy.uint8), denoise=1.0).mean() > 40
"""
    done = watched(code)
    assert (done.returncode, done.stderr) == (0, "")


def test_evaluation_and_survey(watched: Watched, tmp_path: Path) -> None:
    for kind, gray in (("low", 20), ("high", 120)):
        (tmp_path / "set" / kind).mkdir(parents=True)
        Image.fromarray(np.full((64, 64, 3), gray, np.uint8)).save(tmp_path / "set" / kind / "a.png")
    methods = ("--method", "pielight", "--method", "clahe", "--metrics", "psnr,ssim,piqe")
    done = watched(COMMAND, "evaluate", "--data", f"own={tmp_path}/set", *methods, "-o", str(tmp_path / "report"))
    assert (done.returncode, "LEFT" in done.stderr) == (0, False), done.stderr
    results = ("--method", f"a={tmp_path}/set/low", "--method", f"b={tmp_path}/set/high")
    made = watched(COMMAND, "survey", "new", str(tmp_path / "study"), "--input", f"{tmp_path}/set/low", *results)
    assert (made.returncode, "LEFT" in made.stderr) == (0, False), made.stderr


def test_training(watched: Watched, tmp_path: Path) -> None:
    write_toy_pictures(tmp_path, 3, 64)
    (tmp_path / "tiny.yaml").write_text(
        "{name: tiny, steps: 1, dark_batch: 2, well_batch: 2, feature_batch: 1, bank: 2, pairs: 2, features: random, "
        f"data: {{size: 64, render: 32, smallest: 32, cache: {tmp_path}/cache, dark_mean: [0, 1], well_mean: [0, 1], "
        "well_shadows: 0}}"
    )
    folders = ("--dark", str(tmp_path / "dark"), "--well", str(tmp_path / "well"), "--out", str(tmp_path / "run"))
    done = watched(COMMAND, "train", str(tmp_path / "tiny.yaml"), *folders, OMP_NUM_THREADS="1")
    assert (done.returncode, "LEFT" in done.stderr) == (0, False), done.stderr
    assert (tmp_path / "run" / "tiny.onnx").exists()


@pytest.mark.parametrize(
    "seccomp", [pytest.param("1", marks=pytest.mark.skipif(not HAS_SECCOMP, reason="no seccomp")), "0"]
)
def test_the_watch_sees_sockets_names_and_files(watched: Watched, seccomp: str) -> None:
    for code in (
        "import socket; socket.socket(); print('went on')",
        "import socket; socket.getaddrinfo('localhost', 80); print('went on')",
        "import ctypes; ctypes.CDLL(None).socket(2, 2, 0); print('went on')",
    ):
        if seccomp == "1" or "ctypes" not in code:
            done = watched(code, SECCOMP=seccomp)
            assert (done.returncode != 0, done.stdout) == (True, ""), code
    assert "LEFT: ['home/id']" in watched("open(os.environ['HOME'] + '/id', 'w')").stderr


def test_a_setting_of_the_users_own_wins(watched: Watched) -> None:
    code = "import pielight; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert (watched(code).stdout, watched(code, ORT_DISABLE_TELEMETRY="0").stdout) == ("1\n", "0\n")
