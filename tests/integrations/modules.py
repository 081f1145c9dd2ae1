"""Files of integrations as modules, beside stand-ins of the programs that they are for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray

INTEGRATIONS = Path(__file__).parents[2] / "integrations"


def load(path: str, package: bool = False) -> Any:
    """Import a file of an integration under a name of its own; as a package, from the folder of that name."""
    file = INTEGRATIONS / path
    name = f"integration_{file.parent.name.replace('-', '_')}_{file.stem.strip('_')}"
    spec = importlib.util.spec_from_file_location(
        name, file, submodule_search_locations=[str(file.parent)] if package else None
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def stand_in(name: str, **contents: Any) -> ModuleType:
    """Return a module of some contents, which stands in for a package that is not here."""
    module = ModuleType(name)
    module.__dict__.update(contents)
    return module


def dark_picture(height: int = 96, width: int = 128, level: float = 0.06) -> NDArray[np.uint8]:
    """Return a dark photograph of sorts, (H, W, 3): smooth light with edges, and a little grain."""
    rng = np.random.default_rng(4)
    down, across = np.mgrid[:height, :width] / max(height, width)
    scene = 0.4 + 0.3 * np.sin(9 * across) * np.cos(7 * down) + 0.3 * ((across * 8).astype(int) % 2)
    color = np.stack([scene, 0.8 * scene, 0.6 * scene], 2) * level
    return ((color + rng.normal(0, 0.002, color.shape)).clip(0, 1) * 255).round().astype(np.uint8)


def good_picture() -> NDArray[np.uint8]:
    """Return a well-exposed photograph of the size of the dark one."""
    return np.ascontiguousarray(skimage.data.astronaut()[::4, ::4][:96])
