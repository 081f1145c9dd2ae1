"""The plug-in for GIMP 3, with a stand-in of GIMP's Python interface (Debian 12 has GIMP 2.10); the command is real."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.integrations import gimp_stand_in as gimp
from tests.integrations.modules import dark_picture, load


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Returns a function that starts the plug-in and runs its procedure."""
    command = tmp_path / "pielight"
    path = shlex.quote(os.pathsep.join(filter(None, sys.path)))  # the plug-in drops PYTHONPATH
    command.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {shlex.quote(sys.executable)} -m pielight "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PIELIGHT", str(command))

    def run(image: Any, drawables: list[Any], mode: Any = gimp.Kind.NONINTERACTIVE, answer: bool = True, **set_to: Any):  # type: ignore[no-untyped-def]
        for name, module in gimp.modules(answer).items():
            monkeypatch.setitem(sys.modules, name, module)
        plug_in = load("gimp/pielight/pielight.py").Pielight()
        (name,) = plug_in.do_query_procedures()
        procedure = plug_in.do_create_procedure(name)
        config = SimpleNamespace(get_property=(procedure.arguments | set_to).__getitem__)
        return procedure.run(procedure, mode, image, drawables, config, None)

    return run


def opened(pixels: np.ndarray[Any, Any], offsets: tuple[int, int] = (0, 0)) -> tuple[gimp.Image, gimp.Layer]:
    image = gimp.Image(pixels.shape[1], pixels.shape[0])
    layer = gimp.Layer(Image.fromarray(pixels), offsets=offsets)
    image.insert_layer(layer, None, 0)
    return image, layer


def test_a_bright_layer_comes_above_the_photo(start: Callable[..., Any]) -> None:
    opacity = np.full((96, 128, 1), 90, np.uint8)
    image, photo = opened(np.concatenate([dark_picture(), opacity], 2), offsets=(7, 5))
    before, alive = gimp.pixels(photo).copy(), gimp.Image.alive
    assert start(image, [photo])[0] == gimp.Kind.SUCCESS
    bright, below = image.layers
    assert below is photo
    assert np.array_equal(gimp.pixels(photo), before)
    assert (bright.name, bright.offsets, bright.mask) == ("photo (bright)", (7, 5), None)
    assert gimp.pixels(bright)[..., :3].mean() > 2 * before[..., :3].mean()
    assert (gimp.pixels(bright)[..., 3] == 90).all()
    assert image.undo == [1, 1]
    assert gimp.Image.alive == alive
    assert gimp.saved == [gimp.Precision.U8_NON_LINEAR]
    assert gimp.progress == ["Brightening"]


@pytest.mark.parametrize("mode", [gimp.LayerMode.MULTIPLY, gimp.LayerMode.PASS_THROUGH])
def test_the_result_is_blended_as_the_layer_is(start: Callable[..., Any], mode: gimp.LayerMode) -> None:
    image, photo = opened(dark_picture())
    photo.opacity, photo.mode, photo.visible = 50.0, mode, False
    assert start(image, [photo])[0] == gimp.Kind.SUCCESS
    bright, below = image.layers
    expected = gimp.LayerMode.NORMAL if mode == gimp.LayerMode.PASS_THROUGH else mode
    assert (bright.opacity, bright.mode, bright.visible) == (50.0, expected, False)
    assert (below.opacity, below.mode, below.visible) == (50.0, mode, False)


@pytest.mark.parametrize("precision", [gimp.Precision.FLOAT_LINEAR, gimp.Precision.U16_NON_LINEAR])
def test_linear_images_are_not_saved_linear(start: Callable[..., Any], precision: gimp.Precision) -> None:
    image, photo = opened(dark_picture())
    image.precision = precision
    assert start(image, [photo])[0] == gimp.Kind.SUCCESS
    assert gimp.saved == [gimp.Precision.U16_NON_LINEAR]
    assert image.precision == precision


def test_the_command_of_pipx_is_found_and_runs_without_what_an_appimage_sets(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tool = tmp_path / ".local/bin/pielight"
    tool.parent.mkdir(parents=True)
    tool.write_text('#!/bin/sh\necho "Error: $LD_LIBRARY_PATH$PYTHONHOME$PYTHONPATH, $0" >&2\nexit 1\n')
    tool.chmod(0o755)
    variables = {"PIELIGHT": "", "PATH": "/nonexistent", "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    for name, value in (variables | dict.fromkeys(("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH"), "/mnt")).items():
        monkeypatch.setenv(name, value)
    image, photo = opened(dark_picture())
    assert start(image, [photo])[1] == f"pielight: , {tool}"


def test_sixteen_bits_gray_and_a_selection(start: Callable[..., Any]) -> None:
    image, photo = opened(dark_picture()[..., 0].astype(np.uint16) * 257)
    image.selection = True
    assert start(image, [photo], strength=0.5, model="free")[0] == gimp.Kind.SUCCESS
    bright = gimp.pixels(image.layers[0])
    assert bright.max() > 255
    assert bright.mean() > 1.2 * gimp.pixels(photo).mean()
    assert image.layers[0].mask == gimp.Kind.SELECTION


def test_the_dialog_may_be_left(start: Callable[..., Any]) -> None:
    image, photo = opened(dark_picture())
    assert start(image, [photo], gimp.Kind.INTERACTIVE, answer=False)[0] == gimp.Kind.CANCEL
    assert image.layers == [photo]
    assert gimp.closed == [False]


@pytest.mark.parametrize(
    ("set_to", "variables", "line"),
    [
        ({"model": "nothing"}, {}, "pielight: nothing: no such model"),
        ({"strength": 7.0}, {}, "strength"),
        (
            {},
            {"PIELIGHT": "", "PATH": "/nonexistent", "HOME": "/nonexistent"},
            "the command is not found; run in its clone: pipx install",
        ),
        ({}, {"PIELIGHT": "/nonexistent/pielight"}, "No such file"),
    ],
)
def test_an_error_is_one_line_and_adds_nothing(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, set_to: Any, variables: dict[str, str], line: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    image, photo = opened(dark_picture())
    status, error = start(image, [photo], **set_to)
    assert status == gimp.Kind.EXECUTION_ERROR
    assert line in error
    assert len(error.splitlines()) == 1
    assert image.layers == [photo]
    assert image.undo == [1, 1]
    assert start(image, [photo, photo])[1] == "pielight: choose one layer, not 2"
    assert start(image, [object()])[1] == "pielight: choose a layer, not a mask or channel"
