"""What is prepared for a run is computed once, even if the run is killed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from pielight.core.progress import track
from pielight.training.checkpoint import read_checkpoint
from pielight.training.data import bank, domain, exposure_samples
from pielight.training.data.preparation import FOLDER, NOTHING, Preparation, checksum
from pielight.training.data.toy import write_toy_pictures
from pielight.training.schema import FinetuneConfig, TrainConfig
from pielight.training.trainer import train

Make = Callable[..., TrainConfig]
CPU = torch.device("cpu")


class Computed:
    """Counts how often something is computed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> dict[str, Any]:
        self.count += 1
        return {"numbers": [torch.rand(3)]}


def test_a_result_is_kept_with_its_randomness(tmp_path: Path) -> None:
    computed, kept = Computed(), Preparation(tmp_path / "kept", "key")
    torch.manual_seed(1)
    first, after = kept.result("a", computed), torch.rand(1)
    torch.manual_seed(2)
    again, later = kept.result("a", computed), torch.rand(1)
    assert computed.count == 1
    assert torch.equal(first["numbers"][0], again["numbers"][0])
    assert torch.equal(after, later)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a.pt"]


@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_what_is_damaged_or_of_another_key_is_made_anew(content: bytes | None, tmp_path: Path) -> None:
    computed = Computed()
    Preparation(tmp_path, "key").result("a", computed)
    if content is not None:
        (tmp_path / "a.pt").write_bytes(content)
    else:
        torch.save([1], tmp_path / "a.pt")
    Preparation(tmp_path, "key").result("a", computed)
    Preparation(tmp_path, "other").result("a", computed)
    Preparation(tmp_path, "other").result("a", computed)
    assert computed.count == 3


def test_nothing_is_kept_without_a_folder() -> None:
    computed = Computed()
    for _ in range(2):
        NOTHING.result("a", computed)
    assert computed.count == 2


def test_the_checksum_is_of_all_that_counts() -> None:
    torch.manual_seed(0)
    layer, pictures = torch.nn.Linear(2, 2), [torch.zeros(3, 4, 4, dtype=torch.uint8)]
    state = torch.get_rng_state()

    def made(settings: str = "a", side: int = 4, value: int = 0, weight: float = 0.0) -> str:
        torch.set_rng_state(state)
        torch.nn.init.constant_(layer.weight, weight)
        return checksum(settings, [[torch.full((3, side, 16 // side), value, dtype=torch.uint8)]], [layer, None], CPU)

    found = {made(), made("b"), made(side=2), made(value=1), made(weight=1.0)}
    assert len(found) == 5
    assert made() in found
    torch.rand(1)
    assert checksum("a", [pictures], [layer], CPU) not in found


def test_a_killed_run_does_not_start_over(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = train(tiny(tmp_path / "straight", bank=10), lambda _: None, stop_at=2)
    portions: list[int] = []
    expose = bank._expose

    def killed(*arguments: Any) -> Any:
        portions.append(1)
        if len(portions) == 5:  # in the second portion of three calls each
            raise KeyboardInterrupt
        return expose(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(bank, "_expose", killed)
        with pytest.raises(KeyboardInterrupt):
            train(tiny(tmp_path / "killed", bank=10), lambda _: None, stop_at=2)
        portions.clear()
        out = train(tiny(tmp_path / "killed", bank=10), lambda _: None, stop_at=2)
        assert len(portions) == 3  # those of the second portion
    one, other = read_checkpoint(straight / "checkpoint.pt").network, read_checkpoint(out / "checkpoint.pt").network
    assert all(torch.equal(one[key], other[key]) for key in one)

    monkeypatch.setattr(bank, "_expose", lambda *_: pytest.fail("computed again"))
    train(tiny(out, bank=10), lambda _: None, stop_at=4)
    assert (out / FOLDER).is_dir()
    train(tiny(out, bank=10), lambda _: None)
    assert not (out / FOLDER).exists()


def test_other_settings_are_prepared_anew(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train(tiny(tmp_path), lambda _: None, stop_at=1)
    (tmp_path / "checkpoint.pt").unlink()
    (tmp_path / "config.yaml").unlink()
    count, expose = [0], bank._expose

    def counting(*arguments: Any) -> Any:
        count[0] += 1
        return expose(*arguments)

    monkeypatch.setattr(bank, "_expose", counting)
    train(tiny(tmp_path, seed=7), lambda _: None, stop_at=1)
    assert count[0] == 3


def test_finetuning_keeps_its_preparation(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toy_pictures(tmp_path, 10, 104)
    dark, out = (str(tmp_path / name) for name in ("dark", "out"))
    settings = FinetuneConfig(dark, None, str(start), steps=4, out=out, crops=4, changes=("darkening.versions=1",))
    monkeypatch.setattr(domain, "check_exposure", lambda *_: (0.5, "", ""))  # every result is well exposed
    train(settings, stop_at=1)
    monkeypatch.setattr(domain, "_well_exposed", lambda *_: pytest.fail("computed again"))
    drawn: list[int] = []
    portion = exposure_samples._portion
    monkeypatch.setattr(exposure_samples, "_portion", lambda *given: drawn.append(len(given[0])) or portion(*given))
    train(settings)
    assert set(drawn) == {1}  # held-out pictures alone, one at a time
    assert not (tmp_path / "out" / FOLDER).exists()


def test_progress_of_the_preparation(tiny: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("data.bank", "data.batches", "data.pictures"):
        monkeypatch.setattr(f"pielight.training.{module}.track", functools.partial(track, every=0))
    said: list[str] = []
    train(tiny(tmp_path, bank=24), lambda _: None, stop_at=1, log=said.append)
    for line in (
        "reading dark pictures: 3 of 6, ", "finding regions of pictures: 5 of 6, ", "the bank of 24 crops: 2 of 3, ",
    ):  # fmt: skip
        assert any(one.startswith(line) and one.endswith(" left") for one in said), line


def test_track() -> None:
    said: list[str] = []
    assert list(track(range(3), 3, "x", said.append, every=1e9)) == [0, 1, 2]
    assert not said
