"""``pielight serve``: photos and clips over HTTP, for programs, and the page for people."""

from __future__ import annotations

import math
import os

import click

from pielight.cli import options
from pielight.core.extras import require

_MEGABYTE = 1 << 20
_TOKEN = "PIELIGHT_TOKEN"
_NETWORK_RATE, _NETWORK_CLIPS = 20.0, 3  # of each address, where others than this machine can connect


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 opens it to the whole network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--open", "is_opened", is_flag=True, help="Open the page in this machine's browser.")
@click.option("--workers", type=click.IntRange(1, 256), metavar="N",
              help="Processes that enhance, of about 150 MB. [default: every core]")  # fmt: skip
@click.option("--token", envvar=_TOKEN, show_envvar=True,
              help="What clients must send, as Authorization: Bearer TOKEN.")  # fmt: skip
@click.option("--allowed-host", "names", multiple=True, metavar="NAME",
              help="Name under which it is reached, if not by address; repeatable.")  # fmt: skip
@click.option("--allow-origin", "origins", multiple=True, metavar="URL",
              help="Origin of another page that may use it, as https://photos.example; repeatable.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(0), metavar="N",
              help=f"Requests a second of each address, on average; 0: any. [default: {_NETWORK_RATE:g}, 0 on this "
              "machine alone]")  # fmt: skip
@click.option("--queue", type=click.IntRange(0), default=64, show_default=True, help="Photos that may wait.")
@click.option("--max-body", type=click.IntRange(1, 1024), default=64, show_default=True, metavar="MB",
              help="Largest photo.")  # fmt: skip
@click.option("--max-pixels", type=click.FloatRange(0, 256, min_open=True), default=120, show_default=True,
              metavar="MP", help="Most megapixels of a photo.")  # fmt: skip
@click.option("--max-clip", type=click.IntRange(1), default=1024, show_default=True, metavar="MB",
              help="Largest clip.")  # fmt: skip
@click.option("--clips-per-address", type=click.IntRange(0), metavar="N",
              help=f"Clips of each address, with results that are kept; 0: any. [default: {_NETWORK_CLIPS}, 0 on this "
              "machine alone]")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=120, show_default=True, metavar="SECONDS",
              help="Longest time for a photo.")  # fmt: skip
@options.model
def serve(
    host: str,
    port: int,
    is_opened: bool,
    workers: int | None,
    token: str | None,
    names: tuple[str, ...],
    origins: tuple[str, ...],
    rate: float | None,
    queue: int,
    max_body: int,
    max_pixels: float,
    max_clip: int,
    clips_per_address: int | None,
    timeout: float,
    model: str | None,
) -> None:
    """Serve the page and an HTTP API until Ctrl-C or SIGTERM, which let it finish what runs.

    It listens on this machine alone. There is no encryption: beyond your own network, put it behind a web server that
    speaks HTTPS, and give it a --token. Photos are never written to disk. The API is described at /docs.
    """
    require("serve")
    from pielight.core.threads import available_threads
    from pielight.serve.server import serve as run
    from pielight.serve.settings import ServeSettings

    if token is None and os.environ.get(_TOKEN) == "":  # which click takes for none
        raise click.UsageError(f"{_TOKEN} is empty: give it a token, or unset it for a server that needs none.")
    if math.isnan(max_pixels):
        raise click.BadParameter("nan: must be a number", param_hint="--max-pixels")
    cores = available_threads()
    is_local = host in ("127.0.0.1", "::1", "localhost")
    with options.usage_errors():
        settings = ServeSettings(
            workers=workers or cores, cores=cores, model=model, token=token, origins=origins,
            rate=(0.0 if is_local else _NETWORK_RATE) if rate is None else rate, queue=queue,
            clips_per_address=(0 if is_local else _NETWORK_CLIPS) if clips_per_address is None else clips_per_address,
            max_body=max_body * _MEGABYTE, max_pixels=round(max_pixels * 1e6), max_clip=max_clip * _MEGABYTE,
            max_bytes=max(ServeSettings.max_bytes, 2 * max_body * _MEGABYTE), picture_seconds=timeout,
        )  # fmt: skip

    if token is None and not is_local:
        click.echo(f"warning: no token: all who reach {host} can use this server; set {_TOKEN}", err=True)

    def ready(address: str) -> None:
        click.echo(address)
        if is_opened:
            import threading
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()  # which may wait for its end

    run(settings, host, port, names, ready)
