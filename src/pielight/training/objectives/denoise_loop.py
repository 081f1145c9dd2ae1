"""The training loop of the denoiser."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Generator, Tensor, nn

from pielight.core.interrupt import deferred_interrupt
from pielight.errors import DataError
from pielight.training.checkpoint import State, claim, facts, restore, save, take
from pielight.training.data.pictures import check, files
from pielight.training.degradations.low_light_noise import Sample, sample
from pielight.training.export.denoiser import export
from pielight.training.export.export import exported
from pielight.training.networks.denoise_net import DenoiseNet, cells_of, pictures_of
from pielight.training.schema import DataConfig, DenoiseConfig
from pielight.training.steps import Progress, counted, flushed_denormals, follow, schedule, step_generator


@flushed_denormals()
def train(
    config: DenoiseConfig, report: Callable[[Progress], None], every: int = 100, stop_at: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Path:  # fmt: skip
    """Train a denoiser, or go on with a run that was stopped, and export it.

    Writes into ``config.out`` the resolved ``config.yaml``, ``checkpoint.pt`` every few minutes, and at the end the
    model files. Ctrl-C lets the step end, writes a checkpoint and raises KeyboardInterrupt.

    Args:
        config: The settings.
        report: Called with the losses every few steps.
        every: Steps between two reports.
        stop_at: Stop after this step, with a checkpoint and without an export.
        say: Called with a line at each stage.

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
    network = DenoiseNet()
    average = copy.deepcopy(network)
    optimizer = torch.optim.Adam(network.parameters(), weight_decay=config.optimizer.weight_decay)
    if path.exists():
        state = restore(path)
        say(f"{path}: going on after step {state.step} of {config.steps}")
        for part, weights in ((network, state.network), (average, state.average), (optimizer, state.optimizer)):
            take(part, weights, path)
    else:
        state = State(0, 0, 0.0, network.state_dict(), average.state_dict(), optimizer.state_dict())
    last = config.steps if stop_at is None else min(config.steps, stop_at)
    if state.step < last:
        say("reading the pictures")
        pictures = clean_pictures(config.data, say)
        state.facts = facts(state.facts, {"well": pictures})
        say(f"{len(pictures)} well-exposed pictures")
        state = _advance(config, network, average, optimizer, state, pictures, path, report, every, last)
    if state.step >= config.steps and not exported(config.name, out):
        export(average, config, out, state.skipped, state.seconds, state.facts)
    return out


def clean_pictures(data: DataConfig, say: Callable[[str], None] = lambda _: None) -> list[Tensor]:
    """Read the clean photographs, uint8 ``(3, h, w)``; ``say`` is called with a line from time to time.

    Raises:
        DataError: if there is none.
    """
    photographs = [
        verdict.pixels
        for verdict in counted(check(data.well, "well", data), len(files(data.well)), "reading pictures", say)
    ]
    pictures = [torch.from_numpy(one.transpose(2, 0, 1).copy()) for one in photographs if one is not None]
    if not pictures:
        raise DataError("no usable well-exposed picture; `pielight data check` says why")
    return pictures


def _advance(
    config: DenoiseConfig, network: DenoiseNet, average: DenoiseNet, optimizer: torch.optim.Adam, state: State,
    pictures: Sequence[Tensor], path: Path, report: Callable[[Progress], None], every: int, last: int,
) -> State:  # fmt: skip
    """Train up to the step ``last`` and return the state, which is saved."""
    start, skipped, spent = state.step, state.skipped, state.seconds - time.monotonic()
    settings = config.optimizer
    sums: dict[str, list[float]] = {}
    began = saved = time.monotonic()
    with deferred_interrupt() as interrupted:
        for step in range(start, last):
            for group in optimizer.param_groups:
                group["lr"] = settings.lr * schedule(step, config.steps, settings.warmup_steps)
            terms = losses(network, draw(config, pictures, step))
            loss = total(terms, config)
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), settings.grad_clip)
            if math.isfinite(loss.item()) and math.isfinite(float(norm)):
                optimizer.step()
                follow(average, network, min(settings.ema_decay, (1 + step) / (10 + step)))
                for name, value in terms.items():
                    sums.setdefault(name, []).append(value.item())
            else:
                skipped += 1
            done, now = step + 1, time.monotonic()
            if done % every == 0 or done == last:
                means = {name: sum(values) / len(values) for name, values in sums.items()}
                sums.clear()
                left = (now - began) / (done - start) * (config.steps - done)
                report(Progress(done, config.steps, means, left, skipped))
            stop = interrupted()
            if done == last or stop or now - saved > 60 * config.checkpoint_minutes:
                saved = now
                state = State(done, skipped, spent + now, network.state_dict(), average.state_dict(),
                              optimizer.state_dict(), state.facts)  # fmt: skip
                save(path, state)
            if stop:
                raise KeyboardInterrupt
    return state


def draw(config: DenoiseConfig, pictures: Sequence[Tensor], step: int) -> Sample:
    """Draw the batch of a step, by its seed alone, from clean photographs, uint8 ``(3, h, w)``."""
    generator = step_generator(config.seed, step)
    return sample(patches(pictures, config.batch, config.patch_size, generator), config.noise, generator)


def losses(network: nn.Module, drawn: Sample) -> dict[str, Tensor]:
    """Return the losses of a network on a batch.

    With e the error of a denoised pixel, ``error`` is the mean of |e|, ``color`` that of what is left of e without
    its gray part, since blotches of color are minded most, and ``detail`` that of the difference of e between
    neighbors, which grain and the borders of cells make large.
    """
    noise = pictures_of(network(cells_of(drawn.noisy), drawn.level))
    error = drawn.noisy - noise - drawn.clean
    return {
        "error": error.abs().mean(),
        "color": (error - error.mean(1, keepdim=True)).abs().mean(),
        "detail": (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2,
    }


def total(terms: Mapping[str, Tensor], config: DenoiseConfig) -> Tensor:
    """Return the weighted sum of the losses."""
    return terms["error"] + config.color_weight * terms["color"] + config.gradient_weight * terms["detail"]


def patches(pictures: Sequence[Tensor], count: int, side: int, generator: Generator) -> Tensor:
    """Cut patches at random places, turned and mirrored at random.

    Args:
        pictures: uint8 ``(3, h, w)``, h and w at least ``side``.
        count: N.
        side: In pixels.
        generator: The source of all randomness.

    Returns:
        ``(N, 3, side, side)`` in [0, 1].
    """

    def draw(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    found = []
    for _ in range(count):
        picture = pictures[draw(len(pictures))]
        top, left = draw(picture.shape[1] - side + 1), draw(picture.shape[2] - side + 1)
        patch = torch.rot90(picture[:, top : top + side, left : left + side], draw(4), (1, 2))
        found.append(patch.flip(2) if draw(2) else patch)
    return torch.stack(found).float() / 255
