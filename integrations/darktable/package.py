#!/usr/bin/env python3
"""Writes pielight's models for darktable: ``python package.py FOLDER``.

Two packages and the list of their versions: ``denoise-pielight.dtmodel``, which darktable 5.6 runs in tiles, and
``brighten-pielight.dtmodel``, which needs a whole picture at once. The same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from graphs import TILE, brighten_graph, denoise_graph

from pielight import Enhancer, PielightError, __version__

_SOURCE = f"pielight {__version__}"
_PAPER = "https://arxiv.org/abs/2404.04586"
_LICENSE = "Apache-2.0"
_DATA_LICENSE = "Kodak PhotoCD: unrestricted use; astronaut: public domain; chelsea, coffee: CC0"
_DATE = 1980, 1, 1, 0, 0, 0  # of every file, so that packages are the same each time


def denoise_config() -> dict[str, Any]:
    """Return the config.json of the denoiser."""
    about = (
        "Small denoiser that estimates shot and read noise of each tile and leaves a little grain; what is clean stays"
    )
    notes = "Trained on simulated noise; the estimate of noise differs a little from tile to tile"
    card = _card(about, "single-image denoising", str(Enhancer().denoiser.card["data"]), notes)
    return _config("denoise-pielight", "denoise", about, card, True) | {"attributes": {"input_sizes": [TILE]}}


def brighten_config() -> dict[str, Any]:
    """Return the config.json of the model that brightens."""
    about = "Brightens photos that came out too dark by a map of exposures; well-exposed ones stay as they are"
    notes = "Looks at the whole picture: not to be run in tiles, and no module of darktable 5.6 runs such a task yet"
    card = _card(about, "low-light enhancement", str(Enhancer("free").model.card["data"]), notes)
    return _config("brighten-pielight", "brighten", about, card, False) | {"spatial_dims": ["height", "width"]}


def write_packages(folder: str | Path) -> list[Path]:
    """Write both packages and versions.json into a folder, over those of before, and return the packages."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    packages, versions = [], {}
    for config, graph in ((denoise_config(), denoise_graph()), (brighten_config(), brighten_graph())):
        files = {"README.md": _readme(config).encode(), "config.json": _json(config), "model.onnx": graph}
        path = folder / f"{config['id']}.dtmodel"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                entry = zipfile.ZipInfo(f"{config['id']}/{name}", _DATE)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, content)
        checksum = hashlib.sha256(path.read_bytes()).hexdigest()
        versions[config["id"]] = {"version": config["version"], "sha256": f"sha256:{checksum}"}
        packages.append(path)
    (folder / "versions.json").write_bytes(_json({"models": versions}))
    return packages


def _config(name: str, task: str, about: str, card: dict[str, str], tiling: bool) -> dict[str, Any]:
    return {
        "id": name, "name": name.replace("-", " "), "description": about, "task": task, "arch": "pielight",
        "backend": "onnx", "version": __version__, "tiling": tiling, "model_card": card,
    }  # fmt: skip


def _card(about: str, scope: str, data: str, notes: str) -> dict[str, str]:
    return {
        "long_description": about, "scope": scope, "author": "the authors of pielight", "source": _SOURCE,
        "paper": _PAPER, "license": _LICENSE, "training_data": data, "training_data_license": _DATA_LICENSE,
        "notes": notes,
    }  # fmt: skip


def _readme(config: dict[str, Any]) -> str:
    """Return the model's card, with the criteria that darktable's collection asks for."""
    card = config["model_card"]
    size = f"{TILE}, {TILE}" if config["tiling"] else "H, W"
    rows = {
        "Model license": card["license"],
        "OSAID v1.0": "Open Source AI (own assessment)",
        "MOF": "Class II (own assessment)",
        "Training data license": card["training_data_license"],
        "Training data provenance": card["training_data"],
        "Training code": f"{card['license']}, {card['source']}",
        "Known limitations": card["notes"],
        "Published research": card["paper"],
        "Inference": "Local only, no cloud dependencies",
        "Scope": card["scope"],
        "Reproducibility": "Full pipeline in the clone: configs/, make models, integrations/darktable/",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    tiles = "in tiles" if config["tiling"] else "the whole picture"
    return (
        f"# {config['name']}\n\n{card['long_description']}.\n\n## ONNX model\n\n"
        f"`model.onnx`: `input` float32 [1, 3, {size}], sRGB in [0, 1], to `output`, the same; {tiles}.\n\n"
        f"## Selection criteria\n\n| Property | Value |\n|---|---|\n{table}\n"
    )


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=4, ensure_ascii=False) + "\n").encode()


if __name__ == "__main__":
    try:
        print(*write_packages(sys.argv[1] if len(sys.argv) > 1 else "."), sep="\n")
    except (PielightError, OSError) as error:
        sys.exit(f"pielight: {error}")
