"""Runs a model of pictures on the floats of one file, and writes those of another: MODEL IN OUT."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def main(model: str, source: str, target: str) -> None:
    """Run it."""
    height, width = (768, 1024) if "1024x768" in model else (1024, 768)
    picture = np.frombuffer(Path(source).read_bytes(), np.float32).reshape(1, 3, height, width)
    if Path(model).is_file():
        from ai_edge_litert.interpreter import Interpreter

        found = Interpreter(model, num_threads=1).get_signature_runner()(args_0=picture)["output_0"]
    else:  # the same graph, where LiteRT is not installed
        import onnxruntime

        session = onnxruntime.InferenceSession(Path(model).with_suffix(".onnx"), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"picture": picture})
    Path(target).write_bytes(found.astype(np.float32).tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
