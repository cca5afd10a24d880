"""A relay as an operator runs it: a process of its own, spoken to over loopback."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from keys import note
from keys.mailbox import MailboxKey
from keys.wire import SIGNATURE_HEADER, b64
from tests.support.relay_post import deposit_headers, frames

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds for anything on a busy machine


def relay_command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "relay", *map(str, arguments)]


@dataclass
class Relay:
    """A running relay."""

    process: subprocess.Popen[str]
    address: str
    http: httpx.Client
    log: Path

    def deposit(self, mailbox: bytes, body: bytes, commitment: bytes, **headers: str) -> httpx.Response:
        fields = deposit_headers(mailbox, commitment) | headers
        return self.http.post("/v1/deposit", content=body, headers=fields)

    def collect(self, key: MailboxKey, **fields: Any) -> httpx.Response:
        asked = {"at": int(time.time()), "nonce": os.urandom(16)} | fields
        answer = self._collect(key, asked)
        if answer.status_code == 403:  # just restarted: what was signed in its first second is refused
            answer = self._collect(key, asked | {"at": answer.json()["time"]})
        return answer

    def _collect(self, key: MailboxKey, asked: dict[str, Any]) -> httpx.Response:
        body, signature = key.collect(self.address, **asked)
        return self.http.post("/v1/collect", content=body, headers={SIGNATURE_HEADER: b64(signature)})

    def everything(self, key: MailboxKey) -> dict[bytes, bytes]:
        """Acknowledge page after page; hash to envelope."""
        from keys.wire import digest

        got: dict[bytes, bytes] = {}
        ack: list[bytes] = []
        while True:
            answer = self.collect(key, ack=ack)
            assert answer.status_code == 200
            page = frames(answer.content)
            if not page:
                return got
            ack = [digest(envelope) for _, _, envelope in page]
            got |= dict(zip(ack, (envelope for _, _, envelope in page), strict=True))

    def note_key(self) -> bytes:
        return note.NoteKey.parse(self.http.get("/v1/relay").json()["note_key"]).public

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def running(folder: Path, *options: str, prefix: tuple[str, ...] = (), listen: str = "127.0.0.1:0") -> Iterator[Relay]:
    """Start a relay on a folder and wait for its first line. Its stderr goes to a file beside the folder."""
    log = folder.parent / f"{folder.name}.log"
    with log.open("a") as stderr:
        process = subprocess.Popen(
            [*prefix, *relay_command("serve", "--data", folder, "--listen", listen, *options)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout
    try:
        ready_line = process.stdout.readline()
        assert ready_line, log.read_text()
        address = ready_line.split()[-1]
        with httpx.Client(base_url=address, timeout=PATIENCE) as http:
            yield Relay(process, address, http, log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
