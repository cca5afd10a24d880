"""The values of a letter's fields, in its language. A fact that nobody stated stays empty."""

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
from client.desk.documents.letters.template import load_terms

# Facts of the report itself that hold for those who were detained together with its writer, too.
_SHARED_FACTS = (*SHARED, "place")
_LAWYER = ("refused", "given", "asked")


@dataclass(frozen=True, slots=True)
class LetterContext:
    """The hour (`now`, Unix seconds), time zone and organisation of a letter. `clean` removes names without consent."""

    now: int
    zone: tzinfo
    organisation: str = ""
    clean: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class LetterValues:
    """Values about one person of a case. `places` returns a place by its number; None when no pack has it."""

    view: CaseView
    person: PersonView
    language: str
    context: LetterContext
    places: Callable[[int], PlaceRow | None]

    def fields(self) -> Mapping[str, str]:
        """Return every field that the desk can know, empty when nobody stated it."""
        stay, van, by = self._find_station(), self._find_fact("van"), self._find_fact("by")
        place = self.places(stay.place) if stay is not None else None
        return {
            **{name: self._own_fact(name) for name in ("birth", "citizenship", "sex", "occupation")},
            **{name: self._own_fact(name) for name in ("reason", "article", "warrant", "papers", "injuries", "health")},
            "name": line(self.person.name),
            "organisation": line(self.context.organisation),
            "today": self._format_day(self.context.now),
            "detained_at": self._describe_start("detention"),
            "arrived_at": self._describe_start("arrival"),
            "arrest_place": self._clean_line((self._find_fact("place") or {}).get("text")),
            "station": self._clean_line(stay.name or stay.words) if stay is not None else "",
            "station_address": self._clean_line(place.address) if place is not None else "",
            "detention_places": "\n".join(
                self._describe_stay(stay_) for stay_ in self.person.stays if stay_.name or stay_.words
            ),
            "van": self._join_parts("van", van, ("plate", "side")),
            "by": self._detained_by(by),
            "officials": self._list_officials(by),
            "lawyer": self._describe_lawyer(),
            "violence": self._clean_line("; ".join(self.person.facts.get("violence") or ())),
            "account": self._clean_account(),
            "zone": self._format_zone(),
            "duration": self._format_duration(),
            "limits": self._list_limits(),
        }

    # Words

    def _term(self, key: str, value: str = "") -> str:
        return load_terms().fill_term(key, self.language, value)

    def _clean_line(self, value: Any) -> str:
        return self.context.clean(line(value)) if value else ""

    def _own_fact(self, name: str) -> str:
        return self._clean_line(self.person.facts.get(name))

    def _find_fact(self, name: str) -> Any:
        own = self.person.facts.get(name)
        return self.view.facts.get(name) if own is None and name in _SHARED_FACTS else own

    def _clean_account(self) -> str:
        account = self.person.facts.get("account")
        return self.context.clean(lines(account)) if account else ""

    def _detained_by(self, by: Mapping[str, Any] | None) -> str:
        kind = (by or {}).get("kind", "")
        return self._term(f"by.{kind}") if f"by.{kind}" in load_terms().terms else ""

    def _join_parts(self, field: str, value: Mapping[str, Any] | None, inner: Iterable[str]) -> str:
        parts = [(name, self._clean_line((value or {}).get(name))) for name in inner]
        return ", ".join(self._term(f"{field}.{name}", text) for name, text in parts if text)

    def _list_officials(self, by: Mapping[str, Any] | None) -> str:
        linked = [
            ", ".join(filter(None, (row.rank, row.name, row.badge and self._term("official.badge", row.badge))))
            for row in self.view.officials
        ]
        named = [
            *(by or {}).get("names", ()),
            *(self._term("official.badge", badge) for badge in (by or {}).get("badges", ())),
        ]
        return self._clean_line("; ".join(dict.fromkeys(filter(None, (*linked, *named)))))

    def _describe_lawyer(self) -> str:
        lawyer = self.person.facts.get("lawyer") or {}
        key = next((state for state in _LAWYER if lawyer.get(state)), "")
        return self._term(f"lawyer.{key}") if key else ""

    # Times

    def _describe_start(self, beginning: str) -> str:
        facts = [
            TimedFact(fact.field, fact.value, fact.stated_at, fact.happened)
            for fact in self.view.timeline
            if fact.fits
            and (fact.person == self.person.id or (fact.person.endswith("#0") and self._is_shared(fact.field)))
        ]
        start = clocks.find_beginnings(facts, self.context.zone)[beginning]
        return "" if start is None else self._format_start(start)

    def _is_shared(self, field: str) -> bool:
        return field in (*_SHARED_FACTS, "stage", "station")

    def _format_start(self, start: Start) -> str:
        if start.how == "day":
            return self._term("time.day", self._format_day(start.at))
        time = self._format_time(start.at)
        return time if start.how == "exact" else self._term(f"time.{start.how}", time)

    def _find_station(self) -> StayView | None:
        """Return the newest stay in a station, special centre or court; None when there is none."""
        stays = [stay for stay in self.person.stays if stay.kind in ("station", "special_centre", "court")]
        return max(stays, key=lambda stay: stay.since, default=None)

    def _describe_stay(self, stay: StayView) -> str:
        until = self._term("until.now") if stay.until is None else self._format_time(stay.until)
        return f"{self._clean_line(stay.name or stay.words)}: {self._format_time(stay.since)} – {until}"

    def _find_release(self) -> int | None:
        return next((stay.since for stay in reversed(self.person.stays) if stay.stage == "released"), None)

    def _format_release(self) -> str:
        at = self._find_release()
        return "" if at is None else self._format_time(at)

    def _format_duration(self) -> str:
        began = self._describe_start("detention")
        return f"{began} – {self._format_release() or self._term('until.now')}" if began else ""

    def _list_limits(self) -> str:
        expired = [clock for clock in self.view.clocks if clock.stopped is None and clock.ends <= self.context.now]
        return "\n".join(map(self._describe_limit, expired))

    def _describe_limit(self, clock: clocks.Clock) -> str:
        condition = clock.condition.get(self.language, "")
        law = f"{clock.words[self.language]} ({clock.law[self.language]}{'; ' if condition else ''}{condition})"
        return "– " + load_terms().terms["limit"][self.language].replace("{}", law, 1).replace(
            "{}", self._format_time(clock.ends), 1
        )

    def _to_local(self, at: int) -> datetime | None:
        try:
            return datetime.fromtimestamp(at, UTC).astimezone(self.context.zone)
        except (ValueError, OverflowError, OSError):
            return None

    def _format_zone(self) -> str:
        when = self._to_local(self.context.now)
        return "" if when is None else f"UTC{when.isoformat()[-6:]}"

    def _format_day(self, at: int) -> str:
        when = self._to_local(at)
        return "" if when is None else f"{when:%d.%m.%Y}" if self.language == "ru" else f"{when.day} {when:%B %Y}"

    def _format_time(self, at: int) -> str:
        when = self._to_local(at)
        return "" if when is None else f"{self._format_day(at)} {when:%H:%M}"
