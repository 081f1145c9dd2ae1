"""The training loop."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration
from torch import Tensor, nn

from pielight.core.interrupt import deferred_interrupt
from pielight.training.checkpoint import State, claim, facts, restore, save, take
from pielight.training.data.preparation import FOLDER, remove
from pielight.training.data.train_context import APART, Material, prepare, read_pictures
from pielight.training.export.export import export, exported
from pielight.training.objectives import find_task
from pielight.training.objectives.enhance import anchors, losses
from pielight.training.schema import TrainConfig
from pielight.training.steps import Progress, flushed_denormals, follow, schedule, step_generator


@dataclass
class _Run:
    """What a step works with."""

    accelerator: Accelerator
    network: nn.Module
    average: nn.Module
    optimizer: Any
    material: Material
    state: State


@flushed_denormals()
def train(
    config: TrainConfig, report: Callable[[Progress], None], every: int = 20, stop_at: int | None = None,
    say: Callable[[str], None] = lambda _: None, begin: Callable[[nn.Module], None] = lambda _: None,
) -> Path:  # fmt: skip
    """Train a network, or go on with a run that was stopped, and export it.

    Writes into ``config.out``: the resolved ``config.yaml``, ``checkpoint.pt`` every few minutes, TensorBoard events
    with sample pictures, and at the end the model files of
    :func:`pielight.training.export.export.export`. Ctrl-C lets the
    step end, writes a checkpoint and raises KeyboardInterrupt. A step whose loss or gradient is not finite is
    skipped and counted.

    Args:
        config: The settings.
        report: Called with the losses every few steps.
        every: Steps between two reports.
        stop_at: Stop after this step, with a checkpoint and without an export.
        say: Called with a line at each stage of the preparation.
        begin: Called with the fresh network of a new run.

    Returns:
        The folder of the run.

    Raises:
        DataError: if pictures are missing, or are not those that the run began with.
        ModelError: if weights or a checkpoint cannot be read or written.
        ConfigError: if the folder holds a run with other settings.
    """
    torch.manual_seed(config.seed)
    out = Path(config.out)
    path = claim(out, config)
    say(f"{out}: takes config.yaml, checkpoint.pt and, in the end, the model")
    say(f"losses and sample pictures: tensorboard --logdir {out}")
    state = restore(path) if path.exists() else None
    if state is not None:
        say(f"{path}: going on after step {state.step} of {config.steps}")
    if state is None or state.step < config.steps:
        run = _prepare(config, state, path, say, begin)
        try:
            last = config.steps if stop_at is None else min(config.steps, stop_at)
            state = _advance(run, config, path, report, every, last)
        finally:
            run.accelerator.end_training()
    if state.step >= config.steps and not exported(config.name, out):
        network = find_task(config.task).build(config)
        take(network, state.average, path)
        export(network, config, out, state.skipped, state.seconds, state.facts)
    if state.step >= config.steps:
        remove(out)
    return out


def _prepare(
    config: TrainConfig, state: State | None, path: Path, say: Callable[[str], None], begin: Callable[[nn.Module], None]
) -> _Run:
    """Load everything, and the state of a run that goes on."""
    folder = str(path.parent)
    accelerator = Accelerator(log_with="tensorboard", project_config=ProjectConfiguration(folder, folder))
    pictures = read_pictures(config, accelerator.device, say)
    mend = pictures.dark.pictures if pictures.dark else []
    known = facts(state.facts if state else {}, {"dark": mend, "well": pictures.well.pictures})
    network = find_task(config.task).build(config)  # first, since a judge would draw its weights before it
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # two thirds of the time
    material = prepare(config, pictures, accelerator.device, say, path.parent / FOLDER)
    if state is None:
        begin(network)
    else:
        take(network, state.network, path)
    average = copy.deepcopy(network)
    settings = config.optimizer
    optimizer = torch.optim.Adam(network.parameters(), settings.lr, weight_decay=settings.weight_decay)
    if state is None:
        state = State(0, 0, 0.0, network.state_dict(), average.state_dict(), optimizer.state_dict())
    else:
        take(average, state.average, path)
        take(optimizer, state.optimizer, path)
    state.facts = known
    accelerator.init_trackers("tensorboard")
    network, prepared = accelerator.prepare(network, optimizer)
    return _Run(accelerator, network, average.to(accelerator.device), prepared, material, state)


def _advance(
    run: _Run, config: TrainConfig, path: Path, report: Callable[[Progress], None], every: int, last: int
) -> State:
    """Train up to the step ``last`` and return the state, which is saved."""
    start, skipped, known = run.state.step, run.state.skipped, run.state.facts
    spent = run.state.seconds - time.monotonic()
    accelerator, settings = run.accelerator, config.optimizer
    writer = accelerator.get_tracker("tensorboard", unwrap=True)
    sums: dict[str, list[float]] = {}
    began = saved = time.monotonic()
    with deferred_interrupt() as interrupted:
        for step in range(start, last):
            for group in run.optimizer.param_groups:
                group["lr"] = settings.lr * schedule(step, config.steps, settings.warmup_steps)
            total, terms = losses(run.network, config, run.material, step, accelerator.device)
            run.optimizer.zero_grad()
            accelerator.backward(total)
            norm = accelerator.clip_grad_norm_(run.network.parameters(), settings.grad_clip)
            if math.isfinite(total.item()) and math.isfinite(float(norm)):
                run.optimizer.step()
                decay = min(settings.ema_decay, (1 + step) / (10 + step))
                follow(run.average, accelerator.unwrap_model(run.network), decay)
                for name, value in {"total": total.item(), **terms}.items():
                    sums.setdefault(name, []).append(value)
            else:
                skipped += 1
            done, now = step + 1, time.monotonic()
            if done % every == 0 or done == last:
                means = {name: sum(values) / len(values) for name, values in sums.items()}
                sums.clear()
                left = (now - began) / (done - start) * (config.steps - done)
                report(Progress(done, config.steps, means, left, skipped))
                accelerator.log({f"loss/{name}": value for name, value in means.items()}, done)
            stop = interrupted()
            if done == last or stop or now - saved > 60 * config.checkpoint_minutes:
                saved = now
                weights = accelerator.unwrap_model(run.network).state_dict()
                run.state = State(done, skipped, spent + now, weights, run.average.state_dict(),
                                  run.optimizer.state_dict(), known)  # fmt: skip
                save(path, run.state)
                writer.add_images("before, after", _samples(run, config), done)
            if stop:
                raise KeyboardInterrupt
    return run.state


@torch.no_grad()
def _samples(run: _Run, config: TrainConfig) -> Tensor:
    """Return four real and four spoiled pictures, before above after, ``(8, 3, 2 * render, render)``."""
    task, material, generator = find_task(config.task), run.material, step_generator(config.seed, APART + 1)
    real, _ = anchors(material, config, 4, generator)
    original, labels = material.well.batch(4, generator)
    pictures = torch.cat([real, task.spoil(original, labels, config, generator)[0]]).to(run.accelerator.device)
    before = F.interpolate(pictures, (config.data.loss_size,) * 2, mode="area")
    return torch.cat([before, task.render(before, run.average(pictures))], 2)
