"""Files of weights, and what is said of those that are no exposure map's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pielight.errors import ModelError
from pielight.training.networks.weights import fill, read_exposure_net, read_weights

CONFIG = "recipe: exposure\nwidth: 0.25\n"


def test_a_network_is_read_as_it_was_written(start: Path) -> None:
    path = start.with_suffix(".safetensors")
    network, config = read_exposure_net(path)
    assert (config.name, config.width, network.training) == ("tiny", 0.25, False)
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in load_file(path).items())


def test_settings_of_joint_training_do_not_count(start: Path, tmp_path: Path) -> None:
    weights = load_file(start.with_suffix(".safetensors"))
    save_file(weights, tmp_path / "a.safetensors", {"config": CONFIG + "joint:\n  steps: 3\n"})
    assert read_exposure_net(tmp_path / "a.safetensors")[1].width == 0.25


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.safetensors").write_bytes(b"nothing")
    for name, reason in (
        ("a.pth", "should be a .safetensors"), ("a.safetensors", "no such file"), ("odd.safetensors", "damaged weights")
    ):  # fmt: skip
        with pytest.raises(ModelError, match=reason):
            read_weights(tmp_path / name)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("network: lattice\n", "holds no exposure map .* make one with `pielight train`"),
        ("recipe: exposure\nwidths: 1\n", "unknown setting widths"),
        ("recipe: exposure\n", r"\(4, 3, 3, 3\); expected \(16, 3, 3, 3\)"),
        ("- a\n", "holds no exposure map"),
    ],
)
def test_other_networks_are_refused_in_one_line(config: str, reason: str, start: Path, tmp_path: Path) -> None:
    save_file(load_file(start.with_suffix(".safetensors")), tmp_path / "a.safetensors", {"config": config})
    with pytest.raises(ModelError, match=reason) as caught:
        read_exposure_net(tmp_path / "a.safetensors")
    assert "\n" not in str(caught.value)


def test_weights_that_lack_or_have_more_are_refused(tmp_path: Path) -> None:
    layer = torch.nn.Linear(2, 1)
    for state, reason in (
        ({"weight": layer.weight}, "another network; lacks bias"),
        ({**layer.state_dict(), "more": layer.bias}, "another network; has more"),
    ):
        with pytest.raises(ModelError, match=reason):
            fill(layer, state, tmp_path)
