"""What a benchmark runs on."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from pielight.core.threads import available_threads
from pielight.inference.onnx_session import runtime
from pielight.ops.compiled import loop


def machine(threads: int | None = None) -> str:
    """Describe what this runs on."""
    import PIL

    curves = "compiled loop" if loop else "NumPy instead of the compiled loop"
    return (
        f"{_processor()}, {available_threads()} cores, {threads or available_threads()} threads; "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}, "
        f"ONNX Runtime {runtime().__version__}, Pillow {PIL.__version__}; {curves}"
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or "unknown processor"
