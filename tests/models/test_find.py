import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pielight import Enhancer
from pielight.errors import ModelError
from pielight.inference.descriptor import find_model
from pielight.models import find
from pielight.options import TASKS


def test_the_shipped_model_matches_its_card() -> None:
    model = find()
    assert model.name == "pie"
    assert model.verify()
    assert {"name", "commit", "seed"} <= set(model.card)
    assert model.path.stat().st_size <= 1_000_000


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_model_that_matches_its_card(task: str) -> None:
    model = find_model(task)
    assert model.verify()
    assert {"name", "commit", "seed", "terms"} <= set(model.card)
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    assert Enhancer(task=task, threads=1)(picture).shape == picture.shape


def test_the_models_of_haze_and_rain_are_small() -> None:
    assert sum(find_model(task).path.stat().st_size for task in ("dehaze", "derain")) <= 2_000_000


@pytest.mark.parametrize("name", ["pie", "free"])
@pytest.mark.parametrize("level", [5, 20, 40])
def test_shipped_models_lift_corners_as_the_middle(name: str, level: int) -> None:
    result = Enhancer(name)(np.full((200, 300, 3), level, np.uint8)).astype(float)
    middle = result[100, 150]
    assert middle.min() > 2 * level
    assert np.abs(result - middle).max() <= 0.03 * middle.max()


def test_own_model_with_and_without_card(tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    shutil.copy(find().path, path)
    assert not find(path).verify()
    path.with_suffix(".json").write_text(json.dumps({"sha256": {"own.onnx": "0" * 64}}))
    with pytest.raises(ModelError, match="checksum"):
        find(str(path)).verify()


@pytest.mark.parametrize("checksums", [[], "x", None])
def test_a_card_with_odd_checksums_has_none(tmp_path: Path, checksums: object) -> None:
    path = tmp_path / "own.onnx"
    shutil.copy(find().path, path)
    path.with_suffix(".json").write_text(json.dumps({"sha256": checksums}))
    assert not find(path).verify()


@pytest.mark.parametrize("card", ["{", "[]", "\xff", "[" * 100_000])
def test_damaged_card(tmp_path: Path, card: str) -> None:
    path = tmp_path / "own.onnx"
    shutil.copy(find().path, path)
    path.with_suffix(".json").write_bytes(card.encode("latin-1"))
    with pytest.raises(ModelError, match="card"):
        find(path)


def test_what_would_do_is_named() -> None:
    with pytest.raises(ModelError, match=r"^other: no such model; .* one of: free, pie$"):
        find("other", names=["free", "pie"])
    with pytest.raises(ModelError, match=r"one of: dehaze, denoise, derain, free, pie$"):
        find("other")


@pytest.mark.parametrize("name", ["other", "missing/own.onnx"])
def test_no_such_model(name: str) -> None:
    with pytest.raises(ModelError, match=r"no such model.*pie"):
        find(name)


@pytest.mark.parametrize("name", ["free", "denoise", "dehaze", "derain"])
def test_cards_say_how_many_photographs_were_used(name: str) -> None:
    card = find(name).card
    used = str(card["well_pictures"])
    assert used in card["data"].split() or f"({used}" in card["data"]
    page = (Path(__file__).parents[2] / "docs" / "results" / "data" / "models.csv").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("data,")]
    assert any(used in line for line in lines)
