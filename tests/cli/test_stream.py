"""``pielight stream`` with the real command: what it writes, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from pielight import Enhancer
from pielight.cli import main
from tests.clips import light, pan, shot

SIZE = ("--size", "64x48", "--denoise", "0")
FRAME = 64 * 48 * 3


@pytest.fixture(scope="module")
def frames() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    return [shot(view, -3, random) for view in pan(light("coffee"), 7, (48, 64), 1)]


def stream(*options: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command(*options), input=data, capture_output=True, check=False, timeout=60)


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "pielight", "stream", *options]


def together(frames: Any) -> bytes:
    return b"".join(frame.tobytes() for frame in frames)


def test_it_writes_what_python_returns(frames: list[NDArray[np.uint8]]) -> None:
    done = stream(*SIZE, "--fps", "25", "--every", "3", "--strength", "0.8", data=together(frames))
    assert done.returncode == 0, done.stderr
    wanted = Enhancer().frames(frames, 0.8, denoise=0, fps=25, every=3)
    assert done.stdout == together(wanted)
    assert b"7 frames in " in done.stderr


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12"])
def test_planes(frames: list[NDArray[np.uint8]], pixel_format: str) -> None:
    dark = bytes([30] * (64 * 48) + [128] * (64 * 24))
    done = stream(*SIZE, "--pix-fmt", pixel_format, "--range", "full", "--matrix", "bt709", "-q", data=dark * 2)
    found = np.frombuffer(done.stdout, np.uint8).reshape(2, -1)
    assert (done.returncode, done.stderr) == (0, b"")
    assert found[:, : 64 * 48].mean() > 60
    assert (found[:, 64 * 48 :] == 128).all()


@pytest.mark.parametrize(
    ("count", "text"), [(0, b"standard input: empty"), (FRAME + 5, b"ends 5 bytes into frame 2, whose 9216 would be")]
)
def test_input_that_ends_too_soon(count: int, text: bytes) -> None:
    done = stream(*SIZE, data=bytes(count))
    assert (done.returncode, len(done.stdout)) == (1, count // FRAME * FRAME)
    assert text in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_ends_it_quietly(frames: list[NDArray[np.uint8]]) -> None:
    process = subprocess.Popen(command(*SIZE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(together(frames[:1]))
    process.stdin.flush()
    assert len(process.stdout.read(FRAME)) == FRAME  # at once: no frame of delay
    process.stdout.close()
    with suppress(BrokenPipeError):
        for _ in range(200):
            process.stdin.write(together(frames))
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 1
    assert b"Traceback" not in errors
    with suppress(BrokenPipeError):  # what is still buffered
        process.stdin.close()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(frames: list[NDArray[np.uint8]], number: int, status: int) -> None:
    with subprocess.Popen(
        command(*SIZE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(together(frames[:2]))
        process.stdin.flush()
        assert len(process.stdout.read(2 * FRAME)) == 2 * FRAME
        for _attempt in range(3):  # a signal may come while a library swallows exceptions
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
                break
        ended = process.wait(10)
        assert status == (128 - ended if ended < 0 else ended)  # as a shell sees it
        assert process.stdout.read() == b""
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "Missing option '--size'"),
        (("--size", "64"), "not WIDTHxHEIGHT"),
        (("--size", "0x4"), "sides from 1"),
        (("--size", "4x4", "--fps", "0"), "not a number of frames"),
        (("--size", "4x4", "--fps", "30/0"), "not a number of frames"),
        (("--size", "4x4", "--fps", "fast"), "not a number of frames"),
        (("--size", "4x4", "--pix-fmt", "yuv444p"), "'yuv444p' is not one of"),
        (("--size", "4x4", "--every", "0"), "not in the range"),
    ],
)
def test_wrong_options(options: tuple[str, ...], text: str) -> None:
    result = CliRunner().invoke(main, ["stream", *options])
    assert result.exit_code == 2
    assert text in result.output
