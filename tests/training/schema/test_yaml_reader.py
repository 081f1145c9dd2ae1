"""Hostile YAML and JSON: one line that names the file, whoever reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from pielight.errors import ConfigError, PielightError
from pielight.evaluation.downstream.annotations import read_boxes
from pielight.models import find
from pielight.survey.study import load as load_study
from pielight.training.checkpoint import prepare_run_dir
from pielight.training.export.model_files import exported
from pielight.training.networks.joint_model import load_enhancer
from pielight.training.objectives.finetune_start import read_start
from pielight.training.recipe import read_recipe
from pielight.training.schema import DenoiseConfig, JointConfig, TrainConfig
from pielight.training.schema.config_file import read_values
from pielight.training.schema.yaml_reader import MOST_BYTES, parse_yaml

KINDS: tuple[Any, ...] = (TrainConfig, DenoiseConfig, JointConfig)
READERS = [lambda path, kind=kind: read_recipe(path, (), kind) for kind in KINDS]
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30))
HOSTILE = {
    "date": b"steps: 2024-13-45",
    "time": b"steps: 2024-01-01T99:99:99Z",
    "digits": b"steps: " + b"9" * 5000,
    "hexadecimal": b"steps: 0x" + b"f" * 900,
    "many hexadecimal": b"steps: 0x" + b"f" * 5000,
    "sexagesimal": b"steps: 1" + b":59" * 300,
    "brackets": b"steps: " + b"[" * 10_000,
    "closed brackets": b"steps: " + b"[" * 10_000 + b"]" * 10_000,
    "braces": b"{a: " * 10_000,
    "dashes": b"- " * 5_000,
    "laughs": LAUGHS.encode(),
    "itself": b"steps: &a [*a]",
    "no anchor": b"steps: *a",
    "twice": b"steps: 1\nsteps: 2",
    "twice below": b"data: {size: 64, size: 128}",
    "huge": b"# " + b"x" * 300_000,
    "Latin": b"name: caf\xe9",
    "UTF-16": "steps: 1".encode("utf-16"),
    "zeros": bytes(100),
    "tab": b"data:\n\tsize: 64",
    "control": b"name: a\x07b",
    "object": b"steps: !!python/object/apply:os.system ['true']",
    "name": b"steps: !!python/name:os.system",
    "empty int": b"steps: !!int ''",
    "no time": b"steps: !!timestamp soon",
    "no bool": b"steps: !!bool soon",
    "no float": b"steps: !!float soon",
    "list as key": b"? [a, b]\n: 1",
    "list": b"- 1",
    "text": b"hello",
    "picture": bytes(range(256)) * 10,
    "unclosed": b"name: 'a",
    "merge": b"<<: 1",
    "two": b"--- {}\n--- {}",
}
WRONG = {
    "infinite": b"losses: {contrast: .inf}",
    "no number": b"losses: {contrast: .nan}",
    "long name": b"name: " + b"x" * 200_000,
    "long key": b"x" * 1000 + b": 1",
    "odd key": b'"a\\nb": 1',
    "number as key": b"1: 2",
    "null as key": b"null: 2",
    "set": b"steps: !!set {a, b}",
    "bytes": b"steps: !!binary aGVsbG8=",
    "date": b"steps: 2024-01-01",
    "deep": b"steps: [[[1]]]",
}


def one_line(error: PielightError) -> str:
    text = str(error)
    assert text.isprintable()
    assert len(text) < 600
    return text


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_configurations(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_bytes(HOSTILE[name])
    for reader in (read_values, *READERS):
        with pytest.raises(ConfigError, match=r"hostile\.yaml: (cannot be read as YAML|should hold)") as caught:
            reader(path)
        one_line(caught.value)


@pytest.mark.parametrize("name", list(WRONG))
def test_wrong_values(name: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_bytes(WRONG[name])
    for reader in READERS:
        with pytest.raises(ConfigError, match=r"wrong\.yaml: ") as caught:
            reader(path)
        one_line(caught.value)


@pytest.mark.parametrize("name", [name for name in HOSTILE if HOSTILE[name].startswith(b"steps: ")])
def test_hostile_changes(name: str) -> None:
    for kind in KINDS:
        with pytest.raises(ConfigError, match=r"^--set steps=") as caught:
            read_recipe(None, [HOSTILE[name].decode().replace("steps: ", "steps=", 1)], kind)
        one_line(caught.value)


def test_a_hostile_file_in_the_folder_of_a_run_stays(tmp_path: Path) -> None:
    stored = tmp_path / "config.yaml"
    for content in HOSTILE.values():
        stored.write_bytes(content)
        (tmp_path / "checkpoint.pt").unlink(missing_ok=True)
        for _ in range(2):  # without a checkpoint, and with one
            with pytest.raises(ConfigError, match=r"config\.yaml") as caught:
                prepare_run_dir(tmp_path, TrainConfig(out=str(tmp_path)))
            one_line(caught.value)
            assert stored.read_bytes() == content
            (tmp_path / "checkpoint.pt").touch()


def test_hostile_settings_of_weights(tmp_path: Path) -> None:
    model = tmp_path / "own.onnx"
    model.touch()
    weights = tmp_path / "own.safetensors"
    for name in ("date", "digits", "brackets", "laughs", "object", "list", "text", "empty int"):
        save_file({"a": torch.zeros(1)}, weights, {"config": HOSTILE[name].decode()})
        for reader, path in ((read_start, model), (load_enhancer, weights)):
            with pytest.raises(PielightError, match="own") as caught:
                reader(str(path))
            one_line(caught.value)


JSON = {
    "digits": b'{"a": ' + b"9" * 5000 + b"}", "deep": b"[" * 100_000, "closed": b"[" * 100_000 + b"]" * 100_000,
    "Latin": b'{"a": "\xe9"}', "surrogate": b'{"\\ud800": [{"x": 1}]}', "zeros": bytes(100), "nothing": b"",
    "list": b"[]", "text": b'"a"', "huge number": b'{"a.jpg": [{"x": ' + b"9" * 400 + b', "y": 1, "w": 1, "h": 1}]}',
    "infinite": b'{"a.jpg": [{"x": 1e999, "y": 1, "w": 1, "h": 1}]}', "picture": bytes(range(256)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(JSON))
def test_hostile_json(name: str, tmp_path: Path) -> None:
    (tmp_path / "own.onnx").touch()
    readers: dict[str, Callable[[Path], Any]] = {
        "boxes.json": read_boxes,
        "study.json": lambda path: load_study(path.parent),
        "own.json": lambda path: find(path.with_suffix(".onnx")),
    }
    for file, reader in readers.items():
        (tmp_path / file).write_bytes(JSON[name])
        if file == "own.json" and isinstance(_loaded(JSON[name]), dict):
            continue  # a card of another content
        with pytest.raises(PielightError, match=file) as caught:
            reader(tmp_path / file)
        one_line(caught.value)
    assert not exported("own", tmp_path)


def _loaded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def test_large_json_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "boxes.json"
    with path.open("wb") as file:
        file.truncate(257 << 20)
    with pytest.raises(PielightError, match=r"boxes\.json: not JSON \(larger than 256 MB\)"):
        read_boxes(path)


def test_aliases_that_are_used_with_measure() -> None:
    text = "base: &b {rate: 1}\nown: {<<: *b, rate: 2}\nother: *b"
    assert parse_yaml(text) == {"base": {"rate": 1}, "own": {"rate": 2}, "other": {"rate": 1}}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_what_is_plain_comes_back(value: Any) -> None:
    assert parse_yaml(yaml.safe_dump(value)) == value


@given(
    st.text(st.characters(codec="utf-8"), max_size=60) | st.text("[]{}:-,&*!?|>'\"#%@` \n0123ab.e+_~<=", max_size=60)
)
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse_yaml(text)
    except ValueError as error:
        assert str(error).isprintable()  # noqa: PT017 - most texts are read


def test_the_limit_is_wide_enough() -> None:
    assert len(parse_yaml("- a\n" * 10_000)) == 10_000
    with pytest.raises(ValueError, match="more than 20,000 values"):
        parse_yaml("- a\n" * 30_000)
    with pytest.raises(ValueError, match="larger than 256 kB"):
        parse_yaml(" " * (MOST_BYTES + 1))
