"""The schema: defaults that are valid, and nothing heavy behind it.

Of ``pielight.training.schema``: ``fields``, ``degradations``, ``train``, ``denoise`` and ``joint``.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import typing

import pytest

from pielight.training import schema
from pielight.training.schema.config_file import plain, validate

SECTIONS = [getattr(schema, name) for name in schema.__all__]
NEEDED = {schema.FinetuneConfig: {"dark": "photos"}, schema.DomainConfig: {"dark": "photos", "well": "photos"}}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_defaults_are_within_their_limits(section: type) -> None:
    """Pydantic checks what is given, not defaults."""
    default = section(**NEEDED.get(section, {}))
    assert validate(section, plain(default)) == default


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_no_setting_has_a_type_without_limits(section: type) -> None:
    """A bare float would take NaN, a bare str a text of any length."""
    for name, hint in typing.get_type_hints(section, include_extras=True).items():
        assert hint not in (int, float, str, bool, tuple), name


def test_changes_by_replace_are_checked() -> None:
    with pytest.raises(ValueError, match="less than or equal to 0"):
        dataclasses.replace(schema.RawDarkeningConfig(), stops=(-1.0, 1.0))


def test_it_imports_no_code_of_training() -> None:
    code = (
        "import sys, pielight.training.schema; "
        "print([name for name in sys.modules if name == 'torch' or name.startswith('pielight.training.') "
        "and '.schema' not in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
