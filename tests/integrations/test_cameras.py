"""The pipe of ffmpeg and pielight stream that go2rtc starts, on a generated clip, and the form of configurations."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.integrations.modules import INTEGRATIONS, dark_picture

FOLDER = INTEGRATIONS / "cameras"
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg") or not shutil.which("ffprobe"), reason="needs ffmpeg")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    tool = tmp_path / "pielight"
    tool.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pielight "$@"\n')
    tool.chmod(0o755)
    return os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


def frames(source: Path, mode: str = "cfr") -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(source),
        "-fps_mode",
        mode,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, 120, 160, 3)


@needs_ffmpeg
def test_the_pipe_brightens_a_camera(tmp_path: Path, environment: dict[str, str]) -> None:
    clip, bright = tmp_path / "camera.ts", tmp_path / "bright.ts"
    wide = dark_picture(120, 200)
    data = b"".join(wide[:, start : start + 160].tobytes() for start in range(40))  # a pan
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x120", "-r", "20", "-i", "-"]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", str(clip)]
    subprocess.run(["ffmpeg", "-v", "error", *raw, *coded], input=data, check=True)
    with bright.open("wb") as file:
        command = [str(FOLDER / "pielight-camera"), str(clip), "--denoise", "0"]
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    before, after = frames(clip), frames(bright)
    assert len(after) == len(before) == 40
    assert after.mean() > 1.5 * before.mean()
    show = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,pix_fmt,r_frame_rate", "-of", "csv=p=0"]
    told = subprocess.run([*show, str(bright)], capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == "h264,yuv420p,20/1"


@needs_ffmpeg
@pytest.mark.parametrize("told", ["25/1", "0/0", "90000/1"])
def test_a_camera_that_slows_down_in_the_dark_keeps_time(
    tmp_path: Path, environment: dict[str, str], told: str
) -> None:
    clip, bright = tmp_path / "camera.mkv", tmp_path / "bright.ts"
    probe = tmp_path / "ffprobe"  # tells what such a camera does
    probe.write_text(f"#!/bin/sh\necho 160,120,{told}\n")
    probe.chmod(0o755)
    slow = ["-vf", "select='lt(n,12)+not(mod(n,4))'", "-fps_mode", "vfr"]  # 25 a second, then 6
    source = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=1.4", *slow]
    command = ["ffmpeg", "-v", "error", *source, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(clip)]
    subprocess.run(command, check=True)
    assert len(frames(clip, "passthrough")) == 18
    with bright.open("wb") as file:
        command = [str(FOLDER / "pielight-camera"), str(clip), "--denoise", "0"]
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert 33 <= len(frames(bright, "passthrough")) <= 36


@needs_ffmpeg
def test_what_fails_in_the_pipe_is_its_status(tmp_path: Path, environment: dict[str, str]) -> None:
    clip, sound = tmp_path / "short.mp4", tmp_path / "sound.wav"
    short, silence = "testsrc=size=160x120:rate=12:duration=0.5", "anullsrc=duration=0.1"
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", str(clip)]
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", short, *coded], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", silence, str(sound)], check=True)

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = [str(FOLDER / "pielight-camera"), *arguments]
        return subprocess.run(command, capture_output=True, check=False, env=environment)

    done = run(str(clip), "--denoise", "0")
    assert done.returncode == 0
    assert done.stdout
    assert run(str(clip), "--model", "nothing").returncode == 1
    done = run(str(sound))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"pielight-camera: no video from {sound}\n"


@needs_ffmpeg
def test_a_camera_that_is_away_is_one_line(tmp_path: Path, environment: dict[str, str]) -> None:
    command = [str(FOLDER / "pielight-camera"), str(tmp_path / "nothing.ts")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"pielight-camera: no picture from {tmp_path}/nothing.ts"
    assert done.stdout == ""


def test_configurations_fit_each_other() -> None:
    streams = yaml.safe_load((FOLDER / "go2rtc.yaml").read_text())["streams"]
    kind, _, command = streams["garden_bright"].partition(":")
    program, source = command.split()
    assert (kind, program) == ("exec", "pielight-camera")
    assert source.rsplit("/", 1)[-1] in streams
    inputs = yaml.safe_load((FOLDER / "frigate.yaml").read_text())["cameras"]["garden"]["ffmpeg"]["inputs"]
    assert {role: one["path"].rsplit("/", 1)[-1] for one in inputs for role in one["roles"]} == {
        "detect": "garden_bright",
        "record": "garden",
    }
    (camera,) = yaml.safe_load((FOLDER / "home-assistant.yaml").read_text())["camera"]
    assert camera["platform"] == "ffmpeg"
    assert camera["input"].rsplit("/", 1)[-1] == "garden_bright"
