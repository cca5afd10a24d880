"""A desk's pages without the process around them: whoever is let in and unlocks, in this very process."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from client.desk.desk import Desk
from client.desk.server.collector import CollectorState

ORIGIN = "http://127.0.0.1:8602"
TOKEN, COOKIE = "the-link", "the-cookie"


@dataclass
class FakeDeskControl:
    """Wears the interface of DeskControl. `opening` unlocks; what it raises is what a person is told."""

    opening: Callable[[str, str], Desk]
    origin: str = ORIGIN
    idle_seconds: int = 900
    desk: Desk | None = None
    token: str | None = TOKEN
    touched: int = 0
    locked: int = 0
    collector_state: CollectorState = field(default_factory=CollectorState)
    zone: Any = None

    def redeem(self, token: str) -> str | None:
        if self.token is None or token != self.token:
            return None
        self.token = None
        return COOKIE

    def is_admitted(self, cookie: str) -> bool:
        return cookie == COOKIE and self.token is None

    def unlock(self, passphrase: str, by: str) -> None:
        self.desk = self.opening(passphrase, by)

    def touch(self) -> None:
        self.touched += 1

    def lock(self, why: str = "button") -> None:
        self.locked += 1
        if self.desk is not None:
            self.desk.close(why)
        self.desk = None

    def note_lock_shown(self) -> None:
        pass

    def get_collector_state(self) -> CollectorState:
        return self.collector_state
