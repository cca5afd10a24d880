"""One case: everything that is known of it, and what a caseworker does with it."""

from flask import Blueprint, request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from client import report
from client.desk.cases import view
from client.desk.cases.queue import Item, items, queue
from client.desk.cases.view import CaseView
from client.desk.documents.letters.template import kinds
from client.desk.journal import entries
from client.desk.web.access import NotHere, the_desk
from client.desk.web.views import frame
from client.desk.web.views.answers import offered
from client.desk.web.views.duplicates import compare, suggested
from keys.errors import TocsinError

pages = Blueprint("cases", __name__)

# What a caseworker learns by telephone most often stands first; every field of a report may be stated.
FIRST_FIELDS = ("stage", "station", "people", "minors", "injured", "name", "detained_at", "article", "needs", "health")
FIELDS = (*FIRST_FIELDS, *(one for one in report.FIELDS if one not in {*FIRST_FIELDS, "files", "consent"}))
LAWYERS = ("asked", "on_way", "inside", "refused", "none")
COMPARING = 0.05  # seconds; what is left goes on while the page is read
NEXT = 20  # how far down the queue a case is looked for that nobody has taken
STATUSES = ("new", "open", "waiting", "closed")


class NoTime(TocsinError):
    """this is not a time"""

    code = "desk-time"
    hint = "pick day and hour, or leave the field empty"


class NothingSaid(TocsinError):
    """a field that is needed is empty"""

    code = "desk-empty"
    hint = "fill it in and send it again"


@pages.get("/case/<int:number>")
def case(number: int) -> str:
    found = look(number)
    desk = the_desk()
    if not desk.read_only and not frame.is_background():
        desk.append(entries.Viewed(case=found.id))
    compare(desk, COMPARING)
    with desk.reading() as db:
        rows = items(db, frame.times().now, [number])
        crowd = items(db, frame.times().now, [one for one in found.crowd if one != number])
        near = suggested(db, found)
        officials = view.officials(db)
        following = _following(db, number)
    return frame.page(
        "case.html",
        here="practice" if found.practice else "queue",
        case=found,
        item=rows[0] if rows else None,
        crowd=crowd,
        near=near,
        officials=officials,
        following=following,
        answer=offered(found),
        left=_left(found),
        kinds=kinds(),
        lawyers=LAWYERS,
        statuses=STATUSES,
        fields=FIELDS,
    )


def _left(case: CaseView) -> set[str]:
    """Answers that a relay holds, by their entries."""
    if not case.replies:
        return set()
    desk = the_desk()
    answers = [one for one in desk.entries if isinstance(one.action, entries.Replied) and one.action.case == case.id]
    return {one.id for one in answers if desk.is_sent(one)}


def _following(db: Database, number: int) -> Item | None:
    """The next in the queue, when this one was answered a moment ago."""
    looking = frame.window()
    if looking.answered != number or frame.is_background():
        return None
    looking.answered = 0
    waiting = queue(db, frame.times().now, limit=NEXT).items
    return next((item for item in waiting if item.number != number and not item.assigned), None)


def look(number: int) -> CaseView:
    """The case with this number in this session. Raises NotHere."""
    desk, case_id = the_desk(), frame.case_id(number)
    with desk.reading() as db:
        found = view.case(db, case_id, desk.missing)
    if found is None:
        raise NotHere()
    return found


def needed(name: str, longest: int = 500) -> str:
    """What stands in a field that must not be empty. Raises NothingSaid."""
    found = frame.typed(name, longest)
    if not found:
        raise NothingSaid(frame.say().term("form", name))
    return found


def moment(name: str) -> int | None:
    """Raises NoTime."""
    try:
        return frame.times().read(request.form.get(name, ""))
    except (ValueError, OverflowError):
        raise NoTime() from None


@pages.post("/case/<int:number>/assign")
@frame.form
def assign(number: int) -> Response:
    the_desk().append(entries.Assigned(case=frame.case_id(number), to=frame.typed("to", 80)))
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/status")
@frame.form
def mark(number: int) -> Response:
    status = frame.typed("status")
    if status in STATUSES:
        the_desk().append(entries.Marked(case=frame.case_id(number), status=status))  # type: ignore[arg-type]
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/note")
@frame.form
def note(number: int) -> Response:
    the_desk().append(entries.Noted(case=frame.case_id(number), text=needed("text", 20_000)))
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/state")
@frame.form
def state(number: int) -> Response:
    """A fact a caseworker adds, and from where it is known."""
    field = frame.typed("field")
    facts = report.from_words([f"{field}={needed('value', 20_000)}"])
    if "." in field or field not in facts:
        raise report.BadFact(field)
    happened, person = moment("happened"), frame.typed("person")
    the_desk().append(
        entries.Stated(
            case=frame.case_id(number),
            facts=facts,
            source=needed("source"),
            when={} if happened is None else {field: happened},
            person=person,
        )
    )
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/person")
@frame.form
def name_person(number: int) -> Response:
    """One more person of this case: someone in the same van, whom nobody has named."""
    found = look(number)
    k = 1 + max(person.k for person in found.persons)
    said = {key: value for key in ("birth", "health") if (value := frame.typed(key))}
    the_desk().append(
        entries.Named(
            case=found.id, person=f"{found.id}#{k}", name=needed("name"), facts=said, source=frame.typed("source")
        )
    )
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/lawyer")
@frame.form
def lawyer(number: int) -> Response:
    found, chosen = frame.case_id(number), frame.typed("state")
    if chosen in LAWYERS:
        person = frame.typed("person") or None
        the_desk().append(entries.Lawyer(case=found, state=chosen, person=person, name=frame.typed("name")))  # type: ignore[arg-type]
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/confirm")
@frame.form
def confirm(number: int) -> Response:
    person = frame.typed("person") or None
    the_desk().append(entries.Confirmed(case=frame.case_id(number), how=needed("how"), person=person))
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/clock")
@frame.form
def clock(number: int) -> Response:
    """When a clock really began, or that it was stopped."""
    the_desk().append(
        entries.ClockSet(
            case=frame.case_id(number),
            clock=needed("clock"),
            starts=moment("starts"),
            stopped=frame.times().now if frame.typed("stop") else None,
        )
    )
    return frame.back(f"/case/{number}")


@pages.post("/case/<int:number>/official")
@frame.form
def official(number: int) -> Response:
    """Link an official who is known, or a new one."""
    desk, case_id = the_desk(), frame.case_id(number)
    known = frame.typed("official")
    if known:
        desk.append(entries.Linked(official=known, case=case_id, part=frame.typed("part")))
        return frame.back(f"/case/{number}")
    fresh = entries.Official(
        id=frame.fresh_id(),
        name=frame.typed("name"),
        rank=frame.typed("rank"),
        badge=frame.typed("badge"),
        unit=frame.typed("unit"),
    )
    if not (fresh.name or fresh.badge):
        raise NothingSaid(frame.say().term("form", "name"))
    desk.append_all([fresh, entries.Linked(official=fresh.id, case=case_id, part=frame.typed("part"))])
    return frame.back(f"/case/{number}")
