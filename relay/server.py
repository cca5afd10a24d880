"""The operator's commands on a relay: serve, sweep, check, backup."""

import asyncio
import fcntl
import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from keys.errors import CannotListen
from relay.app import create_app
from relay.config import Config, Push
from relay.confirmed_day import read_due
from relay.http.asgi import Adapter
from relay.push.client import tls, unreachable
from relay.store import backup as backups
from relay.store.base import StoreError
from relay.store.files import make_folder
from relay.store.sqlite import SqliteStore

# Calls in hand at once: a held-open collect costs a few KB
CALLS = 8_192
BACKLOG = 2_048
FILES = 16_384


class AlreadyServed(StoreError):
    """another relay is running on this data folder"""

    code = "store-in-use"
    hint = "stop it first, or name another folder"


def serve(config: Config, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is in flight. Port 0: any that is free. Without an origin in
    `config` the bound address is the origin. `ready` is told the address. Raises StoreError, CannotListen."""
    os.umask(0o077)
    _raise_file_limit()
    make_folder(config.data)
    with _alone(config.data), listening(host, port) as listener:
        bound = listener.getsockname()[1]
        address = f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
        app = create_app(replace(config, origins=config.origins or _origins(address, host, bound)))
        services, mailbox = app.extensions["services"], app.extensions["mailbox"]
        # What was signed in this very second may have been answered before the restart: vouch from the next one on.
        time.sleep(max(0.0, min(1.0, mailbox.replays.floor - time.time())))
        silence_seconds = config.limits.silence_seconds
        adapter = Adapter(app, services, silence_seconds)
        server = Granian(adapter, listener, silence_seconds)
        try:
            asyncio.run(run(server, mailbox.stop_long_polls, lambda: ready(address)))
        finally:
            adapter.close()
            services.close()


def _origins(address: str, host: str, port: int) -> tuple[str, ...]:
    """Return the origins of a bound address, without one of the operator's; this machine has two names for itself."""
    return (address, f"http://localhost:{port}") if host == "127.0.0.1" else (address,)


async def run(server: Server, stop_long_polls: Callable[[], None], ready: Callable[[], None]) -> None:
    server.on_startup(ready)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stop_long_polls()  # a held-open collect would keep us for a minute
        server.stop()  # type: ignore[no-untyped-call]

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    # What was built at the start never dies; walking over it again and again costs a p99.
    gc.collect()
    gc.freeze()
    await server.serve()


class Granian(Server):
    """granian on a socket that is already bound, so that a taken port is an error and port 0 has a number.

    HTTP/1.1 only: 0.4 MB of compressed headers on one HTTP/2 connection took 1 GB of memory."""

    def __init__(self, adapter: Adapter, listener: socket.socket, silence_seconds: int) -> None:
        super().__init__(
            adapter,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            # from the first moment of a connection, and from the end of each answer, to the end of the next header
            http1_settings=HTTP1Settings(header_read_timeout=silence_seconds * 1_000),
            websockets=False,
            log_enabled=False,
            backlog=BACKLOG,
            backpressure=CALLS,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder  # its stub leaves out the arguments
        self._shd = holder(self._listener.detach(), False, BACKLOG)  # closed by granian


def sweep(data: Path, now: int) -> int | None:
    """Forget what is too old by the confirmed day, also while the relay runs; how many envelopes went. None: no day was
    ever confirmed. Raises StoreError."""
    store = _existing(data)
    try:
        due = read_due(data, now)
        if due is None:
            return None
        gone = sum(store.sweep(*due))
        store.scrub()
    finally:
        store.close()
    return gone


def check(data: Path) -> list[str]:
    """Return everything that is wrong with a data folder, a sentence each. Raises StoreError."""
    store = _existing(data)
    try:
        return backups.faults(data, store)
    finally:
        store.close()


def silent(push: Push) -> list[str]:
    """Push services that cannot be called from here: nothing else would tell, since ringing leaves no trace. Raises
    NoAuthority."""
    return unreachable(push.hosts, tls(push.ca))


def backup(data: Path, out: Path) -> None:
    """Write database and key into one archive, also while the relay runs. Raises StoreError."""
    store = _existing(data)
    try:
        backups.write(data, store, out)
    finally:
        store.close()


def _existing(data: Path) -> SqliteStore:
    if not (data / "relay.sqlite3").exists():
        raise backups.NoRelay()
    return SqliteStore(data)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Lock the folder: two relays on one folder would each answer a request the other has already answered."""
    folder = os.open(data, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AlreadyServed() from None
    finally:
        os.close(folder)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener: Any = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen.at(host, port, error) from None
    with listener:
        listener.setblocking(False)
        yield listener


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
