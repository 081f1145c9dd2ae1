#!/usr/bin/env python3
"""Checks packages against darktable's rules: ``python check.py FILE.dtmodel...``; one line for each that is broken.

The rules are those of darktable 5.6's loader and of the collection darktable-org/darktable-ai: form of the archive,
``config.json``, the graph of ``type: single``, free weights and data, and the model's card.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

REQUIRED = ("id", "name", "description", "task", "backend", "version")
FREE = ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "GPL-3.0", "GPL-3.0-or-later", "CC0-1.0")
CARD = (
    "long_description", "scope", "author", "source", "paper", "license", "training_data", "training_data_license",
    "notes",
)  # fmt: skip
CRITERIA = (
    "Model license", "OSAID v1.0", "MOF", "Training data license", "Training data provenance", "Training code",
    "Known limitations", "Published research", "Inference", "Scope", "Reproducibility",
)  # fmt: skip
OPSETS = range(17, 21)
_OVERLAP = 64  # pixels on each side of a tile
_UNFREE = re.compile(r"non-?commercial|\bNC\b|research (use )?only|academic", re.IGNORECASE)


def problems(path: str | Path) -> Iterator[str]:
    """Yield a line for each rule that a package breaks."""
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            files = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    except (OSError, zipfile.BadZipFile) as error:
        yield f"no zip archive that can be read ({error})"
        return
    folder = next(iter(files), "").partition("/")[0]
    if path.name != f"{folder}.dtmodel":
        yield f"the file must be named {folder}.dtmodel, as its folder"
    if folder in ("", ".", "..") or any(not name.startswith(f"{folder}/") for name in files):
        yield "everything must be in one folder, named as the model"
    if any("\\" in name or ".." in name.split("/") for name in files):
        yield "names must use / and stay in the folder"
    for name in ("config.json", "model.onnx", "README.md"):
        if f"{folder}/{name}" not in files:
            yield f"{name} is missing"
            return
    try:
        config = json.loads(files[f"{folder}/config.json"].decode("utf-8"))
    except ValueError as error:
        yield f"config.json is no JSON in UTF-8 ({error})"
        return
    yield from _config_problems(config, folder)
    yield from _card_problems(config.get("model_card", {}), files[f"{folder}/README.md"].decode("utf-8"))
    yield from _graph_problems(files[f"{folder}/model.onnx"], config)


def _config_problems(config: dict[str, Any], folder: str) -> Iterator[str]:
    for key in REQUIRED:
        if not isinstance(config.get(key), str) or not config[key]:
            yield f"config.json: {key} must be a text"
    if config.get("id") != folder:
        yield f"config.json: id must be {folder}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", folder) or folder.partition("-")[0] != config.get("task"):
        yield f"{folder}: must be in lower case with hyphens, and begin with the task"
    if config.get("backend") != "onnx":
        yield "config.json: backend must be onnx"
    if not isinstance(config.get("tiling"), bool):
        yield "config.json: tiling must be true or false"
    if config.get("tiling") and min(_sizes(config), default=0) <= 2 * _OVERLAP:
        yield f"config.json: attributes.input_sizes must name tiles above {2 * _OVERLAP} pixels"


def _card_problems(card: dict[str, str], readme: str) -> Iterator[str]:
    for key in CARD:
        if not card.get(key):
            yield f"config.json: model_card.{key} is missing"
    if card.get("license") not in FREE:
        yield f"license {card.get('license')}: must be compatible with GPL-3.0"
    if _UNFREE.search(card.get("training_data_license", "")):
        yield "training data: must be free for any use"
    for row in CRITERIA:
        if not re.search(rf"^\|\s*{re.escape(row)}\s*\|\s*\S", readme, re.MULTILINE):
            yield f"README.md: the criterion {row!r} is missing"


def _graph_problems(content: bytes, config: dict[str, Any]) -> Iterator[str]:
    try:
        model = onnx.load_from_string(content)
        onnx.checker.check_model(model)
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - both raise many types
        yield f"model.onnx cannot be loaded ({str(error).splitlines()[0]})"
        return
    if [entry.domain for entry in model.opset_import] != [""] or model.opset_import[0].version not in OPSETS:
        yield f"model.onnx: opset must be {OPSETS[0]} to {OPSETS[-1]}, without other domains"
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if [each.name for each in inputs] != ["input"] or [each.name for each in outputs] != ["output"]:
        yield "model.onnx: must have one input, 'input', and one output, 'output'"
        return
    shape = inputs[0].shape
    names = config.get("spatial_dims", ["height", "width"])
    fits = [[1, 3, size, size] for size in _sizes(config)] + [[1, 3, *names]]
    if shape not in fits or outputs[0].shape != shape or "float" not in inputs[0].type:
        yield f"model.onnx: shapes {shape} and {outputs[0].shape}; expected {' or '.join(map(str, fits))}, of floats"
        return
    sides = [side if isinstance(side, int) else 160 for side in shape]
    kind = np.float16 if "16" in inputs[0].type else np.float32
    ramp = np.broadcast_to(np.linspace(0, 1, sides[3], dtype=kind), sides)
    (result,) = session.run(None, {"input": np.ascontiguousarray(ramp)})
    if list(result.shape) != sides or not (np.isfinite(result).all() and 0 <= result.min() <= result.max() <= 1):
        yield "model.onnx: a ramp from 0 to 1 does not become a picture of the same shape in [0, 1]"


def _sizes(config: dict[str, Any]) -> list[int]:
    found: list[int] = config.get("attributes", {}).get("input_sizes", [])
    return found


if __name__ == "__main__":
    lines = [f"{path}: {line}" for path in sys.argv[1:] for line in problems(path)]
    sys.exit("\n".join(lines) or None)
