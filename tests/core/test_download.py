"""Downloads: requested, announced, verified, and atomic. Servers here are files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.core.download import Remote, fetch
from pielight.errors import ModelError

CONTENT = bytes(range(256)) * 8192  # 2 MB
# Runs commands in one process that knows no network names, and prints [exit code, what it said] of each.
COMMANDS = textwrap.dedent("""
    import json, sys
    asked = []

    def hook(event, arguments):
        if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
            asked.append(f"{event} {arguments}")
            raise RuntimeError(asked[-1])

    sys.addaudithook(hook)
    sys.modules["boto3"] = None  # which accelerate imports, and whose urllib3 binds a socket to see if there is IPv6
    from click.testing import CliRunner
    from pielight.cli import main
    for words in json.loads(sys.argv[1]):
        done = CliRunner().invoke(main, words)
        print(json.dumps([done.exit_code, done.stderr, asked, repr(done.exception)]))
""")


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    served = tmp_path / "served" / "w.pth"
    served.parent.mkdir()
    served.write_bytes(CONTENT)
    return Remote("some weights", served.as_uri(), len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_it_is_said_shown_and_kept(remote: Remote, tmp_path: Path) -> None:
    said: list[str] = []
    target = fetch(remote, tmp_path / "cache" / "deep", said.append)
    assert target.read_bytes() == CONTENT
    assert said[0] == f"downloading some weights: 2 MB from {remote.url} to {target}"
    assert said[-1] == "100 %: 2 of 2 MB"
    assert said[1].endswith(" left")
    assert len(said) > 4
    Path(remote.url.removeprefix("file://")).unlink()
    said.clear()
    assert fetch(remote, target.parent, said.append) == target  # it is there: nothing is asked for
    assert not said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sha256": "0" * 64}, "SHA-256 differs"),
        ({"size": len(CONTENT) - 1}, "not some weights"),
        ({"size": len(CONTENT) + 1}, "not some weights"),
        ({"url": "file:///nowhere/w.pth"}, "cannot be downloaded"),
        ({"url": "http://127.0.0.1:9/w.pth"}, "cannot be downloaded"),
    ],
)
def test_what_is_not_whole_is_not_kept(
    change: dict[str, object], reason: str, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(ModelError, match=reason) as caught:
        fetch(remote._replace(**change), tmp_path / "cache", lambda _: None)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").glob("*"))


def test_a_folder_that_cannot_be_made_is_said_first(remote: Remote, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: list[str] = []
    with pytest.raises(Exception, match="cannot be written"):
        fetch(remote, tmp_path / "file" / "cache", said.append)
    assert not said


def test_no_command_looks_up_a_name_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TORCH_HOME", raising=False)
    rng = np.random.default_rng(0)
    for folder in ("dark", "other", "well"):
        Path(folder).mkdir()
        for number in range(3):
            Image.fromarray(rng.integers(20, 200, (200, 220, 3), dtype=np.uint8)).save(f"{folder}/{number}.png")
    Path("train.yaml").write_text("steps: 2\n")
    Path("joint.yaml").write_text("recipe: joint\n")
    folders = ["--set", "data.well=[well]", "--set", "data.dark=[dark]"]
    commands = [
        ["dark/0.png", "-o", "out.png"],
        ["--task", "dehaze", "dark/0.png", "-o", "clear.png"],
        ["compare", "dark", "-o", "sheet.html"],
        ["info", "dark/0.png"],
        ["evaluate", "--data", "own=dark", "--method", "pielight", "--metrics", "piqe", "-j", "1", "-q"],
        ["survey", "new", "study", "--input", "dark", "--method", "a=other", "--method", "b=well"],
        ["data", "check", "dark", "--as", "well"],
        ["train", "train.yaml", *folders, "--out", "run"],
        ["joint", "joint.yaml", "--set", "data.clean=well"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)], capture_output=True, text=True, check=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [asked for _, _, asked, _ in found] == [[]] * len(commands)
    assert [code for code, *_ in found] == [0] * 7 + [1, 1]
    for _, said, _, _ in found[7:]:
        line = said.splitlines()[-1]
        assert "--features FILE" in line
        assert "--features download (torchvision's, 528 MB from download.pytorch.org)" in line
        assert "reading" not in said
