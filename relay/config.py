"""The operator's settings, with the clock and the source of random bytes."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from keys.wire import UNPROVEN_ENVELOPES, RandomBytes
from relay.push.client import PUSH_HOSTS

Clock = Callable[[], int]  # Unix seconds


def system_clock() -> int:
    """Return Unix seconds of this computer."""
    return int(time.time())


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the relay takes. Every number can be set by `tocsin relay serve`."""

    # A whole town can stand behind one address of a mobile carrier: 100 calls a second.
    per_address: int = 6_000  # calls a minute from one address (IPv6: one /64); 0: not limited
    # Everything that comes through an onion service or a proxy on this machine has the same address.
    per_loopback: int = 0  # calls a minute from this machine; 0: not limited
    unproven_envelopes: int = UNPROVEN_ENVELOPES  # kept for a mailbox nobody has collected from
    unproven_share: float = 0.9  # of the space may be full before such mailboxes are refused
    work_share: float = 0.75  # of the space may be full before the relay asks for work
    work_floor: int = 0  # bits of work asked for even when there is space
    max_bytes: int = 0  # the database may grow to; 0: four fifths of the disk's free space at start
    ballast_bytes: int = 64 * 1024 * 1024  # given up when the disk is full; at most an eighth of the disk
    queue: int = 1_024  # deposits waiting for the disk: at most 64 MiB of parcels
    waiting: int = 4_096  # collect calls held open
    cards: int = 10_000
    silence_seconds: int = 10  # a connection that sends nothing for so long while the relay waits for it is closed


@dataclass(frozen=True, slots=True)
class Push:
    """Whether and by whom closed phones are rung. `on` None: unless the relay is known by onion addresses only."""

    on: bool | None = None
    hosts: tuple[str, ...] = PUSH_HOSTS  # `host`, `*.domain`, or `host:port`, which is the operator's own push service
    ca: Path | None = None  # an authority that is trusted besides those of this computer
    contact: str = ""  # an https or mailto URL that push services are told; default: the first https origin


@dataclass(frozen=True, slots=True)
class Config:
    """One relay. `origins` are the addresses it is known by, the first one stands in receipts."""

    data: Path
    origins: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)
    push: Push = field(default_factory=Push)
    trusted_proxies: int = 0
    clock_is_right: bool = False  # the operator says so: the day is confirmed at the start
    clock: Clock = system_clock
    monotonic: Callable[[], float] = time.monotonic  # seconds; not set back or ahead with the clock
    random_bytes: RandomBytes = os.urandom
