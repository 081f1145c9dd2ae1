"""The process that enhances one clip, and tells how far it is."""

from __future__ import annotations

import json
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pielight.api import enhance_video
from pielight.enhancer import Enhancer
from pielight.errors import PielightError
from pielight.options import BRIGHTEN, EnhanceOptions
from pielight.serve.settings import ServeSettings
from pielight.serve.worker import problem_of, without_paths
from pielight.video.options import VideoOptions
from pielight.video.progress import ClipProgress

_NICE = 10  # photos, for which somebody waits, go first
_EVERY = 0.2  # seconds


def work_on_clip(
    connection: Connection, settings: ServeSettings, source: Path, target: Path, asked: dict[str, Any]
) -> None:
    """Enhance a clip's file into another one, and send lines of JSON: progress, then ``done`` or ``problem``."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    told, frames = 0.0, {}

    def send(**values: Any) -> None:
        connection.send_bytes(json.dumps(values).encode())

    def tell(progress: ClipProgress) -> None:
        nonlocal told, frames
        frames = {"frames": progress.frames, "total": progress.frames, "seconds_left": 0.0}
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            send(frames=progress.frames, total=progress.total, seconds_left=progress.left)

    try:
        model = settings.model if asked["task"] == BRIGHTEN else None
        enhance_video(
            source, target, options=EnhanceOptions(**asked["options"]), video=VideoOptions(**asked["video"]),
            enhancer=Enhancer(model, settings.cores, task=asked["task"]), exist_ok=True, on_progress=tell,
        )  # fmt: skip
        send(done=True, **frames)
    except PielightError as error:
        send(problem=problem_of(error), detail=without_paths(str(error).replace(f"{source.parent}{os.sep}", "")))
    except OSError:  # the server is gone
        return
