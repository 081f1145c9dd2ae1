"""Exported models in every runtime that is installed, beside DCE-Net on all pixels: size, work, memory, time, parity.

Usage: python benchmarks/runtimes.py WxH [--what WHAT] [--runs N] [--csv FILE]

One thread, but ExecuTorch takes as many as it likes; each file in a process of its own. MMAC are the multiplications of
layers and products of matrices; MB of memory is what the process needs at most beyond what it had before the file was
opened; ms is the median of the runs, with the least. "levels" of 255 and PSNR are how far results are at most from
pielight's own, as in the report of "pielight export". "map" is thumbnail to exposures, for pictures of any size; "full"
and "dce-net", the paper's network and its curves, take pictures of WxH, multiples of 64. Linux only, since it asks the
kernel for the memory.
"""

from __future__ import annotations

import _command as command

command.needs("train")

import argparse
import multiprocessing
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from pielight.bench.full_frame import FullFrame
from pielight.core import tables
from pielight.core.atomic_file import write_atomic
from pielight.errors import MissingExtraError, PielightError
from pielight.training.export.graph import Graph, make_graph, read_network
from pielight.training.export.parity import compare
from pielight.training.export.runtimes import RUNTIMES, export, precisions, size_of

COLUMNS = {"runtime": "runtime", "what": "what", "precision": "precision", "megabytes": "file MB", "mmac": "MMAC",
           "memory": "memory MB", "ms": "ms", "least": "least ms", "levels": "levels", "psnr": "PSNR dB"}  # fmt: skip


def size(text: str) -> tuple[int, int]:
    """Take WIDTHxHEIGHT."""
    if not (match := re.fullmatch(r"(\d+)x(\d+)", text)):
        raise argparse.ArgumentTypeError(f"{text}: is not WIDTHxHEIGHT, as 1024x768")
    return int(match[1]), int(match[2])


def megamacs(graph: Graph) -> float:
    """Return the multiplications of layers and products of matrices, in millions."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        graph.module(*graph.example())
    return counter.get_total_flops() / 2e6


def memory(name: str) -> float:
    """Return what the kernel says of this process's memory, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name))


def measure(
    to: str, path: Path, what: str, inputs: dict[str, tuple[int, ...]], outputs: tuple[str, ...], runs: int
) -> tuple[float, list[float]]:
    """Return the memory that a file needs, and its times, in a process that has done nothing else."""
    torch.set_num_threads(1)
    graph = Graph(what, torch.nn.Identity(), inputs, outputs)  # type: ignore[arg-type]
    values = [(np.random.default_rng(0).random(shape) / 4).astype(np.float32) for shape in inputs.values()]
    open_file = RUNTIMES[to].open_file
    assert open_file is not None
    open_file(path, graph, 1)  # loads the runtime itself
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    run = open_file(path, graph, 1)
    run(values)
    milliseconds = []
    for _ in range(runs):
        start = time.perf_counter()
        run(values)
        milliseconds.append(1000 * (time.perf_counter() - start))
    return memory("VmHWM") - before, milliseconds


def row(to: str, precision: str, graph: Graph, what: str, folder: Path, runs: int) -> dict[str, object]:
    """Export a graph, measure it, and return its row."""
    path = folder / f"{what}-{to}-{precision}{RUNTIMES[to].suffix}"
    network = read_network("pie")[1]
    export(graph, to, precision, path, network)  # type: ignore[arg-type]
    found: dict[str, object] = {"runtime": to, "what": what, "precision": precision}
    found |= {"megabytes": f"{size_of(path) / 1e6:.2f}", "mmac": f"{megamacs(graph):.0f}"}
    open_file = RUNTIMES[to].open_file
    if open_file is None:
        return found
    if what != "dce-net":
        compared = list(compare(graph, open_file(path, graph, 1), network))
        found |= {"levels": max(each.worst for each in compared), "psnr": f"{min(each.psnr for each in compared):.1f}"}
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        needed, times = pool.submit(measure, to, path, graph.what, dict(graph.inputs), graph.outputs, runs).result()
    return found | {"memory": f"{needed:.0f}", "ms": f"{median(times):.1f}", "least": f"{min(times):.1f}"}


def main() -> None:
    """Run."""
    parser = command.Command(__doc__)
    parser.add_argument("size", type=size, metavar="WxH")
    parser.add_argument("--what", action="append", choices=("map", "full", "dce-net"))
    parser.add_argument("--runs", type=command.at_least(1), default=20)
    parser.add_argument("--csv", type=command.new_file)
    options: argparse.Namespace = parser.parse_args()
    width, height = options.size
    network, _ = read_network("pie")
    graphs = {what: make_graph(network, what, width, height) for what in ("map", "full")}  # type: ignore[arg-type]
    graphs["dce-net"] = Graph("full", FullFrame().eval(), graphs["full"].inputs, graphs["full"].outputs)
    chosen = {what: graph for what, graph in graphs.items() if what in (options.what or graphs)}
    rows: list[dict[str, object]] = []
    print("|", " | ".join(COLUMNS.values()), "|", flush=True)
    print("|---" * len(COLUMNS) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for what, graph in chosen.items():
            for to in RUNTIMES:
                for precision in precisions(to) if what == "map" else ["fp32"]:
                    few = options.runs if what != "dce-net" else min(3, options.runs)
                    try:
                        rows.append(row(to, precision, graph, what, Path(folder), few))
                    except MissingExtraError:
                        continue
                    except PielightError as error:
                        print(f"{to}, {what}, {precision}: {error}", flush=True)
                        continue
                    print("|", " | ".join(str(rows[-1].get(key, "")) for key in COLUMNS), "|", flush=True)
    if options.csv is not None:
        write_atomic(options.csv, tables.csv_text(COLUMNS, rows).encode())


if __name__ == "__main__":
    command.run(main)
