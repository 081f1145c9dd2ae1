"""The network, its curves against a plain NumPy transcription and the engine, and the safe reader of checkpoints."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from pielight import CurveLattice
from pielight.errors import ModelError
from pielight.ops.apply import apply
from pielight.options import EnhanceOptions
from pielight.training.networks.dce_net import DCENet, read_dcenet, render


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


def bilinear(nodes: np.ndarray, size: int) -> np.ndarray:
    """Interpolate (h, w) at the centers of size x size pixels."""
    out = np.empty((size, size))
    h, w = nodes.shape
    for y in range(size):
        for x in range(size):
            v = min(max((y + 0.5) * h / size - 0.5, 0), h - 1)
            u = min(max((x + 0.5) * w / size - 0.5, 0), w - 1)
            i, j = min(int(v), h - 2), min(int(u), w - 2)
            a, b = v - i, u - j
            top = nodes[i, j] * (1 - b) + nodes[i, j + 1] * b
            low = nodes[i + 1, j] * (1 - b) + nodes[i + 1, j + 1] * b
            out[y, x] = top * (1 - a) + low * a
    return out


def test_interpolates_parameters_and_iterates_at_every_pixel() -> None:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(1, 3, 12, 12, generator=generator, dtype=torch.float64)
    alphas = torch.rand(1, 24, 3, 3, generator=generator, dtype=torch.float64) * 2 - 1
    plain = pictures[0].numpy().copy()
    for n in range(8):
        for channel in range(3):
            a = bilinear(alphas[0, 3 * n + channel].numpy(), 12)
            plain[channel] += a * (plain[channel] ** 2 - plain[channel])
    np.testing.assert_allclose(render(pictures, alphas)[0].numpy(), plain, atol=1e-9)


def test_agrees_with_the_engine_where_the_lattice_is_flat() -> None:
    alphas = torch.full((1, 24, 4, 4), -0.3)
    pixels = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    lattice = CurveLattice(alphas[0].numpy().reshape(8, 3, 4, 4))
    trained = render(torch.from_numpy(pixels.transpose(2, 0, 1))[None], alphas)[0].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(apply(pixels, lattice, EnhanceOptions(highlights=0)), trained, atol=1e-3)


def test_gradients_reach_the_lattice() -> None:
    """By finite differences."""
    generator = torch.Generator().manual_seed(1)
    pictures = torch.rand(1, 3, 6, 6, generator=generator, dtype=torch.float64)
    alphas = (torch.rand(1, 6, 2, 2, generator=generator, dtype=torch.float64) - 0.5).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: render(pictures, a).sum(), (alphas,))


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_stays_in_range(value: float) -> None:
    out = render(torch.linspace(0, 1, 48).view(1, 3, 4, 4), torch.full((1, 24, 2, 2), value))
    assert out.min() >= 0
    assert out.max() <= 1


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
