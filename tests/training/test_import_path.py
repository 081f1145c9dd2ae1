"""A user's object is imported from a module or a file; what goes wrong is one line that names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from pielight.errors import ConfigError
from pielight.training.import_path import named_object


def test_a_file_and_a_module(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def loss(x):\n    return x + 1\n")
    assert named_object(f"{tmp_path}/mine.py:loss", "loss")(1) == 2
    assert named_object("math:pi", "loss") > 3


@pytest.mark.parametrize(
    ("text", "code", "reason"),
    [
        ("no colon", "", "should look like"),
        ("no_such_module_here:x", "", "cannot be imported"),
        ("{}:x", "1 / 0", r"cannot be imported \(ZeroDivisionError"),
        ("{}:x", "y = 1", "has no x"),
        ("{}:x", "raise ValueError('two\\nlines')", "two"),
    ],
)
def test_what_cannot_be_imported(text: str, code: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(ConfigError, match=reason) as error:
        named_object(text.format(tmp_path / "mine.py"), "downstream.loss")
    assert str(error.value).startswith("downstream.loss: ")
    assert "\n" not in str(error.value)
