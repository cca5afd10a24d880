"""From a night's letters to sealed envelopes, as phones seal them; and what is true by the ids under which they go."""

import os
from dataclasses import dataclass, field
from typing import Any

import msgspec

from client.reporter.compose import new_case, new_id
from keys import message
from keys.envelope import Address, Sealed, seal, size_for
from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.message import Amend, ReplyBlock, Report
from keys.organisation import Card
from keys.wire import SEED_BYTES, Purpose, b64
from tests.support.night_generator import Letter

DAY = 86_400


@dataclass
class Phones:
    """Everybody's phones: they know the card, and which case has which id."""

    card: Card
    now: int
    ids: dict[int, str] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)  # of each case by its id
    answerable: bool = True

    def case(self, number: int) -> str:
        if number not in self.ids:
            self.ids[number], secret = new_case(os.urandom)
            self.secrets[self.ids[number]] = secret
        return self.ids[number]

    def pair(self, numbers: tuple[int, int]) -> frozenset[str]:
        return frozenset(map(self.case, numbers))

    def seal(self, letter: Letter) -> Sealed:
        """One of the night's letters in its envelope."""
        kind = Report if letter.seq == 0 else Amend
        case, is_asking = self.case(letter.case), self.answerable and letter.seq == 0
        header = kind(
            id=new_id(os.urandom),
            case=case,
            seq=letter.seq,
            at=letter.at,
            facts=letter.facts,
            when=letter.when,
            reply=self._new_reply_block() if is_asking else None,
            case_secret=b64(self.secrets[case]) if is_asking else None,
            practice=letter.practice,
        )
        return self.seal_header(message.header(header))

    def seal_fields(self, fields: dict[str, Any]) -> Sealed:
        """Any header at all, as a phone that was changed would send it."""
        return self.seal_header(msgspec.json.encode(fields))

    def seal_header(self, header: bytes, body: bytes = b"", size: int | None = None) -> Sealed:
        address = Address(Purpose.REPORT, self.card.root, self.card.mailbox)
        key = self.card.key_for(self.now)
        return seal(
            header, body, key=key, address=address, random_bytes=os.urandom, size=size or size_for(header, body)
        )

    def _new_reply_block(self) -> ReplyBlock:
        key, mailbox, secret = (os.urandom(SEED_BYTES) for _ in range(3))
        relays = [(relay, b64(MailboxKey(mailbox).id)) for relay in self.card.relays]
        return ReplyBlock(relays, b64(PrivateKey(key).public), b64(secret), self.now + 30 * DAY)
