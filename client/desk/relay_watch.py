"""What an unlocked desk knows of its relays: practice letters that are out or missing, letters that are kept back.

Specified in `client/folders.md`, "Canaries" and "Taken, never given".
"""

from collections import Counter
from collections.abc import Callable

from client.desk.cases.record_index import RecordIndex
from client.organisation.canary import Canary, canary_key
from client.organisation.canary_sender import CanaryPlan
from client.organisation.canary_watch import CanaryWatch, RelayNotice, read_timer
from client.organisation.case_files import find_withheld_of
from client.organisation.deliveries import SHOWN_SECONDS, Deliveries, MissingCanary, Withheld
from client.organisation.home import Home
from client.organisation.records import Records
from keys.wire import SEED_BYTES, RandomBytes


class RelayWatch:
    """The watch over the relays of one unlocked desk. Whoever calls it has the desk's turn.

    `on_foreign` is called with each practice letter of another desk of the organisation, and its relay.
    """

    def __init__(
        self, home: Home, records: Records, record_index: RecordIndex, *, clock: Callable[[], float],
        random_bytes: RandomBytes, timer: Callable[[], float] = read_timer,
    ) -> None:  # fmt: skip
        self._home, self._record_index, self._clock = home, record_index, clock
        self.deliveries = Deliveries(records, home.secrets.relays, clock)
        self.canaries = CanaryWatch(random_bytes(SEED_BYTES), timer)
        self.on_foreign: Callable[[Canary, str], None] = lambda canary, relay: None
        self._shown = self.find_notices()

    @property
    def notices(self) -> list[RelayNotice]:
        """What the pages say of relays since the last `refresh`."""
        return self._shown

    def make_plan(self) -> CanaryPlan:
        """Return what the next practice letter is made of. Raises CannotRead, CardError."""
        secrets = self._home.secrets
        return CanaryPlan(
            self._home.card, canary_key(secrets.mailbox_key), tuple(secrets.receipt_keys), int(self._clock())
        )

    def note_canary(self, canary: Canary, relay: str) -> None:
        """Note a practice letter that came: one of this desk, or of another computer or session."""
        if canary.desk == self.canaries.desk:
            self.canaries.note_arrival(canary.commitment)
        else:
            self.on_foreign(canary, relay)

    def note_late(self, late: list[MissingCanary]) -> None:
        """Note practice letters of earlier sessions that were said to be missing and came."""
        for missing in late:
            self.canaries.note_late(missing.relay, int(self._clock()) - missing.sent_at)

    def note_pull(self, relay: str, begun_at: int, begun_timer: float) -> None:
        """Note that a relay was emptied by a pull that began then. Raises CannotWrite."""
        self.canaries.note_pull(relay, begun_timer)
        self.deliveries.note_pull(relay, begun_at)

    def refresh(self) -> bool:
        """Write down what has become missing; whether there is anything else to be said than at the last call. Raises
        CannotWrite."""
        for out in self.canaries.take_missing():
            self.deliveries.note_missing(MissingCanary(out.relay, out.canary.commitment, out.sent_at, out.receipt))
        before, self._shown = self._shown, self.find_notices()
        return before != self._shown

    def find_notices(self) -> list[RelayNotice]:
        """Return what every page has to say of relays, the worst first."""
        since = self._clock() - SHOWN_SECONDS
        relays = set(self._home.secrets.relays)
        missing = Counter(m.relay for m in self.deliveries.missing if m.sent_at > since and m.relay in relays)
        letters = Counter(withheld.relay for withheld in self.deliveries.find_withheld() if withheld.since > since)
        return [
            *(RelayNotice("withheld", relay, count=count) for relay, count in sorted(missing.items())),
            *(RelayNotice("kept", relay, count=count) for relay, count in sorted(letters.items())),
            *self.canaries.find_notices(),
        ]

    def find_withheld_of(self, case: str) -> list[Withheld]:
        """Return the letters of a case that a relay took and never gave out here. Raises NoSuchCase."""
        return find_withheld_of(self._record_index.case(case), self.deliveries.find_withheld())
