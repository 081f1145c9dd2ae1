"""The loop of joint optimization."""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pielight.core.interrupt import deferred_interrupt
from pielight.errors import DataError
from pielight.training.checkpoint import State, claim, facts, restore, save, take
from pielight.training.data.annotated import ExampleSet, load_examples
from pielight.training.data.preparation import FOLDER, remove
from pielight.training.joint.constraints import Constrained, check_constraints, prepare_constraints
from pielight.training.joint.denoising import left_noise
from pielight.training.joint.enhancing import UnifiedEnhancer, load_enhancer
from pielight.training.joint.export import complete, export
from pielight.training.joint.task import Task, load_task, try_out
from pielight.training.joint.unified import Unified
from pielight.training.networks.render import render
from pielight.training.schema import JointConfig, LatticeConfig
from pielight.training.steps import Progress, flushed_denormals, follow, schedule, step_generator

_EXAMPLES = 2**30  # examples are drawn from steps of their own, apart from the constraints'
_SHOWN = (
    "brightness_balance",
    "regional_consistency",
    "feature_preservation",
    "contrastive",
)  # terms of the constraints that are reported


@dataclass
class _Run:
    """What a step works with."""

    unified: Unified
    average: Unified
    teacher: nn.Module
    task: Task
    optimizer: torch.optim.Adam
    examples: ExampleSet
    constrained: Constrained | None
    state: State
    device: torch.device


@flushed_denormals()
def train(
    config: JointConfig, report: Callable[[Progress], None], every: int = 20, stop_at: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:  # fmt: skip
    """Train enhancer and downstream model, or go on with a run that was stopped, and export them.

    ``L = w_task L_task(D(E(y))) + w_distil L_distil(D(E(y)), D_0(x)) + w_c L_PIE(E) + w_n L_noise(E(y))``: E the
    enhancer, D the downstream model and D_0 itself as it was at first, x clean pictures and y the same darkened, L_PIE
    the objective of :func:`pielight.training.objectives.enhance.losses` and L_noise
    :func:`pielight.training.joint.denoising.left_noise`.

    Writes into ``config.out`` the resolved ``config.yaml``, ``checkpoint.pt`` every few minutes, and at the end the
    files of :func:`pielight.training.joint.export.export`. Ctrl-C lets the step end, writes a checkpoint and raises
    KeyboardInterrupt. A step whose loss or gradient is not finite is skipped and counted.

    Args:
        config: The settings.
        report: Called with the losses every few steps.
        every: Steps between two reports.
        stop_at: Stop after this step, with a checkpoint and without an export.
        say: Called with a line at each stage.

    Returns:
        The folder of the run.

    Raises:
        DataError: if pictures, labels or boxes are missing or wrong, or are not those that the run began with.
        ModelError: if weights or a checkpoint cannot be read or written, or outputs cannot be scored.
        ConfigError: if a setting is wrong, or the folder holds a run with other settings.
    """
    torch.manual_seed(config.seed)
    out = Path(config.out)
    if config.constrained and config.enhances:
        check_constraints(config)
    task = load_task(config.downstream)
    enhancer, lattice = load_enhancer(config.enhancer, config.denoise) if config.enhances else (None, LatticeConfig())
    unified = Unified(enhancer, task.module)
    path = claim(out, config)
    say(f"{out}: takes config.yaml, checkpoint.pt and, in the end, the models")
    state = restore(path) if path.exists() else None
    if state is not None:
        say(f"{path}: going on after step {state.step} of {config.steps}")
    last = config.steps if stop_at is None else min(config.steps, stop_at)
    if state is None or state.step < last:
        run = _prepare(config, unified, enhancer, task, state, path, say)
        state = _advance(run, config, path, report, every, last)
    if state.step >= config.steps and not complete(config, out):
        take(unified, state.average, path)
        export(unified, config, lattice, state, out)
    if state.step >= config.steps:
        remove(out)
    return out


def _prepare(
    config: JointConfig, unified: Unified, enhancer: UnifiedEnhancer | None, task: Task, state: State | None,
    path: Path, say: Callable[[str], None],
) -> _Run:  # fmt: skip
    """Load everything, and the state of a run that goes on."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    examples = load_examples(config.data, config.downstream.classes, config.downstream.ignore_index)
    left = f"; {examples.left} without an entry in {config.data.boxes} left out" if examples.left else ""
    say(f"{len(examples.pictures)} clean pictures{left}")
    some = examples.batch(config.batch, config.darkening, step_generator(config.seed, _EXAMPLES))
    try_out(task, some, config.weights.task > 0, config.weights.distillation > 0)
    known = facts(state.facts if state else {}, {"clean": examples.pictures, "target": examples.known or []})
    weights = config.downstream.weights
    if weights:
        known["downstream_sha256"] = hashlib.sha256(Path(weights).read_bytes()).hexdigest()
        if state and state.facts.get("downstream_sha256") != known["downstream_sha256"]:
            raise DataError(f"{weights}: not the weights that the run began with; bring them back, or set another out")
    constrained = None
    if config.constrained and enhancer is not None:
        constrained = prepare_constraints(config, enhancer.size, device, say, path.parent / FOLDER)
    teacher = copy.deepcopy(task.module).requires_grad_(False).eval().to(device)
    unified.to(device)
    average = copy.deepcopy(unified)
    unified.learns(config.train, settled=bool(weights))
    rates = {"enhancer": config.optimizer.lr, "downstream": config.downstream.lr}
    groups = [
        {"params": [item for item in part.parameters() if item.requires_grad], "lr": rates[name], "full": rates[name]}
        for name, part in unified.named_children()
        if config.train in (name, "both")
    ]
    optimizer = torch.optim.Adam(groups, weight_decay=config.optimizer.weight_decay)
    if state is None:
        state = State(0, 0, 0.0, unified.state_dict(), average.state_dict(), optimizer.state_dict())
    else:
        for part, stored in ((unified, state.network), (average, state.average), (optimizer, state.optimizer)):
            take(part, stored, path)
    state.facts = known
    return _Run(unified, average, teacher, task, optimizer, examples, constrained, state, device)


def _advance(
    run: _Run, config: JointConfig, path: Path, report: Callable[[Progress], None], every: int, last: int
) -> State:
    """Train up to the step ``last`` and return the state, which is saved."""
    start, skipped, known = run.state.step, run.state.skipped, run.state.facts
    spent, settings = run.state.seconds - time.monotonic(), config.optimizer
    learning = [item for group in run.optimizer.param_groups for item in group["params"]]
    sums: dict[str, list[float]] = {}
    began = saved = time.monotonic()
    with deferred_interrupt() as interrupted:
        for step in range(start, last):
            for group in run.optimizer.param_groups:
                group["lr"] = group["full"] * schedule(step, config.steps, settings.warmup_steps)
            torch.manual_seed((step + 0x9E3779B1 * config.seed) % 2**32)  # for what a module draws, as dropout does
            total, terms = losses(run, config, step)
            run.optimizer.zero_grad()
            total.backward()
            norm = nn.utils.clip_grad_norm_(learning, settings.grad_clip)
            if math.isfinite(total.item()) and math.isfinite(float(norm)):
                run.optimizer.step()
                _follow(run.average, run.unified, min(settings.ema_decay, (1 + step) / (10 + step)))
                for name, value in {"total": total.item(), **terms}.items():
                    sums.setdefault(name, []).append(value)
            else:
                skipped += 1
            done, now = step + 1, time.monotonic()
            if done % every == 0 or done == last:
                means = {name: sum(values) / len(values) for name, values in sums.items()}
                sums.clear()
                report(
                    Progress(done, config.steps, means, (now - began) / (done - start) * (config.steps - done), skipped)
                )
            stop = interrupted()
            if done == last or stop or now - saved > 60 * config.checkpoint_minutes:
                saved = now
                run.state = State(done, skipped, spent + now, run.unified.state_dict(), run.average.state_dict(),
                                  run.optimizer.state_dict(), known)  # fmt: skip
                save(path, run.state)
            if stop:
                raise KeyboardInterrupt
    return run.state


def losses(run: _Run, config: JointConfig, step: int) -> tuple[Tensor, dict[str, float]]:
    """Return the weighted loss of one step and the unweighted terms that were computed."""
    weight = config.weights
    batch = run.examples.batch(config.batch, config.darkening, step_generator(config.seed, _EXAMPLES + 1 + step))
    dark, clean, targets = batch.dark.to(run.device), batch.clean.to(run.device), batch.targets
    if isinstance(targets, Tensor):
        targets = targets.to(run.device)
    size = (dark.shape[-2], dark.shape[-1])
    bright, outputs = run.unified(dark)
    with torch.no_grad():
        wanted = run.teacher(clean) if weight.distillation or run.task.compares else None
    terms: dict[str, Tensor] = {}
    shown: dict[str, float] = {}
    if weight.task:
        terms["task"] = run.task.loss(outputs, targets, wanted, size)
    if weight.distillation:
        terms["distillation"] = run.task.distil(outputs, wanted, size)
    enhancer: Any = run.unified.enhancer
    if run.constrained is not None:
        terms["constraints"], every_term = run.constrained.loss(enhancer.network, step, run.device)
        shown = {name: every_term[name] for name in _SHOWN if name in every_term}
    if config.learns_to_denoise:
        with torch.no_grad():
            noiseless = render(batch.noiseless.to(run.device), enhancer.curves(dark))
        terms["denoising"] = left_noise(bright, noiseless)
    total = torch.stack([getattr(weight, name) * term for name, term in terms.items()]).sum()
    return total, {name: term.item() for name, term in terms.items()} | shown


@torch.no_grad()
def _follow(average: nn.Module, module: nn.Module, decay: float) -> None:
    """Move averaged weights, and take the statistics of normalization as they are."""
    follow(average, module, decay)
    for mean, value in zip(average.buffers(), module.buffers(), strict=True):
        mean.copy_(value)
