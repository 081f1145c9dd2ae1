"""Options of downstream tasks: which go together."""

from __future__ import annotations

from typing import Any

import pytest

from pielight.cli import downstream_options
from pielight.errors import ConfigError

NOTHING = dict.fromkeys(downstream_options._NAMES) | {"niqe": None, "download": False, "gt_mean": False}


def chosen(**arguments: Any) -> dict[str, Any]:
    return downstream_options.given(NOTHING | arguments)


def test_nothing_given_is_no_downstream_task() -> None:
    assert chosen() == {}


def test_a_value_of_zero_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="--ignore needs --downstream"):
        chosen(ignore=0)
    arguments = NOTHING | {"downstream": "faces", "ignore": 0}
    with pytest.raises(ConfigError, match="--ignore has no meaning with --downstream faces"):
        downstream_options.plan(arguments, downstream_options.given(arguments), 0)
    assert capsys.readouterr().err == ""


def test_the_former_name_counts_unless_the_new_one_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert chosen(task="faces", iou=0.4) == {"downstream": "faces", "iou": 0.4}
    assert chosen(task="faces", downstream="segmentation") == {"downstream": "segmentation"}
    assert capsys.readouterr().err.count("--task is deprecated") == 2
