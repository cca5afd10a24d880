"""What an organisation's keystore seals, as this version writes it and as version 1 wrote it."""

import msgspec

from keys.kem import PrivateKey
from keys.mailbox import MailboxKey
from keys.note import NoteKey
from keys.organisation import LINE_NUMBERS, Card, LastResortKey, WeeklyChain, first_number, order_seeds
from keys.wire import DAY_SECONDS, LAST_RESORT_DAYS, WEEKS_AHEAD

RECOVERED_NUMBERS = 24  # last-resort keys that are made again: one each six weeks of 400 days, and some revocations


class HomeSecrets(msgspec.Struct, kw_only=True):
    """What the keystore seals. Keys are seeds of 32 bytes; chains and last-resort keys stand newest first."""

    root_public: bytes
    root: bytes | None
    mailbox: bytes
    chains: list[WeeklyChain]
    last_resorts: list[LastResortKey]
    store: bytes
    name: str
    relays: list[str]
    seq: int
    languages: list[str] = []
    log: list[str] = []
    confirmed_at: int = 0  # when relays or a person last confirmed the date, by this clock; 0: before anybody noted it
    clock_at: int = 0  # the farthest this clock stood when keys were not destroyed because nobody confirmed it

    @property
    def chain(self) -> WeeklyChain:
        """The chain that new cards publish."""
        return self.chains[0]

    @property
    def week(self) -> int:
        """The week the weekly keys stand at."""
        return self.chain.week

    @property
    def past_weeks(self) -> list[int]:
        """The past weeks whose letters can still be opened, oldest first."""
        return sorted({week for chain in self.chains for week in chain.past})

    @property
    def receipt_keys(self) -> list[NoteKey]:
        """The keys that its relays sign receipts with, as its card names them."""
        return [NoteKey.parse(text) for text in self.log]

    @property
    def mailbox_key(self) -> MailboxKey:
        """The key that collects reports."""
        return MailboxKey(self.mailbox)

    @property
    def last_resort_seeds(self) -> frozenset[bytes]:
        """The seeds of every last-resort key that lives."""
        return frozenset(key.seed for key in self.last_resorts)

    def open_keys(self) -> list[PrivateKey]:
        """Return the keys that open today's letters, likeliest first, weeks ahead too: a phone's clock may be fast."""
        return [PrivateKey(seed) for seed in order_seeds(self.chains, self.last_resorts)]

    def advance(self, now: int) -> bool:
        """Move every chain on to this week and forget what lived long enough; whether anything changed.

        The newest chain and the newest last-resort key stay: the published card names them.
        """
        moved = [chain.advance(now) for chain in self.chains]
        chains = moved[:1] + [chain for chain in moved[1:] if not chain.is_over(now)]
        last_resorts = self.last_resorts[:1] + [key for key in self.last_resorts[1:] if now < key.until]
        has_changed = (chains, last_resorts) != (self.chains, self.last_resorts)
        self.chains, self.last_resorts = chains, last_resorts
        return has_changed

    def begin_chain(self, chain: WeeklyChain, root_seed: bytes, now: int) -> None:
        """Publish from now on under a fresh chain and a fresh last-resort key; the older ones go on opening letters."""
        numbers = [key.number for key in self.last_resorts if key.number is not None]
        number = max(numbers) + 1 if numbers else first_number(now)
        self.chains.insert(0, chain)
        self.last_resorts.insert(0, LastResortKey.derive(root_seed, number, now))

    def note_card(self, now: int) -> None:
        """Count the lives of the newest chain and last-resort key from a card that is signed now."""
        self.chains[0] = self.chain.publish()
        until = now + LAST_RESORT_DAYS * DAY_SECONDS
        self.last_resorts[0] = msgspec.structs.replace(self.last_resorts[0], until=until)

    def recover_last_resorts(self, root_seed: bytes, card: Card, now: int) -> int:
        """Make the last-resort keys of this card and of those before it again out of the root's seed; how many.

        None is made when the card's key did not come from the root: version 1 drew it by chance. None of our own line
        below our newest either: what is not known there was destroyed, and an old card must not bring it back.
        """
        number = card.last_resort_number
        known = {key.number for key in self.last_resorts}
        if number is None or number in known or self._has_destroyed(number):
            return 0
        if PrivateKey(LastResortKey.derive(root_seed, number, now).seed).public != card.last_resort:
            return 0
        first = max(number - number % LINE_NUMBERS, number - RECOVERED_NUMBERS + 1)
        older = [n for n in range(number, first - 1, -1) if n not in known]
        self.last_resorts += [LastResortKey.derive(root_seed, n, now) for n in older]
        return len(older)

    def _has_destroyed(self, number: int) -> bool:
        newest = self.last_resorts[0].number
        return newest is not None and number < newest and number // LINE_NUMBERS == newest // LINE_NUMBERS

    def __repr__(self) -> str:
        return "HomeSecrets(...)"  # none of it must reach a log by way of a traceback


class _FirstSecrets(msgspec.Struct, kw_only=True):
    """What version 1 sealed: one chain, and one last-resort key for ever."""

    root_public: bytes
    root: bytes | None
    mailbox: bytes
    last_resort: bytes
    week: int
    chain_key: bytes
    past: dict[int, bytes]
    store: bytes
    name: str
    relays: list[str]
    seq: int
    languages: list[str] = []
    log: list[str] = []

    def upgrade(self, now: int) -> HomeSecrets:
        """Return the same secrets as this version writes them. Nobody knows when the chain began, so it is due."""
        last_week = self.week + WEEKS_AHEAD  # no card of this chain was signed later than this week
        until = now + LAST_RESORT_DAYS * DAY_SECONDS
        return HomeSecrets(
            root_public=self.root_public,
            root=self.root,
            mailbox=self.mailbox,
            chains=[WeeklyChain(self.week, self.chain_key, self.past, last_week=last_week)],
            last_resorts=[LastResortKey(self.last_resort, None, until)],
            store=self.store,
            name=self.name,
            relays=self.relays,
            seq=self.seq,
            languages=self.languages,
            log=self.log,
        )

    def __repr__(self) -> str:
        return "_FirstSecrets(...)"


class _Format(msgspec.Struct):
    """Of the secrets only what tells which version wrote them."""

    chains: msgspec.Raw = msgspec.Raw()


def decode_secrets(opened: bytes, now: int) -> HomeSecrets:
    """Return the secrets out of an opened keystore, of this version or of version 1.

    `now`: the 400 days of version 1's last-resort key are counted from it. Raises msgspec.DecodeError.
    """
    if not bytes(msgspec.json.decode(opened, type=_Format).chains):
        return msgspec.json.decode(opened, type=_FirstSecrets).upgrade(now)
    return msgspec.json.decode(opened, type=HomeSecrets)
