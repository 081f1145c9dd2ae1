"""The networks, and the safe reader of public checkpoints."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from pielight.errors import ConfigError, ModelError
from pielight.training.networks.dce_net import DCENet, build, read_dcenet
from pielight.training.networks.lattice_net import LatticeNet
from pielight.training.schema import LatticeConfig


def test_dcenet_is_the_published_one() -> None:
    network = DCENet()
    assert sum(p.numel() for p in network.parameters()) == 79_416
    assert sorted(network.state_dict()) == sorted(
        f"e_conv{i}.{part}" for i in range(1, 8) for part in ("weight", "bias")
    )
    maps = network(torch.rand(1, 3, 17, 23))
    assert maps.shape == (1, 24, 17, 23)
    assert maps.abs().max() <= 1


def test_dcenet_is_seven_convolutions_with_symmetric_skips() -> None:
    """A second transcription with plain convolutions of the same weights."""
    torch.manual_seed(0)
    network, x = DCENet(), torch.rand(1, 3, 9, 9)
    state = network.state_dict()

    def layer(i: int, value: torch.Tensor) -> torch.Tensor:
        return torch.conv2d(value, state[f"e_conv{i}.weight"], state[f"e_conv{i}.bias"], padding=1)

    out = [x]
    for i in range(1, 5):
        out.append(layer(i, out[-1]).clamp(min=0))
    fifth = layer(5, torch.cat([out[3], out[4]], 1)).clamp(min=0)
    sixth = layer(6, torch.cat([out[2], fifth], 1)).clamp(min=0)
    plain = torch.tanh(layer(7, torch.cat([out[1], sixth], 1)))
    torch.testing.assert_close(network(x), plain)


def test_build_knows_two() -> None:
    assert isinstance(build("dcenet"), DCENet)
    assert isinstance(build("lattice"), LatticeNet)
    assert build("lattice", LatticeConfig(iterations=4)).get_parameter("head.bias").shape == (12,)
    with pytest.raises(ConfigError, match="lattice or dcenet"):
        build("resnet")


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s},
                                  lambda s: {f"module.{k}": v for k, v in s.items()},
                                  lambda s: {k: v.half() for k, v in s.items()}])  # fmt: skip
def test_read_dcenet(tmp_path: Path, wrap) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(1)
    network = DCENet()
    torch.save(wrap(network.state_dict()), tmp_path / "pie.pth")
    read = read_dcenet(tmp_path / "pie.pth")
    x = torch.rand(1, 3, 8, 8)
    torch.testing.assert_close(read(x), network(x), atol=1e-3, rtol=0)


class Harmful:
    """Would run a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch harmed",)


def test_read_dcenet_refuses_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"e_conv1.weight": Harmful()}, tmp_path / "bad.pth")
    with pytest.raises(ModelError, match=r"bad\.pth"):
        read_dcenet(tmp_path / "bad.pth")
    assert not (tmp_path / "harmed").exists()


def test_read_dcenet_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with pytest.raises(ModelError, match=r"x\.pth: no such"):
        read_dcenet(path)
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match=r"x\.pth: not a safe"):
        read_dcenet(path)
    state = DCENet().state_dict()
    torch.save({k: v for k, v in state.items() if k != "e_conv3.bias"}, path)
    with pytest.raises(ModelError, match=r"e_conv1\.weight to e_conv7\.bias"):
        read_dcenet(path)
    torch.save({**state, "e_conv7.weight": torch.zeros(3, 64, 3, 3)}, path)
    with pytest.raises(ModelError, match=r"e_conv7\.weight should have the shape"):
        read_dcenet(path)
