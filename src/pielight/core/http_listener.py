"""Where an HTTP server listens, under which names it is reached, and what it is asked for by others (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urlsplit

from pielight.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "::1")


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to listen at; port 0 takes any that is free.

    Raises:
        ConfigError: It cannot listen there.

    >>> with listen("127.0.0.1", 0) as listener:
    ...     is_local(listener)
    True
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{host} port {port}: cannot listen there ({reason}); --port 0 takes a free one") from error


def is_local(listener: socket.socket) -> bool:
    """Return whether only this machine can connect."""
    return listener.getsockname()[0] in _LOOPBACK


def own_names(listener: socket.socket, host: str, names: Collection[str]) -> set[str]:
    """Return the host names under which the server may be asked for, besides addresses and localhost."""
    return {*map(str.lower, names), host.lower(), *(() if is_local(listener) else (socket.gethostname().lower(),))}


def address_of(listener: socket.socket) -> str:
    """Return the address to open; that of this machine in its network if it listens everywhere."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # not every network knows the names of its machines
        outside, host = ("2001:db8::1", "::1") if listener.family == socket.AF_INET6 else ("192.0.2.1", "127.0.0.1")
        with suppress(OSError), socket.socket(listener.family, socket.SOCK_DGRAM) as probe:
            probe.connect((outside, 9))  # sends no packet
            host = str(probe.getsockname()[0])
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def is_own_host(host: str, names: Collection[str], local: bool) -> bool:
    """Return whether a Host header means this server: one of its names, or an address; if local, of this machine.

    A foreign name that resolves to this address (DNS rebinding) would let foreign pages talk to the server; an
    address cannot be redirected.

    >>> [is_own_host(host, (), local=True) for host in ("localhost:8000", "evil.example", "10.1.2.3")]
    [True, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in ("localhost", *names) or ipaddress.ip_address(name).is_loopback or not local
    except ValueError:
        return False
