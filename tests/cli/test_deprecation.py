"""Old names of settings on the command line: they work, and one line on stderr says what they are called now."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from pielight.cli import main
from pielight.cli.stderr import deprecations_on_stderr
from pielight.errors import RenamedWarning


def test_an_old_key_is_one_line_on_stderr(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 60, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    done = CliRunner().invoke(main, ["data", "check", str(tmp_path), "--as", "dark", "--set", "data.smallest=32"])
    assert done.exit_code == 0
    assert done.stderr == (
        "deprecated: data.smallest is now data.min_size; the old name works for this release alone\n"
    )
    assert done.stdout == "dark: 1 of 1 files are used\n"


def test_other_warnings_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with deprecations_on_stderr():
        warnings.warn("old", RenamedWarning, stacklevel=1)
        with pytest.warns(UserWarning, match="other"):
            warnings.warn("other", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "deprecated: old\n"
