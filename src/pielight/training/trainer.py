"""The trainer: one loop for every objective, on accelerate."""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import ProjectConfiguration
from torch import nn

from pielight.core.interrupt import deferred_interrupt
from pielight.training import processes
from pielight.training.checkpoint import (
    State,
    fingerprint,
    load_state,
    prepare_run_dir,
    read_checkpoint,
    save_checkpoint,
)
from pielight.training.data.preparation import FOLDER, remove
from pielight.training.export.model_files import RunRecord
from pielight.training.objectives.objective import Log, Objective, ignore
from pielight.training.recipe import objective_of
from pielight.training.schedules import ema_decay, lr_factor, step_seed


@dataclass(frozen=True)
class StepReport:
    """How far a run has come, and its losses."""

    step: int
    steps: int
    terms: dict[str, float]
    """Mean of the total and of each unweighted loss since the last report, over the steps that were not skipped."""
    seconds_left: float
    skipped: int
    """Steps whose loss or gradient was not finite."""
    validation: Any = None
    """What the objective measured on held-out pictures, if it validates at this step."""


Report = Callable[[StepReport], None]


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Let denormal numbers count as 0, since they make a CPU many times slower; the former mode is restored.

    >>> with flushed_denormals():
    ...     (torch.tensor(1e-38) / 2).item()
    0.0
    """
    smallest = torch.tensor(torch.finfo(torch.float32).tiny)
    flushed = bool(smallest / 2 == 0)  # torch has no other way to ask
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)


@torch.no_grad()
def update_ema(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move averaged weights: ``a <- decay * a + (1 - decay) * w``; statistics of normalization are copied."""
    for mean, value in zip(average.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)
    for kept, buffer in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(buffer)


@flushed_denormals()
def train(
    config: Any, report: Report = ignore, every: int | None = None, stop_at: int | None = None, log: Log = ignore
) -> Path:
    """Train a model, or resume a run that was stopped, and export it.

    Writes into ``config.out``: the resolved ``config.yaml``, ``checkpoint.pt`` every few minutes, TensorBoard events,
    and at the end the model files. Ctrl-C or SIGTERM lets the step end, writes a checkpoint and raises
    KeyboardInterrupt. A step whose loss or gradient is not finite is skipped and counted. On a CPU, a resumed run ends
    with the same bits as one that was not stopped.

    Several processes, started by ``torchrun`` or ``accelerate launch``, share the batch of a step: draws and losses are
    those of one process, so that a run may be resumed with another number of them. The first writes all files, and
    reports.

    Args:
        report: Called with the losses every few steps.
        every: Steps between two reports; by default as many as the objective has.
        stop_at: Stop after this step, with a checkpoint and without an export.
        log: Called with a line at each stage.

    Returns:
        The folder of the run.

    Raises:
        DataError: if pictures are missing, or are not those that the run began with.
        ModelError: if weights or a checkpoint cannot be read or written.
        ConfigError: if a setting is wrong, or the folder holds a run with other settings.
    """
    processes.join()
    if not processes.is_first():
        report = log = ignore
    objective: Objective[Any] = config if isinstance(config, Objective) else objective_of(config)
    torch.manual_seed(objective.settings.seed)
    network = objective.build(log)
    steps, out = objective.config.steps, Path(objective.config.out)
    path = processes.from_first(lambda: prepare_run_dir(out, objective.identity))
    log(f"{out}: config.yaml, checkpoint.pt and, in the end, the model are written here")
    log(f"losses and sample pictures: tensorboard --logdir {out}")
    state = processes.from_first(lambda: read_checkpoint(path) if path.exists() else None)
    if state is not None:
        log(f"{path}: going on after step {state.step} of {steps}")
    done = state is not None and (state.step >= steps or bool(state.ended))
    average = copy.deepcopy(network)
    if state is None or not done or objective.exports_by_validation:
        run = _prepare(objective, network, state, path, log)
        try:
            last = steps if stop_at is None else min(steps, stop_at)
            state = _advance(run, report, every or objective.report_every, last, log)
        finally:
            for tracker in run.accelerator.trackers:
                tracker.finish()
    if state.step >= steps or state.ended:
        processes.from_first(partial(_export, objective, average, state, path))
    return out


def _export(objective: Objective[Any], average: nn.Module, state: State, path: Path) -> None:
    out = path.parent
    if not objective.is_exported(out):
        load_state(average, state.average, path)
        record = RunRecord(state.skipped, state.seconds, state.facts, state.best, state.best_step, state.ended)
        objective.export(average, out, record)
    remove(out)


@dataclass
class _Run:
    """What a step works with."""

    objective: Objective[Any]
    accelerator: Accelerator
    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    rates: list[float]
    """Full learning rates of the groups of parameters."""
    state: State
    path: Path


def _prepare(objective: Objective[Any], network: nn.Module, state: State | None, path: Path, log: Log) -> _Run:
    """Read and compute what the steps need, and load the state of a run that resumes."""
    folder, settings = str(path.parent), objective.config.optimizer
    accelerator = Accelerator(log_with="tensorboard", project_config=ProjectConfiguration(folder, folder))
    objective.device = accelerator.device
    facts = fingerprint(state.facts if state else {}, objective.read(log), objective.weight_files)
    if objective.channels_last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    objective.prepare(network, log, path.parent / FOLDER)
    network = network.to(accelerator.device)
    average = copy.deepcopy(network)
    groups = objective.parameter_groups(network)
    rates = [group["lr"] for group in groups]
    optimizer = torch.optim.Adam(groups, weight_decay=settings.weight_decay)
    scaler = torch.amp.GradScaler(accelerator.device.type, enabled=objective.config.precision == "fp16")
    if state is None:
        state = State(0, 0, 0.0, network.state_dict(), average.state_dict(), optimizer.state_dict())
    else:
        for part, weights in ((network, state.network), (average, state.average), (optimizer, state.optimizer)):
            load_state(part, weights, path)
        scaler.load_state_dict(state.scaler)
    state.facts, state.best_score = facts, max(state.best_score, objective.best_score)
    accelerator.init_trackers("tensorboard")
    return _Run(objective, accelerator, network, average, optimizer, scaler, rates, state, path)


def _advance(run: _Run, report: Report, every: int, last: int, log: Log) -> State:
    """Train up to the step ``last``, or until validation ends it, and return the state, which is saved."""
    config, state, first = run.objective.config, run.state, run.state.step
    sums: dict[str, list[float]] = {}
    spent, began = state.seconds, time.monotonic()
    saved = began
    with deferred_interrupt(signal.SIGTERM) as interrupted:
        while state.step < last and not state.ended:
            terms = _step(run)
            state.step += 1
            state.skipped += terms is None
            for name, value in (terms or {}).items():
                sums.setdefault(name, []).append(value)
            now = time.monotonic()
            state.seconds = spent + now - began
            validation = _validate(run, log)
            if validation is not None or state.step % every == 0 or state.step == last:
                means = {name: sum(values) / len(values) for name, values in sums.items()}
                sums.clear()
                left = (now - began) / (state.step - first) * (config.steps - state.step)
                run.accelerator.log({f"loss/{name}": value for name, value in means.items()}, state.step)
                report(StepReport(state.step, config.steps, means, left, state.skipped, validation))
            stop, overdue = processes.any_of(interrupted(), now - saved > 60 * config.checkpoint_minutes)
            if validation is not None or state.step == last or stop or overdue:
                saved = now
                processes.from_first(partial(_save, run))
            if stop:
                raise KeyboardInterrupt(interrupted.number or signal.SIGINT)
    return state


def _step(run: _Run) -> dict[str, float] | None:
    """Take one step and return the losses, or None if one of them or the gradient is not finite."""
    config, step = run.objective.config, run.state.step
    settings = config.optimizer
    for group, lr in zip(run.optimizer.param_groups, run.rates, strict=True):
        group["lr"] = lr * lr_factor(step, config.steps, settings.warmup_steps)
    torch.manual_seed(step_seed(config.seed, step))  # for what a module draws, as dropout does
    total, terms = run.objective.loss(run.network, step)
    run.optimizer.zero_grad()
    run.scaler.scale(total).backward()
    processes.add_gradients(run.network.parameters())
    run.scaler.unscale_(run.optimizer)
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), settings.grad_clip)
    if any(processes.any_of(not math.isfinite(total.item()), not math.isfinite(float(norm)))):
        run.scaler.update(run.scaler.get_scale() / 2)
        return None
    run.scaler.step(run.optimizer)
    run.scaler.update()
    update_ema(run.average, run.network, ema_decay(step, settings.ema_decay))
    return {"total": total.item(), **{name: term.item() for name, term in terms.items()}}


def _validate(run: _Run, log: Log) -> Any:
    """Validate the averaged weights if it is time to: keep the best, and end the run early by their score.

    Returns:
        What was measured; None if nothing was.
    """
    state, objective = run.state, run.objective
    if state.step % objective.report_every and state.step < objective.config.steps:
        return None
    validation = processes.from_first(lambda: objective.validate(run.average, state.step, log))
    if validation is None:
        return None
    if validation.fault:
        state.ended = validation.fault
    elif validation.score > state.best_score:
        state.best = {key: value.clone() for key, value in run.average.state_dict().items()}
        state.best_score, state.best_step = validation.score, state.step
    elif objective.patience and state.step - state.best_step >= objective.patience * objective.report_every:
        state.ended = f"no better score since step {state.best_step}"
    return validation.measured


def _save(run: _Run) -> None:
    """Write a checkpoint, and sample pictures of the averaged weights into the log."""
    state = run.state
    state.network, state.average = run.network.state_dict(), run.average.state_dict()
    state.optimizer, state.scaler = run.optimizer.state_dict(), run.scaler.state_dict()
    save_checkpoint(run.path, state)
    pictures = run.objective.samples(run.average)
    if pictures is not None:
        run.accelerator.get_tracker("tensorboard", unwrap=True).add_images("before, after", pictures, state.step)
