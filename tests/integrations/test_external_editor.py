"""The external editor: a TIFF in, a TIFF out, at its depth, with its profile and EXIF."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from tests.integrations.modules import INTEGRATIONS, dark_picture, good_picture

EDITOR = INTEGRATIONS / "external-editor/pielight_edit.py"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def run(*arguments: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a host does, without a terminal."""
    environment = os.environ | {"PATH": "/nonexistent"} | variables  # no notifications
    command = [sys.executable, str(EDITOR), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What darktable hands over: 16 bits, a profile, EXIF of a camera, and the photographer's name."""
    path = tmp_path / "night_01.tif"
    pixels = dark_picture().astype(np.uint16) * 257
    tags = [(34675, 7, len(PROFILE), PROFILE, True), (271, 2, 0, "Maker", True), (315, 2, 0, "Someone", True)]
    tifffile.imwrite(path, pixels, photometric="rgb", compression="zlib", extratags=tags)
    return path


def test_a_copy_is_edited_in_its_place(copy: Path) -> None:
    before = tifffile.imread(copy)
    done = run(copy)
    assert (done.returncode, done.stderr) == (0, "")
    with tifffile.TiffFile(copy) as file:
        (page,) = file.pages
        after = page.asarray()
        assert page.tags[34675].value == PROFILE
        assert (page.tags[271].value, page.tags[315].value) == ("Maker", "Someone")
    assert (after.dtype, after.shape) == (np.uint16, before.shape)
    assert after.mean() > 2 * before.mean()
    assert len(np.unique(after)) > 256
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


def test_a_link_stays_one(copy: Path, tmp_path: Path) -> None:
    link, before = tmp_path / "links" / "photo.tif", tifffile.imread(copy)
    link.parent.mkdir()
    link.symlink_to(Path("..", copy.name))
    assert run(link).returncode == 0
    assert link.is_symlink()
    assert tifffile.imread(copy).mean() > 2 * before.mean()
    assert [path.name for path in link.parent.iterdir()] == [link.name]


def test_with_two_names_the_first_stays(copy: Path, tmp_path: Path) -> None:
    content, target = copy.read_bytes(), tmp_path / "out" / "bright.tif"
    target.parent.mkdir()
    target.write_bytes(b"what digiKam put there")
    assert run(copy, target, PIELIGHT_STRENGTH="0.5", PIELIGHT_MODEL="free").returncode == 0
    assert copy.read_bytes() == content
    assert tifffile.imread(target).mean() > 1.2 * tifffile.imread(copy).mean()


@pytest.mark.slow
def test_it_installs_as_a_command(copy: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(EDITOR.parent, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    (command,) = (target / "bin").iterdir()
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(target), *filter(None, sys.path)])}
    before = tifffile.imread(copy)
    done = subprocess.run([command, copy], capture_output=True, text=True, check=False, env=variables)
    assert (command.name, done.returncode, done.stderr) == ("pielight-edit", 0, "")
    assert tifffile.imread(copy).mean() > 2 * before.mean()


def test_opacity_and_good_photos_stay(tmp_path: Path) -> None:
    path, pixels = tmp_path / "good.tiff", good_picture()
    opacity = np.arange(96 * 128).reshape(96, 128, 1) % 256
    rgba = np.concatenate([pixels, opacity], 2).astype(np.uint8)
    Image.fromarray(rgba).save(path)
    assert run(path).returncode == 0
    with Image.open(path) as after:
        assert np.array_equal(np.asarray(after), rgba)


@pytest.mark.parametrize(
    ("name", "content", "variables", "line"),
    [
        ("photo.jpg", b"", {}, "an editor is given a TIFF; set the host to TIFF, 16 bits, sRGB or Adobe RGB"),
        ("damaged.tif", b"II*\0nothing", {}, "damaged.tif"),
        ("missing.tif", None, {}, "missing.tif: no such file"),
        ("a.tif", b"", {"PIELIGHT_STRENGTH": "much"}, "PIELIGHT_STRENGTH 'much': must be a number"),
    ],
)
def test_an_error_is_one_line_and_changes_nothing(
    tmp_path: Path, name: str, content: bytes | None, variables: dict[str, str], line: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = run(path, **variables)
    assert done.returncode == 1
    (only,) = done.stderr.splitlines()
    assert line in only
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([] if content is None else [content])


def test_errors_are_shown_where_nobody_sees_standard_error(tmp_path: Path) -> None:
    tool = tmp_path / "notify-send"
    tool.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{tmp_path}/shown"\n')
    tool.chmod(0o755)
    assert run(tmp_path / "missing.tif", PATH=f"{tmp_path}:/usr/bin:/bin").returncode == 1
    assert (tmp_path / "shown").read_text() == f"pielight|{tmp_path}/missing.tif: no such file|"
    assert run().returncode == 2
