"""The steps of fine-tuning: losses of training, a hold on what was known, and the best weights on the way."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pielight.core.interrupt import deferred_interrupt
from pielight.training.checkpoint import State, save, take
from pielight.training.data.batches import PictureSet
from pielight.training.data.train_context import Material
from pielight.training.degradations.darkening import darken
from pielight.training.losses.inversion import inversion
from pielight.training.networks.render import render
from pielight.training.objectives.enhance import losses
from pielight.training.objectives.finetune_validation import Look, Watchdog, better, gain, unsound
from pielight.training.schema import DarkeningConfig, TrainConfig
from pielight.training.steps import Progress, follow, schedule, step_generator

_CHECKS, _PATIENCE = 12, 4  # looks of the watchdog in a run; those without a better score after which it ends
_KEEP, _REHEARSED = 20.0, 6  # weight of the hold, twice that of the inversion; its pictures at a step
_REHEARSAL = 2**30  # the draws of the hold come from steps that no run reaches
_SHARES = (1.0, 0.75, 0.5, 0.25)


@dataclass
class Tuning(State):
    """A state that remembers the best weights, too."""

    best: dict[str, Tensor] = field(default_factory=dict)
    best_score: float = -math.inf
    best_step: int = 0
    ended: str = ""
    """Why it ended before its last step, if it did."""


@dataclass(frozen=True)
class Lesson:
    """What a step learns from."""

    config: TrainConfig
    material: Material
    known: Sequence[PictureSet]
    """Pictures on which the results should stay; each set is drawn from in equal parts."""
    general: DarkeningConfig
    """Physics by which they are darkened."""
    start: nn.Module
    """The network as it was."""


def hold(network: nn.Module, lesson: Lesson, step: int) -> Tensor:
    """Return how far a network's results have moved from the start's on pictures that are darkened in every way.

    ``L = L_inv(y, y_0)`` with y the results and y_0 the start's, a distillation of the start (Li and Hoiem, Learning
    without Forgetting, 2016).
    """
    generator = step_generator(lesson.config.seed, _REHEARSAL + step)
    drawn = [known.batch(_REHEARSED // len(lesson.known), generator) for known in lesson.known]
    pictures, labels = (torch.cat(items) for items in zip(*drawn, strict=True))
    seen = darken(pictures, labels, lesson.general, generator)[0]
    small = F.interpolate(seen, labels.shape[-2:], mode="area")
    with torch.no_grad():
        before = render(small, lesson.start(seen))
    return inversion(render(small, network(seen)), before)


def advance(
    lesson: Lesson, state: Tuning, watchdog: Watchdog, path: Path, report: Callable[[Progress, Look], None],
    last: int,
) -> Tuning:  # fmt: skip
    """Train up to the step ``last``, or until the watchdog ends it, and return the state, which is saved.

    Args:
        lesson: What to learn from.
        state: Where to begin; a fresh one holds the start's weights.
        watchdog: Looks at the averaged weights a dozen times.
        path: The checkpoint.
        report: Called after each look.
        last: The step.

    Raises:
        KeyboardInterrupt: after Ctrl-C, once a checkpoint is written.
    """
    config = lesson.config
    settings = config.optimizer
    network, average = copy.deepcopy(lesson.start), copy.deepcopy(lesson.start)
    network.requires_grad_(True).train()
    optimizer = torch.optim.Adam(network.parameters(), settings.lr, weight_decay=settings.weight_decay)
    for part, weights in ((network, state.network), (average, state.average), (optimizer, state.optimizer)):
        if weights:
            take(part, weights, path)
    first = watchdog.look(lesson.start)
    every = max(1, config.steps // _CHECKS)
    sums: dict[str, list[float]] = {}
    begin, began, spent = state.step, time.monotonic(), state.seconds
    with deferred_interrupt() as interrupted:
        while state.step < last and not state.ended:
            for group in optimizer.param_groups:
                group["lr"] = settings.lr * schedule(state.step, config.steps, settings.warmup_steps)
            total, terms = losses(network, config, lesson.material, state.step, torch.device("cpu"))
            held = hold(network, lesson, state.step)
            total = total + _KEEP * held
            optimizer.zero_grad()
            total.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), settings.grad_clip)
            if math.isfinite(total.item()) and math.isfinite(float(norm)):
                optimizer.step()
                follow(average, network, min(settings.ema_decay, (1 + state.step) / (10 + state.step)))
                for name, value in {**terms, "hold": held.item()}.items():
                    sums.setdefault(name, []).append(value)
            else:
                state.skipped += 1
            state.step += 1
            stop = interrupted()
            looks = state.step % every == 0 or state.step == config.steps
            if looks or stop or state.step == last:
                state.network, state.average = network.state_dict(), average.state_dict()
                state.optimizer, state.seconds = optimizer.state_dict(), spent + time.monotonic() - began
                if looks:
                    look = watchdog.look(average)
                    state.ended = _judged(look, first, state, every)
                    left = (time.monotonic() - began) / (state.step - begin) * (config.steps - state.step)
                    means = {name: sum(values) / len(values) for name, values in sums.items()}
                    sums.clear()
                    report(Progress(state.step, config.steps, means, left, state.skipped), look)
                save(path, state)
            if stop:
                raise KeyboardInterrupt
    return state


def _judged(look: Look, first: Look, state: Tuning, every: int) -> str:
    """Remember the averaged weights if they are the best so far; return why the run should end, or nothing."""
    wrong = unsound(look, first)
    if wrong:
        return wrong
    if look.score > max(state.best_score, first.score):
        state.best = {key: value.clone() for key, value in state.average.items()}
        state.best_score, state.best_step = look.score, state.step
    if state.step - state.best_step >= _PATIENCE * every:
        return f"no better score since step {state.best_step}"
    return ""


def chosen(
    start: nn.Module, best: Mapping[str, Tensor], watchdog: Watchdog, forgotten: float
) -> tuple[nn.Module, Look, float]:
    """Return a network between the start and the best weights, what it does, and how far it went.

    ``w_0 + s (w - w_0)`` with s = 1, 3/4, 1/2 and 1/4 (Wortsman et al., WiSE-FT, 2022), of those that are sound, lose
    at most ``forgotten`` dB on other kinds of pictures and are better than the start by more than chance. Of these, the
    nearest to the start whose gain is within one standard error of the largest (Breiman et al., Classification and
    Regression Trees, 1984), since every step away loses elsewhere; the start itself, with s = 0, if there is none.
    """
    first = watchdog.look(start)
    fitting: list[tuple[nn.Module, Look, float]] = []
    for share in _SHARES if best else ():
        network = copy.deepcopy(start)
        with torch.no_grad():
            for key, value in network.state_dict().items():
                value.lerp_(best[key], share)
        look = watchdog.look(network)
        fits = better(look, first) and not unsound(look, first) and look.kept >= first.kept - forgotten
        if fits:
            fitting.append((network, look, share))
    if not fitting:
        return start, first, 0.0
    most, error = max(gain(look, first) for _, look, _ in fitting)
    return next(found for found in reversed(fitting) if gain(found[1], first)[0] >= most - error)
