"""``pielight info``: what is installed, where the model comes from, and what made a result."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from pielight.core.atomic_file import check_regular
from pielight.core.messages import shown
from pielight.core.signals import FAILED

_FOREIGN = {  # settings of training that a network has no use for, by what its card calls it; cards hold them all
    "dcenet": {"lattice", "haze", "rain"},
    "haze": {"network", "lattice.iterations", "lattice.channels", "darkening", "rain"},
    "rain": {"network", "lattice", "darkening", "haze"},
}


@click.command()
@click.argument("photos", metavar="[PHOTO...]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--model", metavar="NAME|PATH.onnx", help="A shipped model, such as free, or an ONNX file. [default: pie]"
)
@click.option("--settings", is_flag=True, help="Also show the settings that the model was trained with.")
@click.pass_context
def info(ctx: click.Context, photos: tuple[Path, ...], model: str | None, settings: bool) -> None:
    """Show the version, and the model's checksum, data and terms; of a PHOTO, what made it."""
    if not photos:
        _show_model(model, settings)
    elif model is not None or settings:
        raise click.UsageError("--model and --settings are for the model; leave them or PHOTO out.")
    elif sum(not _show_photo(photo) for photo in photos):  # a sum: every one is shown
        ctx.exit(FAILED)


def _show_photo(path: Path) -> bool:
    """Show what made a picture or clip; return whether its file can be read."""
    from pielight.errors import PictureError
    from pielight.io.metadata.xmp import read_packet
    from pielight.io.provenance import parse_record
    from pielight.video.containers import is_clip_name
    from pielight.video.enhance_clip import read_record_of_clip

    try:
        check_regular(path)
        record = read_record_of_clip(path) if is_clip_name(path) else parse_record(read_packet(path))
    except (PictureError, OSError) as error:
        is_missing = isinstance(error, FileNotFoundError)
        reason = "no such file" if is_missing else f"cannot be read ({getattr(error, 'strerror', '')})"
        click.echo(error if isinstance(error, PictureError) else f"{shown(path)}: {reason}", err=True)
        return False
    if record is None:
        click.echo(f"{shown(path)}: holds no record of pielight")
        return True
    for name, value in (("file", str(path)), ("pielight", record.version), *record.options):
        _show(shown(name), shown(value))
    return True


def _show_model(model: str | None, settings: bool) -> None:
    import PIL

    import pielight
    from pielight.core.threads import available_threads
    from pielight.inference.descriptor import kind_of, kinds_for
    from pielight.inference.onnx_session import open_session, runtime
    from pielight.models import find, shipped
    from pielight.ops.compiled import loop
    from pielight.options import BRIGHTEN

    weights = find(model, names=shipped())
    verified = "verified" if weights.verify() else "no checksum on its card"
    _show("pielight", pielight.__version__)
    _show("onnxruntime", runtime().__version__)
    _show("pillow", PIL.__version__)
    _show("pixel loops", f"{'compiled' if loop else 'NumPy'}, {available_threads()} threads")
    _show("model", weights.name)
    _show("file", str(weights.path))
    session = open_session(weights.path, 1)
    kind = kind_of(output.name for output in session.get_outputs())
    inputs = (kind or kinds_for(BRIGHTEN)[0]).open(weights.path, 1).open().get_inputs()
    if inputs[0].name == "thumbnail":
        _show("thumbnail", "{0} x {0} pixels".format(inputs[0].shape[2]))
    if kind and kind.task:
        _show("task", kind.task)
    _show("sha256", f"{weights.sha256()} ({verified})")
    for key, value in weights.card.items():
        if key not in ("name", "sha256", "config"):
            _show(key, value)
    if settings and "config" in weights.card:
        config = weights.card["config"]
        _show("config", _own(config, str(weights.card.get("network"))) if isinstance(config, str) else config)
    elif "config" in weights.card:
        click.echo("(--settings: those that it was trained with)")


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
