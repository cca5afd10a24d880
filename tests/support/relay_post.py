"""What the relay's tests speak with: letters, a clock that is set by hand, and somebody who deposits and collects."""

import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from keys.mailbox import MailboxKey
from keys.wire import (
    COMMIT_HEADER,
    HASH_BYTES,
    LETTER_BYTES,
    MAILBOX_HEADER,
    PARCEL_BYTES,
    SIGNATURE_HEADER,
    SIZES,
    b64,
)
from relay.confirmed_day import ConfirmedDay

ORIGIN = "https://relay.example"
NOON = 20_000 * 86_400 + 43_200


class HandClock:
    """Unix seconds that pass only when told to, and a monotonic clock beside them."""

    def __init__(self, now: int = NOON) -> None:
        self._start = now
        self._passed = 0

    def __call__(self) -> int:
        return self._start + self._passed

    def monotonic(self) -> float:
        return float(self._passed)

    @property
    def now(self) -> int:
        return self()

    @now.setter
    def now(self, moment: int) -> None:
        """Let time pass; a moment that is over already is a jump."""
        if moment >= self.now:
            self._passed += moment - self.now
        else:
            self.jump(moment - self.now)

    def jump(self, seconds: int) -> None:
        """Put the clock ahead or back, while no time passes."""
        self._start += seconds


def confirm(folder: Path, now: int) -> None:
    """Write down that the operator of a relay that stands still says: this clock is right."""
    ConfirmedDay(folder, lambda: now, lambda: 0.0, lambda: 0, clock_is_right=True).save()


def letter() -> bytes:
    """A letter as the relay sees one."""
    return b"\x01" + os.urandom(LETTER_BYTES - 1)


def parcel() -> bytes:
    """A parcel as the relay sees one."""
    return b"\x01" + os.urandom(PARCEL_BYTES - 1)


def new_key() -> MailboxKey:
    return MailboxKey.new(os.urandom)


def deposit_headers(mailbox: bytes, commitment: bytes) -> dict[str, str]:
    return {MAILBOX_HEADER: b64(mailbox), COMMIT_HEADER: b64(commitment)}


def frames_with_receipts(data: bytes) -> list[tuple[int, bytes, bytes, bytes]]:
    """(kind, commitment, receipt, envelope) of the answer to a request for both."""
    found = []
    while data:
        kind, commitment, end = data[0], data[1:33], 35 + int.from_bytes(data[33:35], "big")
        size = SIZES[1] if kind & 15 == 2 else SIZES[0]
        assert len(data) >= end + size
        found.append((kind, commitment, data[35:end], data[end : end + size]))
        data = data[end + size :]
    return found


def frames(data: bytes, commits: bool = False) -> list[tuple[int, bytes, bytes]]:
    """(kind, commitment or nothing, envelope) of a collect answer."""
    found = []
    while data:
        kind, data = data[0], data[1:]
        commitment, data = (data[:HASH_BYTES], data[HASH_BYTES:]) if commits else (b"", data)
        size = SIZES[1] if kind == 2 else SIZES[0]
        assert len(data) >= size
        found.append((kind, commitment, data[:size]))
        data = data[size:]
    return found


@dataclass
class Line:
    """A line to a relay inside this process."""

    app: Flask
    clock: HandClock
    origin: str = ORIGIN
    environ: dict[str, Any] = field(default_factory=dict)

    def deposit(self, mailbox: bytes, body: bytes, commitment: bytes | None = None, **headers: str) -> TestResponse:
        fields = deposit_headers(mailbox, commitment or os.urandom(32)) | headers
        return self.app.test_client().post("/v1/deposit", data=body, headers=fields, environ_overrides=self.environ)

    def send(self, body: bytes, signature: bytes) -> TestResponse:
        return self.app.test_client().post(
            "/v1/collect", data=body, headers={SIGNATURE_HEADER: b64(signature)}, environ_overrides=self.environ
        )

    def collect(self, key: MailboxKey, **fields: Any) -> TestResponse:
        asked = {"at": self.clock.now, "nonce": os.urandom(16)} | fields
        return self.send(*key.collect(self.origin, **asked))

    def envelopes(self, key: MailboxKey) -> list[bytes]:
        answer = self.collect(key)
        assert answer.status_code == 200
        return [envelope for _, _, envelope in frames(answer.data)]


def contents(folder: Path) -> dict[str, list[Any]]:
    """Every row of every table, to see whether anything changed."""
    db = sqlite3.connect(folder / "relay.sqlite3")
    try:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}  # noqa: S608
    finally:
        db.close()
