"""Somebody who begins a case with the app, and a stranger who knows no more of it than lies open on the phone."""

import os
from dataclasses import dataclass, field
from typing import Any

from keys import message
from keys.envelope import Address, Sealed, frame, seal_content, size_for
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import Amend, CaseKeys, ReplyBlock, Report
from keys.organisation import Card
from keys.wire import MAC_BYTES, Purpose, b64, unb64

NO_KEY = b""


@dataclass
class CaseOwner:
    """What a phone of its owner has: the secret of the case, the keys, and the way for replies."""

    card: Card
    now: int
    secret: bytes = field(default_factory=lambda: os.urandom(32))
    keys: CaseKeys = field(default_factory=lambda: CaseKeys(*(b64(os.urandom(32)) for _ in range(3))))
    mailbox: MailboxKey = field(default_factory=lambda: MailboxKey(os.urandom(32)))
    seed: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def case(self) -> str:
        return message.case_id(self.secret)

    def block(self, until: int | None = None, secret: bytes = b"s" * 32) -> ReplyBlock:
        relays = [(relay, b64(self.mailbox.id)) for relay in self.card.relays]
        until = self.now + 86_400 if until is None else until
        return ReplyBlock(relays, b64(PrivateKey(self.seed).public), b64(secret), until)

    def begin(self, facts: dict[str, Any] | None = None, **more: Any) -> Sealed:
        """Seal the first report, as a phone seals it in advance: it shows the secret and names the keys."""
        proof = {"case_secret": b64(self.secret), "keys": self.keys, "reply": self.block()}
        return self.say(Report, facts, **{"by": "pin", **proof, **more})

    def say(
        self, kind: type[Report | Amend] = Amend, facts: dict[str, Any] | None = None, *, by: str = "", seq: int = 0,
        at: int | None = None, case: str | None = None, **more: Any,
    ) -> Sealed:  # fmt: skip
        """Seal any message. `by`: pin, forced, open, or "" for a body that is empty."""
        said = kind(
            id=b64(os.urandom(16)), case=case or self.case, seq=seq or int(kind is Amend), at=at or self.now,
            facts={"stage": "van", "people": 1} if facts is None else facts, **more,
        )  # fmt: skip
        return self.seal_said(message.header(said), unb64(getattr(self.keys, by)) if by else NO_KEY)

    def seal_said(self, header: bytes, key: bytes) -> Sealed:
        """Seal a header with a MAC under a key; without one the body is empty."""
        address = Address(Purpose.REPORT, self.card.root, self.card.mailbox)
        salt, size = os.urandom(32), size_for(header, bytes(MAC_BYTES))
        body = message.said_mac(key, address, size, salt, header) if key else b""
        return seal_content(frame(salt, header, body), key=self.card.key_for(self.now), address=address, size=size)
