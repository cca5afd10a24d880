"""Two that may be one: offered with the reasons, joined or kept apart by a person, and taken back by a person."""

from dataclasses import dataclass
from time import monotonic

from flask import Blueprint
from sqlite_utils import Database
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.cases.queue import Item, items
from client.desk.cases.view import CaseView
from client.desk.desk import Desk
from client.desk.journal import entries
from client.desk.matching import candidates
from client.desk.matching.candidates import Pair
from client.desk.web.access import the_desk
from client.desk.web.views import frame

pages = Blueprint("duplicates", __name__)

OFFERED = 6
SLICE = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Offer:
    """Two persons, or two crowds (`group`), that may be one, and the case of the other one."""

    a: str
    b: str
    score: float
    reasons: tuple[tuple[str, bool], ...]  # key, whether it speaks for it
    group: bool
    first: Item
    second: Item


def compare(desk: Desk, seconds: float) -> bool:
    """Look for pairs for a while, in slices that let others to the database in between; whether all was looked at."""
    until = monotonic() + seconds
    while True:
        with desk.reading() as db:
            if candidates.work(db, SLICE):
                return True
        if monotonic() > until:
            return False


def suggested(db: Database, case: CaseView) -> list[Offer]:
    """What may be the same as this case or somebody in it, the likeliest first."""
    pairs = [pair for person in case.persons[:OFFERED] for pair in candidates.of_person(db, person.id)[:OFFERED]]
    found = offers(db, pairs, candidates.of_case(db, case.id)[:OFFERED], case.number)
    return sorted(found, key=lambda one: -one.score)[: 2 * OFFERED]


def everywhere(db: Database, limit: int) -> list[Offer]:
    """The likeliest pairs of all."""
    found = offers(db, candidates.candidates(db, limit), candidates.groups(db, limit))
    return sorted(found, key=lambda one: -one.score)[:limit]


def offers(db: Database, pairs: list[Pair], groups: list[Pair], of: int | None = None) -> list[Offer]:
    """As they are shown; `of`: the case that stands first."""
    both = [(pair, pair.a, pair.b, False) for pair in pairs] + [(pair, pair.a, pair.b, True) for pair in groups]
    now = frame.times().now
    found = []
    for pair, a, b, is_group in both:
        numbers = [view.number_of(db, one.partition("#")[0]) for one in (a, b)]
        rows = {item.number: item for item in items(db, now, [one for one in numbers if one is not None])}
        first, second = (rows.get(one or 0) for one in numbers)
        if first is None or second is None:
            continue
        if of == second.number and first is not second:
            first, second = second, first
        reasons = tuple((reason.key, reason.weight > 0) for reason in pair.reasons)
        found.append(Offer(a, b, pair.score, reasons, is_group, first, second))
    return found


@pages.post("/same")
@frame.form
def same() -> Response:
    the_desk().append(entries.SamePerson(a=frame.typed("a"), b=frame.typed("b")))
    return frame.back()


@pages.post("/different")
@frame.form
def different() -> Response:
    the_desk().append(entries.DifferentPerson(a=frame.typed("a"), b=frame.typed("b")))
    return frame.back()


@pages.post("/group")
@frame.form
def group() -> Response:
    the_desk().append(entries.SameGroup(a=frame.typed("a"), b=frame.typed("b")))
    return frame.back()


@pages.post("/apart-group")
@frame.form
def apart_group() -> Response:
    the_desk().append(entries.DifferentGroup(a=frame.typed("a"), b=frame.typed("b")))
    return frame.back()


@pages.post("/apart")
@frame.form
def apart() -> Response:
    """Takes back one of these, or a confirmation or a link to an official."""
    the_desk().append(entries.Unlinked(entry=frame.typed("entry")))
    return frame.back()
