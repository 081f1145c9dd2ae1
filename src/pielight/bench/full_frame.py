"""Times the paper's way in ONNX Runtime: DCE-Net on every pixel, then its curves. Part of ``pielight bench``.

``python -m pielight.bench.full_frame HEIGHT WIDTH THREADS`` prints, three times, the seconds from array to array and
those of the network alone. A separate process, since flushing denormals changes the arithmetic of a thread for good.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from torch import Tensor, nn

from pielight.training.export.onnx import lattice_onnx
from pielight.training.networks.dce_net import DCENet, render

_RUNS = 3


class FullFrame(nn.Module):
    """DCE-Net and its curves: pictures ``(N, 3, H, W)`` in, enhanced pictures out.

    >>> import torch
    >>> FullFrame()(torch.zeros(1, 3, 8, 8)).shape
    torch.Size([1, 3, 8, 8])
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = DCENet()

    def forward(self, pictures: Tensor) -> Tensor:
        """Enhance pictures."""
        return render(pictures, self.network(pictures))


def times(height: int, width: int, threads: int) -> list[tuple[float, float]]:
    """Return the seconds from array to array and of the network alone, run by run, after one run to warm up."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads  # 0 is ONNX Runtime's own choice
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    whole, network = (
        onnxruntime.InferenceSession(lattice_onnx(made, height, width), options, providers=["CPUExecutionProvider"])
        for made in (FullFrame(), DCENet())
    )
    frame = np.random.default_rng(0).integers(0, 60, (height, width, 3), np.uint8)
    seconds = []
    for _ in range(_RUNS + 1):
        start = time.perf_counter()
        (result,) = whole.run(None, {"thumbnail": _as_input(frame)})
        np.rint(result[0].transpose(1, 2, 0) * 255).astype(np.uint8)
        end, values = time.perf_counter(), _as_input(frame)
        begin = time.perf_counter()
        network.run(None, {"thumbnail": values})
        seconds.append((end - start, time.perf_counter() - begin))
    return seconds[1:]


def _as_input(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(frame.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)


if __name__ == "__main__":
    for array_to_array, alone in times(*map(int, sys.argv[1:4])):
        sys.stdout.write(f"{array_to_array} {alone}\n")
