"""What a letter can say of a person, in words of its language. A fact that nobody stated stays empty."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from client.desk.cases.board import PlaceRow
from client.desk.cases.view import CaseView, PersonView, StayView
from client.desk.consent.subjects import SHARED
from client.desk.consent.text import line, lines
from client.desk.deadlines import clocks
from client.desk.deadlines.clocks import Start, TimedFact
from client.desk.documents.letters.template import words

# Facts of the report itself that may be told of those who were taken with its writer, too.
_OURS = (*SHARED, "place")
_LAWYER = ("refused", "given", "asked")


@dataclass(frozen=True, slots=True)
class Around:
    """When and where a letter is written, and for which organisation. `clean` takes out names that may not be told."""

    now: int
    zone: tzinfo
    organisation: str = ""
    clean: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class LetterValues:
    """One person of a case. `address`: of a place by its number, empty when no pack has it."""

    view: CaseView
    person: PersonView
    language: str
    around: Around
    places: Callable[[int], PlaceRow | None]

    def fields(self) -> Mapping[str, str]:
        """Every field of a letter that is known; what the desk can never know is not among them."""
        stay, van, by = self._station(), self._fact("van"), self._fact("by")
        place = self.places(stay.place) if stay is not None else None
        return {
            **{name: self._own(name) for name in ("birth", "citizenship", "sex", "occupation")},
            **{name: self._own(name) for name in ("reason", "article", "warrant", "papers", "injuries", "health")},
            "name": line(self.person.name),
            "organisation": line(self.around.organisation),
            "today": self._day(self.around.now),
            "detained_at": self._began("detention"),
            "arrived_at": self._began("arrival"),
            "arrest_place": self._said((self._fact("place") or {}).get("text")),
            "station": self._said(stay.name or stay.words) if stay is not None else "",
            "station_address": self._said(place.address) if place is not None else "",
            "detention_places": "\n".join(self._stay(one) for one in self.person.stays if one.name or one.words),
            "van": self._parts("van", van, ("plate", "side")),
            "by": self._by(by),
            "officials": self._officials(by),
            "lawyer": self._lawyer(),
            "violence": self._said("; ".join(self.person.facts.get("violence") or ())),
            "account": self._account(),
            "zone": self._zone(),
            "duration": self._duration(),
            "limits": self._limits(),
        }

    # Words

    def _term(self, key: str, value: str = "") -> str:
        return words().term(key, self.language, value)

    def _said(self, value: Any) -> str:
        return self.around.clean(line(value)) if value else ""

    def _own(self, name: str) -> str:
        return self._said(self.person.facts.get(name))

    def _fact(self, name: str) -> Any:
        own = self.person.facts.get(name)
        return self.view.facts.get(name) if own is None and name in _OURS else own

    def _account(self) -> str:
        account = self.person.facts.get("account")
        return self.around.clean(lines(account)) if account else ""

    def _by(self, by: Mapping[str, Any] | None) -> str:
        kind = (by or {}).get("kind", "")
        return self._term(f"by.{kind}") if f"by.{kind}" in words().terms else ""

    def _parts(self, field: str, value: Mapping[str, Any] | None, inner: Iterable[str]) -> str:
        told = [(one, self._said((value or {}).get(one))) for one in inner]
        return ", ".join(self._term(f"{field}.{one}", said) for one, said in told if said)

    def _officials(self, by: Mapping[str, Any] | None) -> str:
        linked = [
            ", ".join(one for one in (who.rank, who.name, who.badge and self._term("official.badge", who.badge)) if one)
            for who in self.view.officials
        ]
        named = [
            *(by or {}).get("names", ()),
            *(self._term("official.badge", one) for one in (by or {}).get("badges", ())),
        ]
        return self._said("; ".join(dict.fromkeys(one for one in (*linked, *named) if one)))

    def _lawyer(self) -> str:
        answer = self.person.facts.get("lawyer") or {}
        key = next((one for one in _LAWYER if answer.get(one)), "")
        return self._term(f"lawyer.{key}") if key else ""

    # Times

    def _began(self, what: str) -> str:
        facts = [
            TimedFact(one.field, one.value, one.said, one.happened)
            for one in self.view.timeline
            if one.fits and (one.person == self.person.id or (one.person.endswith("#0") and self._is_ours(one.field)))
        ]
        start = clocks.find_beginnings(facts, self.around.zone)[what]
        return "" if start is None else self._start(start)

    def _is_ours(self, field: str) -> bool:
        return field in (*_OURS, "stage", "station")

    def _start(self, start: Start) -> str:
        if start.how == "day":
            return self._term("time.day", self._day(start.at))
        told = self._time(start.at)
        return told if start.how == "exact" else self._term(f"time.{start.how}", told)

    def _station(self) -> StayView | None:
        """Where the person is or was held last, if it is a building."""
        stays = [one for one in self.person.stays if one.kind in ("station", "special_centre", "court")]
        return max(stays, key=lambda one: one.since, default=None)

    def _stay(self, stay: StayView) -> str:
        until = self._term("until.now") if stay.until is None else self._time(stay.until)
        return f"{self._said(stay.name or stay.words)}: {self._time(stay.since)} – {until}"

    def _released_at(self) -> int | None:
        return next((one.since for one in reversed(self.person.stays) if one.stage == "released"), None)

    def _released(self) -> str:
        at = self._released_at()
        return "" if at is None else self._time(at)

    def _duration(self) -> str:
        began = self._began("detention")
        return f"{began} – {self._released() or self._term('until.now')}" if began else ""

    def _limits(self) -> str:
        over = [one for one in self.view.clocks if one.stopped is None and one.ends <= self.around.now]
        return "\n".join(self._limit(one) for one in over)

    def _limit(self, clock: clocks.Clock) -> str:
        condition = clock.condition.get(self.language, "")
        law = f"{clock.words[self.language]} ({clock.law[self.language]}{'; ' if condition else ''}{condition})"
        return "– " + words().terms["limit"][self.language].replace("{}", law, 1).replace(
            "{}", self._time(clock.ends), 1
        )

    def _local(self, at: int) -> datetime | None:
        try:
            return datetime.fromtimestamp(at, UTC).astimezone(self.around.zone)
        except (ValueError, OverflowError, OSError):
            return None

    def _zone(self) -> str:
        when = self._local(self.around.now)
        return "" if when is None else f"UTC{when.isoformat()[-6:]}"

    def _day(self, at: int) -> str:
        when = self._local(at)
        return "" if when is None else f"{when:%d.%m.%Y}" if self.language == "ru" else f"{when.day} {when:%B %Y}"

    def _time(self, at: int) -> str:
        when = self._local(at)
        return "" if when is None else f"{self._day(at)} {when:%H:%M}"
