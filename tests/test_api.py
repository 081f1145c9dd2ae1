import threading

import numpy as np
import pytest
from numpy.typing import NDArray

import pielight


def test_the_shipped_model_brightens_a_dark_photo(photo: NDArray[np.uint8]) -> None:
    dark = (photo * 0.4).astype(np.uint8)
    assert pielight.enhance(dark).mean() > dark.mean() * 1.2


@pytest.mark.parametrize("task", ["dehaze", "derain"])
def test_a_task_has_its_own_model(photo: NDArray[np.uint8], task: str) -> None:
    assert np.array_equal(pielight.enhance(photo, task=task), pielight.Enhancer(task=task)(photo))


def test_an_unknown_task_is_said_to_be_unknown(photo: NDArray[np.uint8]) -> None:
    with pytest.raises(pielight.PielightError, match="task 'desnow': choose brighten, dehaze, derain"):
        pielight.enhance(photo, task="desnow")


def test_threads_share_the_default_enhancer(photo: NDArray[np.uint8]) -> None:
    results: list[NDArray[np.uint8]] = []
    workers = [threading.Thread(target=lambda: results.append(pielight.enhance(photo))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 6
    assert all(np.array_equal(result, results[0]) for result in results)
