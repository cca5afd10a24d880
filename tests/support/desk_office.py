"""An organisation with relays in memory, people who report to it, and desks on copies of its folder."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.desk.desk import Desk
from client.organisation import home
from client.organisation.home import Profile
from client.reporter.compose import Attachment, Composed, Draft, compose, new_case
from client.transport.relay_client import Frame
from keys.kem import PrivateKey
from keys.keystore import Cost
from keys.mailbox import MailboxKey
from keys.message import ReplyBlock
from keys.wire import b64
from tests.support import fake_relay

PASSPHRASE = "пять случайных слов для ночи"
RELAYS = ("https://a.example", "https://b.example")
WEAK = Cost(1, 8 * 2**20)
NOW = 1_795_168_800


class DeskPost(fake_relay.Post):
    """Relays in memory that may be waited at."""

    def pages(
        self, relay: str, key: MailboxKey, want: int, wait: int = 0, *, receipts: bool = False
    ) -> Iterator[list[Frame]]:
        return super().pages(relay, key, want, receipts=receipts)


@dataclass
class Office:
    """The organisation: its first folder, its relays, and a clock that ticks at each look."""

    folder: Path
    post: DeskPost = field(default_factory=DeskPost)
    now: int = NOW
    secrets: dict[str, bytes] = field(default_factory=dict)  # of cases that were begun here

    def __post_init__(self) -> None:
        made = home.create(self.folder, PASSPHRASE, Profile("Помощь", RELAYS), now=NOW, cost=WEAK)
        made.secrets.log = [str(fake_relay.KEY)]
        made.save()
        self.card = home.card_of(self.folder)

    def clock(self) -> float:
        self.now += 1
        return self.now

    def sign_hours(self, own: home.Home) -> None:
        """From now on the relays sign receipts by this clock, and the organisation knows their keys."""
        self.post.clock = self.clock
        own.secrets.log = [str(self.post.key_of(relay)) for relay in RELAYS]

    def copy(self, name: str) -> Path:
        """The folder on another computer."""
        return Path(shutil.copytree(self.folder, self.folder.parent / name))

    def unlock(self, folder: Path | None = None, by: str = "Анна", **more: Any) -> Desk:
        return Desk.unlock(folder or self.folder, PASSPHRASE, by, clock=self.clock, **more)

    @contextmanager
    def desk(self, folder: Path | None = None, by: str = "Анна", **more: Any) -> Iterator[Desk]:
        desk = self.unlock(folder, by, **more)
        try:
            yield desk
        finally:
            desk.close()

    def report(
        self, facts: dict[str, Any] | None = None, *, case: str | None = None, seq: int = 0,
        files: tuple[bytes, ...] = (), reply: ReplyBlock | None = None, to: str = RELAYS[0],
    ) -> Composed:  # fmt: skip
        """Somebody reports; the letters lie at a relay. A way for replies comes with the secret of a case of ours."""
        if case is None:
            case, secret = new_case(os.urandom)
            self.secrets[case] = secret
        draft = Draft(
            {"stage": "van", "people": 1} | (facts or {}),
            [Attachment("image/jpeg", data) for data in files],
            reply,
            case_secret=self.secrets.get(case) if reply else None,
        )
        composed = compose(self.card, draft, case=case, first=seq == 0, seq=seq, now=NOW, random_bytes=os.urandom)
        for sealed in composed.sealed:
            self.post.lay(to, sealed)
        return composed


def reply_block(mailbox: bytes = b"m" * 32) -> ReplyBlock:
    key = PrivateKey(b"r" * 32)
    return ReplyBlock([(RELAYS[0], b64(MailboxKey(mailbox).id))], b64(key.public), b64(b"s" * 32), NOW + 86_400)


def kinds(desk: Desk) -> list[str]:
    """Return the kind of every entry in a desk's journal, from the first to the last."""
    return [entry.action.kind for entry in desk.entries]


def cases(desk: Desk) -> set[str]:
    """Return the cases that a desk has letters of."""
    with desk.reading() as db:
        return {row[0] for row in db.execute('SELECT DISTINCT "case" FROM letter')}
