"""When noise is measured: while a picture is predicted, and only where it may be asked for."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pielight.enhancer import Enhancer
from pielight.inference.processor import Processor
from pielight.ops.noise import Noise, estimate
from pielight.options import EnhanceOptions


def watched(task: str, threads: int | None, seen: list[int]) -> Processor:
    """Return a task's processor that lists the threads which measure noise."""

    def measure(pixels: NDArray[np.uint8]) -> Noise:
        seen.append(threading.get_ident())
        return estimate(pixels)

    processor = Enhancer(task=task, threads=threads).processor
    return replace(processor, runtime=replace(processor.runtime, noise=measure))


@pytest.fixture
def dark(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grain = np.random.default_rng(0).normal(0, 3, photo.shape)
    return np.clip(photo // 6 + grain, 0, 255).astype(np.uint8)


def test_threads_do_not_change_the_result(dark: NDArray[np.uint8]) -> None:
    seen: list[int] = []
    one, two = (watched("brighten", threads, seen).process(dark, EnhanceOptions()) for threads in (1, 2))
    assert (one == two).all()
    assert len(seen) == 2
    assert seen[0] == threading.get_ident() != seen[1]


def test_it_is_measured_before_the_picture_is_written_over(dark: NDArray[np.uint8]) -> None:
    processor = watched("brighten", 2, [])
    apart = processor.process(dark, EnhanceOptions())
    assert (processor.process(dark, EnhanceOptions(), dark) == apart).all()


@pytest.mark.parametrize(
    ("task", "options"),
    [("brighten", EnhanceOptions(denoise=0)), ("brighten", EnhanceOptions(0.0)), ("derain", EnhanceOptions())],
)
def test_it_is_not_measured_where_nothing_is_denoised(
    task: str, options: EnhanceOptions, dark: NDArray[np.uint8]
) -> None:
    seen: list[int] = []
    watched(task, 2, seen).process(dark, options)
    assert seen == []
