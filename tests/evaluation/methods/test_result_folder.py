"""Results that somebody else made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pielight.errors import ConfigError, DataError
from pielight.evaluation.datasets.dataset import Sample
from pielight.evaluation.datasets.layouts import detect
from pielight.evaluation.methods.method import find_method, open_enhancer
from pielight.io.load_rgb import load_rgb8


def test_pictures_that_somebody_made(pairs: Path, tmp_path: Path) -> None:
    data = detect("lol", pairs)
    folder = tmp_path / "theirs"
    folder.mkdir()
    for sample in data.samples[:-1]:
        Image.fromarray(load_rgb8(sample.input) + np.uint8(9)).save(folder / f"{sample.name}_pie.png")
    theirs = find_method(f"dir:{folder}")
    with pytest.raises(DataError, match=r"no pictures for 1 of lol: 5"):
        theirs.check(data)
    sample = data.samples[0]
    assert np.array_equal(theirs.enhanced("lol", sample), load_rgb8(sample.input) + np.uint8(9))
    before = theirs.identity("lol", sample)
    (folder / "lol").mkdir()
    Image.new("RGB", (5, 5)).save(folder / "lol" / "1.png")
    again = find_method(f"dir:{folder}")
    assert again.identity("lol", sample) != before  # the folder of the data set's name comes first
    with pytest.raises(DataError, match="1 of lol is 48 x 40, its result 5 x 5"):
        again.enhanced("lol", sample)
    with pytest.raises(ConfigError):
        open_enhancer(again.spec)


def test_scenes_that_somebody_made(tmp_path: Path) -> None:
    for name in ("12_3.png", "13/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    theirs = find_method(f"dir:{tmp_path}")
    found = [theirs.result_file("sice", Sample(name, Path("x"))) for name in ("12/3", "13/3", "14/3")]
    assert found == [tmp_path / "12_3.png", tmp_path / "13" / "3.png", None]


def test_results_that_could_be_either(pairs: Path, tmp_path: Path) -> None:
    sample = detect("lol", pairs).samples[0]
    made = tmp_path / "made"
    made.mkdir()
    for name in ("1_pie.png", "1_result.png"):
        Image.new("RGB", (48, 40)).save(made / name)
    with pytest.raises(DataError, match=r"several pictures for 1 of lol: 1_pie\.png, 1_result\.png"):
        find_method(f"dir:{made}").result_file("lol", sample)
    Image.new("RGB", (48, 40)).save(made / "1.png")  # the exact name comes first
    assert find_method(f"dir:{made}").result_file("lol", sample) == made / "1.png"
