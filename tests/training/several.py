"""Run recipes with several processes: this file is started as each of them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Losses = list[dict[str, float]]


def command(recipes: Sequence[Any], losses: Path) -> list[str]:
    """Return the command that trains by recipes, one after the other, and writes what each step's losses were."""
    return [sys.executable, __file__, json.dumps(recipes), str(losses)]


def start(count: int, command: Sequence[str], **environment: str) -> list[subprocess.Popen[str]]:
    """Start a command as a launcher starts it in several processes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            env={**os.environ, **environment, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(count)
    ]  # fmt: skip


def finish(started: Sequence[subprocess.Popen[str]], seconds: float = 120) -> list[str]:
    """Wait for processes and return what they printed."""
    try:
        return [process.communicate(timeout=seconds)[0] for process in started]
    finally:
        for process in started:
            process.kill()


def main() -> None:
    from pielight.training.recipe import RECIPES
    from pielight.training.schema.config_file import validate
    from pielight.training.trainer import StepReport, train

    recipes, target = json.loads(sys.argv[1]), Path(sys.argv[2])
    curves: list[Losses] = []
    for values in recipes:
        stop_at = values.pop("stop_at", None)
        curve: Losses = []

        def note(report: StepReport, curve: Losses = curve) -> None:
            curve.append(report.terms)

        train(validate(RECIPES[values.get("recipe", "")], values), note, every=1, stop_at=stop_at)
        curves.append(curve)
    if os.environ.get("RANK", "0") == "0":
        target.write_text(json.dumps(curves))


if __name__ == "__main__":
    main()
