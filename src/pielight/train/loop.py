"""The training loop."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration
from torch import Tensor, nn

from pielight.errors import ConfigError
from pielight.train.bank import build_bank
from pielight.train.checkpoint import State, restore, save
from pielight.train.config import Training, as_yaml, read_config
from pielight.train.data import PictureSet, load
from pielight.train.export import export
from pielight.train.features import load_features
from pielight.train.networks import build
from pielight.train.objective import losses, step_generator
from pielight.train.physics.bag_of_curves import bag
from pielight.train.physics.exposure import darken
from pielight.train.render import render

_BANK_STEP = 2**31  # the bank's draws come from a step that no run reaches


@dataclass(frozen=True)
class Progress:
    """What a run tells about itself."""

    step: int
    steps: int
    terms: dict[str, float]
    """Mean of each unweighted loss since the last report."""
    seconds_left: float
    skipped: int


def train(config: Training, report: Callable[[Progress], None], every: int = 20, stop_at: int | None = None) -> Path:
    """Train a network, or go on with a run that was stopped, and export it.

    Writes into ``config.out``: the resolved ``config.yaml``, ``checkpoint.pt`` every few minutes, TensorBoard events with
    sample pictures, and at the end the model files of :func:`pielight.train.export.export`.

    Args:
        config: The settings.
        report: Called with the losses every few steps.
        every: Steps between two reports.
        stop_at: Stop after this step, with a checkpoint and without an export.

    Returns:
        The folder of the run.

    Raises:
        DataError: if pictures are missing.
        ModelError: if weights or a checkpoint cannot be read.
        ConfigError: if the folder holds a run with other settings.
    """
    torch.manual_seed(config.seed)
    torch.set_flush_denormal(True)  # denormal weights make a CPU many times slower
    out = Path(config.out)
    _claim(out, config)
    accelerator = Accelerator(log_with="tensorboard", project_config=ProjectConfiguration(str(out), str(out)))
    accelerator.init_trackers("tensorboard")
    writer = accelerator.get_tracker("tensorboard", unwrap=True)

    dark = load(config.data.dark, "dark", config.data)
    well = load(config.data.well, "well", config.data)
    features = load_features(config.features).to(accelerator.device)
    bank = build_bank(well, features, bag(config.negatives), config.bank, step_generator(config.seed, _BANK_STEP))
    network = build(config.network)
    average = copy.deepcopy(network).to(accelerator.device)
    settings = config.optimiser
    optimiser = torch.optim.Adam(network.parameters(), settings.rate, weight_decay=settings.weight_decay)
    start, skipped, spent = 0, 0, 0.0
    path = out / "checkpoint.pt"
    if path.exists():
        state = restore(path)
        network.load_state_dict(state.network)
        average.load_state_dict(state.average)
        optimiser.load_state_dict(state.optimiser)
        start, skipped, spent = state.step, state.skipped, state.seconds
    network, optimiser = accelerator.prepare(network, optimiser)

    began = saved = time.monotonic()
    sums: dict[str, list[float]] = {}
    last = min(config.steps, stop_at or config.steps)
    for step in range(start, last):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * _schedule(step, config.steps, settings.warmup)
        total, terms = losses(network, config, dark, well, features, bank, step, accelerator.device)
        optimiser.zero_grad()
        accelerator.backward(total)
        norm = accelerator.clip_grad_norm_(network.parameters(), settings.clip)
        if math.isfinite(total.item()) and math.isfinite(float(norm)):
            optimiser.step()
            _follow(average, accelerator.unwrap_model(network), min(settings.average, (1 + step) / (10 + step)))
        else:
            skipped += 1
        for name, value in {"total": total.item(), **terms}.items():
            sums.setdefault(name, []).append(value)
        done = step + 1
        now = time.monotonic()
        if done % every == 0 or done == last:
            means = {name: sum(values) / len(values) for name, values in sums.items()}
            sums.clear()
            left = (now - began) / (done - start) * (config.steps - done)
            report(Progress(done, config.steps, means, left, skipped))
            accelerator.log({f"loss/{name}": value for name, value in means.items()}, done)
        if done == last or now - saved > 60 * config.checkpoint_minutes:
            saved = now
            weights = accelerator.unwrap_model(network).state_dict()
            save(path, State(done, skipped, spent + now - began, weights, average.state_dict(),
                             optimiser.state_dict()))  # fmt: skip
            with torch.no_grad():
                writer.add_images("before, after", _samples(average, config, dark, well, accelerator.device), done)
    accelerator.end_training()
    if last == config.steps:
        export(average.cpu(), config, out, skipped, spent + time.monotonic() - began)
    return out


def _claim(out: Path, config: Training) -> None:
    """Store the resolved configuration, or refuse to mix two runs in one folder."""
    stored = out / "config.yaml"
    if stored.exists() and (out / "checkpoint.pt").exists() and read_config(stored) != config:
        raise ConfigError(f"{out}: holds a run with other settings; set another out, or remove the folder")
    out.mkdir(parents=True, exist_ok=True)
    stored.write_text(as_yaml(config), encoding="utf-8")


def _schedule(step: int, steps: int, warmup: int) -> float:
    """Return the share of the learning rate: linear warm-up, then half a cosine down to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.02 + 0.49 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


def _samples(network: nn.Module, config: Training, dark: PictureSet, well: PictureSet, device: torch.device) -> Tensor:
    """Return four dark and four darkened pictures, before above after, ``(8, 3, 2 * render, render)``."""
    generator = step_generator(config.seed, _BANK_STEP + 1)
    real, _ = dark.batch(4, generator)
    original, labels = well.batch(4, generator)
    pictures = torch.cat([real, darken(original, labels, config.darkening, generator)]).to(device)
    before = F.interpolate(pictures, (config.data.render,) * 2, mode="area")
    return torch.cat([before, render(before, network(pictures))], 2)
