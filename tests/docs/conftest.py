"""One folder for each page, in which its commands run in their order."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.workspace import build


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the function that returns the folder of a page."""
    root = tmp_path_factory.mktemp("docs")
    made: dict[str, Path] = {}

    def folder(page: str) -> Path:
        if not made:
            build(root / "new")
        if page not in made:
            made[page] = root / page.removesuffix(".md").replace("/", "-")
            shutil.copytree(root / "new", made[page], symlinks=True)
        return made[page]

    return folder
