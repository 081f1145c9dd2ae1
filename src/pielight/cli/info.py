"""``pielight info``: what is installed, and where the model comes from."""

from __future__ import annotations

import textwrap
from typing import Any

import click

_FOREIGN = {  # settings of training that a network has no use for, by what its card calls it; cards hold them all
    "lattice": {"haze", "rain"},
    "dcenet": {"lattice", "haze", "rain"},
    "haze": {"network", "lattice.iterations", "lattice.channels", "darkening", "rain"},
    "rain": {"network", "lattice", "darkening", "haze"},
}


@click.command()
@click.option("--model", metavar="NAME|PATH.onnx", help="Another model than the one that comes with pielight.")
def info(model: str | None) -> None:
    """Show the version, the model's checksum, data, terms and figures."""
    import onnxruntime
    import PIL

    import pielight
    from pielight.curves.compiled import loop
    from pielight.curves.predict import Predictor
    from pielight.curves.sessions import open_session
    from pielight.curves.threads import available_threads
    from pielight.denoise.network import DenoiseNetwork
    from pielight.models import find, shipped
    from pielight.spatial import SpatialNetwork
    from pielight.tasks import BRIGHTEN, TASKS, task_of

    found = find(model, names=shipped())
    verified = "verified" if found.verify() else "no checksum on its card"
    _show("pielight", pielight.__version__)
    _show("onnxruntime", onnxruntime.__version__)
    _show("pillow", PIL.__version__)
    _show("curves", f"{'compiled loop' if loop else 'NumPy'}, {available_threads()} threads")
    _show("model", found.name)
    _show("file", str(found.path))
    session = open_session(found.path, 1)
    task = task_of(entry.name for entry in session.get_outputs())
    if "cells" in [entry.name for entry in session.get_inputs()]:
        DenoiseNetwork(found.path).open()
    elif task and not TASKS[task].has_curves:
        SpatialNetwork(found.path).open()
    else:
        _show("thumbnail", "{0} x {0} pixels".format(Predictor(found.path, task=task or BRIGHTEN).size))
    if task:
        _show("task", task)
    _show("sha256", f"{found.sha256()} ({verified})")
    for key, value in found.card.items():
        if key == "config" and isinstance(value, str):
            value = _own(value, str(found.card.get("network")))
        if key not in ("name", "sha256"):
            _show(key, value)


def _own(config: str, network: str) -> str:
    """Return the settings, as YAML, without those that a network has no use for.

    >>> print(_own("seed: 0\\nlattice:\\n  cell: 8\\nrain:\\n  width:\\n  - 1", "rain"))
    seed: 0
    rain:
      width:
      - 1
    """
    foreign, kept = _FOREIGN.get(network, set()), []
    section = name = ""
    for line in config.splitlines():
        word, colon, _ = line.strip().partition(":")
        if colon and not line.startswith((" ", "-")):
            section = name = word
        elif colon and line.startswith("  ") and line[2] not in " -":
            name = f"{section}.{word}"
        if not {section, name} & foreign:
            kept.append(line)
    return "\n".join(kept)


def _show(key: str, value: Any, indent: int = 0) -> None:
    label = f"{'':{indent}}{key}:"
    if isinstance(value, dict):
        click.echo(label)
        for name, entry in value.items():
            _show(name, entry, indent + 2)
    elif "\n" in str(value):
        click.echo(f"{label}\n{textwrap.indent(str(value).rstrip(), ' ' * (indent + 2))}")
    else:
        click.echo(f"{label:<16} {value}")
