"""Duplicates: two that may be the same, offered with the reasons, joined or kept apart by a person, and taken back."""

from dataclasses import dataclass
from time import monotonic

from flask import Blueprint
from sqlite_utils import Database
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.cases.queue import Item, load_items
from client.desk.cases.view import CaseView
from client.desk.desk import Desk
from client.desk.journal import entries
from client.desk.matching import candidates
from client.desk.matching.candidates import Pair
from client.desk.web.access import require_desk
from client.desk.web.views import frame

pages = Blueprint("duplicates", __name__)

OFFERED = 6
SLICE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class DuplicateOffer:
    """Two persons, or two crowds (`is_group`), that may be the same, and their cases."""

    a: str
    b: str
    score: float
    reasons: tuple[tuple[str, bool], ...]  # key, whether it speaks for it
    is_group: bool
    first: Item
    second: Item


def compare_pairs(desk: Desk, seconds: float) -> bool:
    """Look for pairs for so many seconds, in slices that let others to the database in between. Returns whether all
    were looked at."""
    until = monotonic() + seconds
    while True:
        with desk.reading() as db:
            if candidates.work(db, SLICE_SECONDS):
                return True
        if monotonic() > until:
            return False


def suggest_duplicates(db: Database, case: CaseView) -> list[DuplicateOffer]:
    """Return what may be the same as this case or somebody in it, the likeliest first."""
    pairs = [
        pair
        for person in case.persons[:OFFERED]
        for pair in candidates.find_candidates_of_person(db, person.id)[:OFFERED]
    ]
    found = build_offers(db, pairs, candidates.find_group_candidates_of_case(db, case.id)[:OFFERED], case.number)
    return sorted(found, key=lambda offer: -offer.score)[: 2 * OFFERED]


def list_duplicates(db: Database, limit: int) -> list[DuplicateOffer]:
    """Return the likeliest pairs of all."""
    found = build_offers(db, candidates.find_candidates(db, limit), candidates.find_group_candidates(db, limit))
    return sorted(found, key=lambda offer: -offer.score)[:limit]


def build_offers(db: Database, pairs: list[Pair], groups: list[Pair], of: int | None = None) -> list[DuplicateOffer]:
    """Build offers of pairs as pages show them; `of`: the number of the case that stands first."""
    both = [(pair, pair.a, pair.b, False) for pair in pairs] + [(pair, pair.a, pair.b, True) for pair in groups]
    now = frame.get_times().now
    found = []
    for pair, a, b, is_group in both:
        numbers = [view.find_case_number(db, id_.partition("#")[0]) for id_ in (a, b)]
        rows = {item.number: item for item in load_items(db, now, [number for number in numbers if number is not None])}
        first, second = (rows.get(number or 0) for number in numbers)
        if first is None or second is None:
            continue
        if of == second.number and first is not second:
            first, second = second, first
        reasons = tuple((reason.key, reason.weight > 0) for reason in pair.reasons)
        found.append(DuplicateOffer(a, b, pair.score, reasons, is_group, first, second))
    return found


@pages.post("/same")
@frame.handle_form
def join_persons() -> Response:
    """Note that two persons are the same."""
    require_desk().append(entries.SamePerson(a=frame.read_field("a"), b=frame.read_field("b")))
    return frame.redirect_back()


@pages.post("/different")
@frame.handle_form
def keep_persons_apart() -> Response:
    """Note that two persons are not the same."""
    require_desk().append(entries.DifferentPerson(a=frame.read_field("a"), b=frame.read_field("b")))
    return frame.redirect_back()


@pages.post("/group")
@frame.handle_form
def join_groups() -> Response:
    """Note that two crowds are the same."""
    require_desk().append(entries.SameGroup(a=frame.read_field("a"), b=frame.read_field("b")))
    return frame.redirect_back()


@pages.post("/apart-group")
@frame.handle_form
def keep_groups_apart() -> Response:
    """Note that two crowds are not the same."""
    require_desk().append(entries.DifferentGroup(a=frame.read_field("a"), b=frame.read_field("b")))
    return frame.redirect_back()


@pages.post("/apart")
@frame.handle_form
def take_back() -> Response:
    """Take back an entry of these four, a confirmation, or a link to an official."""
    require_desk().append(entries.Unlinked(entry=frame.read_field("entry")))
    return frame.redirect_back()
