"""The script for FiftyOne, with a stand-in of a dataset, since FiftyOne brings a database server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from tests.integrations.modules import dark_picture, load, stand_in

SCRIPT = load("fiftyone/brighten_dataset.py")


class Sample(dict[str, Any]):
    """A sample: fields by name, and some as attributes."""

    def __init__(self, number: int, path: Path) -> None:
        super().__init__()
        self.id, self.filepath = f"{number:024x}", str(path)


class Dataset:
    """A dataset, of which samples are given out one by one and saved."""

    def __init__(self, paths: list[Path]) -> None:
        self.samples = [Sample(number, path) for number, path in enumerate(paths)]
        self.fields: set[str] = {"filepath"}
        self.app_config = SimpleNamespace(media_fields=["filepath"])
        self.saved = 0

    def has_sample_field(self, name: str) -> bool:
        return name in self.fields

    def add_sample_field(self, name: str, kind: Any) -> None:
        assert kind == "string"
        self.fields.add(name)
        for sample in self.samples:
            sample[name] = None

    def iter_samples(self, autosave: bool, progress: bool) -> Iterator[Sample]:
        assert autosave
        yield from self.samples

    def save(self) -> None:
        self.saved += 1


def test_samples_get_bright_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fiftyone", stand_in("fiftyone", StringField="string"))
    paths = [tmp_path / "a" / "1.png", tmp_path / "b" / "1.png", tmp_path / "torn.jpg"]
    for path in paths[:2]:
        path.parent.mkdir()
        Image.fromarray(dark_picture()).save(path)
    paths[2].write_bytes(b"torn")
    data = Dataset(paths)
    (error,) = SCRIPT.brighten(data, tmp_path / "bright")
    assert "torn.jpg" in error
    copies = [Path(str(sample[SCRIPT.FIELD])) for sample in data.samples[:2]]
    assert copies[0] != copies[1]
    assert all(copy.parent == tmp_path / "bright" and copy.suffix == ".png" for copy in copies)
    assert data.samples[2][SCRIPT.FIELD] is None
    assert data.app_config.media_fields == ["filepath", SCRIPT.FIELD]
    before = [copy.stat().st_mtime_ns for copy in copies]
    assert len(SCRIPT.brighten(data, tmp_path / "bright")) == 1
    assert [copy.stat().st_mtime_ns for copy in copies] == before
    assert data.app_config.media_fields == ["filepath", SCRIPT.FIELD]
