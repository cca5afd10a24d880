"""Collecting and opening 20,000 letters: openings per second of one core, beside bare HPKE in the same run.

`python -m tests.bench.opening [LETTERS]`. A real relay process on loopback; the collecting process is measured by its
own processor time, so that a busy machine changes little.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from client.organisation.inbox import Inbox, PullResult, report_address
from client.organisation.records import Records
from client.reporter.compose import Draft, compose, new_id
from client.transport.relay_client import Transport
from keys.envelope import HPKE, Sealed
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.note import NoteKey
from keys.organisation import Card, expiry
from keys.wire import LETTER_BYTES, week_of

LETTERS = 20_000
ROUNDS = 5
KEY, LAST_RESORT, MAILBOX = PrivateKey(b"w" * 32), PrivateKey(b"l" * 32), MailboxKey(b"m" * 32)
FACTS = {
    "stage": "van",
    "people": 7,
    "name": "Иванова Анна Сергеевна",
    "place": {"lat": 5_575_600, "lon": 3_761_700, "accuracy": 40, "age": 12},
    "account": "Задержали у метро Пушкинская, везут в автобусе, номер не видно. " * 4,
}


def card(relay: str) -> Card:
    now = int(time.time())
    week = week_of(now)
    return Card(
        name="",
        root=b"r" * 32,
        seq=1,
        issued=now,
        expires=expiry(week),
        relays=(relay,),
        mailbox=MAILBOX.id,
        week=week,
        weekly=(KEY.public,),
        last_resort=LAST_RESORT.public,
    )


def letters(relay: str, count: int) -> list[Sealed]:
    named, now = card(relay), int(time.time())
    draft = Draft(FACTS)
    return [
        compose(named, draft, case=new_id(os.urandom), first=True, seq=0, now=now, random_bytes=os.urandom).sealed[0]
        for _ in range(count)
    ]


def bare(sealed: list[Sealed], relay: str) -> float:
    """Seconds of processor time for one HPKE decrypt."""
    named = card(relay)
    info = report_address(named.root, named.mailbox).info(LETTER_BYTES)
    begin = time.process_time()
    for letter in sealed:
        HPKE.decrypt(memoryview(letter.envelope)[1:], KEY.key, info=info)
    return (time.process_time() - begin) / len(sealed)


def pulled(relay: str, transport: Transport, folder: Path) -> tuple[float, int]:
    """Seconds of processor time for one letter collected, opened and kept; how many there were."""
    named = card(relay)
    with Records(folder, b"k" * 32) as records:
        address = report_address(named.root, named.mailbox)
        inbox = Inbox(records, address, [KEY, LAST_RESORT], last_resorts=[LAST_RESORT.seed])
        begin = time.process_time()
        tally: PullResult = inbox.pull(transport, [relay], MAILBOX)
        spent = time.process_time() - begin
    assert not tally.failures, tally.failures
    assert not tally.bad
    return spent / tally.new, tally.new


def deposit_all(sealed: list[Sealed], relay: str, transport: Transport) -> None:
    transport.collect(relay, MAILBOX, want=0)  # a mailbox that somebody collects from has no limit
    keys: list[NoteKey] = [transport.info(relay).note_key]
    for letter in sealed:
        transport.deposit(relay, letter, keys)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name, Transport(os.urandom) as transport:
        words = ["serve", "--data", f"{name}/relay", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen([sys.executable, "-m", "relay", *words], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            relay = process.stdout.readline().split()[-1]
            shares, each = [], count // ROUNDS
            print(f"{count:,} letters in {ROUNDS} rounds; microseconds of processor time for each letter")
            for number in range(ROUNDS):
                sealed = letters(relay, each)
                deposit_all(sealed, relay, transport)
                folder = Path(name) / str(number)
                folder.mkdir()
                alone = bare(sealed, relay)
                whole, opened = pulled(relay, transport, folder)
                assert opened == each
                shares.append(alone / whole)
                print(
                    f"  bare {alone * 1e6:6.1f}   collected, opened, kept {whole * 1e6:6.1f}   share {shares[-1]:.2f}"
                )
            print(f"median share {median(shares):.2f} (bar 0.7); {1 / whole:,.0f} openings per second and core")
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LETTERS)
