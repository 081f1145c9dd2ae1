"""Import paths of earlier releases."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from pielight import _deprecated


@pytest.mark.parametrize("path", _deprecated.MOVED)
def test_each_former_name_is_the_new_one_and_warns(path: str) -> None:
    module = importlib.import_module(path)
    for name, target in _deprecated.MOVED[path].items():
        with pytest.warns(DeprecationWarning, match=rf"{path}.{name} is now pielight\."):
            former = getattr(module, name)
        home, _, attribute = target.partition(":")
        now = getattr(importlib.import_module(home), attribute or name)
        assert former is now or callable(_deprecated._ADAPTED[name])


def test_a_snippet_of_the_previous_documentation() -> None:
    lines = [
        f"from {path} import {', '.join(names)}" for path, names in _deprecated.MOVED.items() if "joint" not in path
    ]
    lines.append("import pielight.downstream.darkness as old; print(old.Darkness(ev=3).ev, evidence.__name__)")
    code = "\n".join(line for line in lines if ".train." not in line)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "3 detection_state\n"


def test_a_former_configuration_of_joint_training_is_read() -> None:
    with pytest.warns(DeprecationWarning, match="read_recipe"):
        read_joint = importlib.import_module("pielight.joint.config").read_joint
    assert read_joint(None, ["steps=10", "train=both"]).train == "both"


@pytest.mark.parametrize("code", ["from pielight.downstream.darkness import Dark", "import pielight.downstream.nothing",
                                  "from pielight.evaluate import Figure"])  # fmt: skip
def test_what_the_documentation_never_showed_is_not_there(code: str) -> None:
    with pytest.raises(ImportError):
        exec(code)


def test_former_modules_load_nothing() -> None:
    code = "import sys, pielight, pielight.train.tasks.task; print([n for n in ('numpy', 'torch') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
