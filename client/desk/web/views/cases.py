"""One case: everything that is known of it, and what a caseworker does with it."""

from flask import Blueprint, request
from sqlite_utils import Database
from werkzeug.wrappers import Response

from client import report
from client.desk.cases import view
from client.desk.cases.queue import Item, load_items, load_queue
from client.desk.cases.view import CaseView
from client.desk.documents.letters.template import list_templates
from client.desk.journal import entries
from client.desk.web.access import NotHere, require_desk
from client.desk.web.views import frame
from client.desk.web.views.duplicates import compare_pairs, suggest_duplicates
from client.desk.web.views.replies import build_reply_form
from client.organisation.records import StoredReceipt
from keys.errors import TocsinError

pages = Blueprint("cases", __name__)

# What a caseworker learns by telephone most often stands first; every field of a report may be stated.
FIRST_FIELDS = ("stage", "station", "people", "minors", "injured", "name", "detained_at", "article", "needs", "health")
FIELDS = (*FIRST_FIELDS, *(field for field in report.FIELDS if field not in {*FIRST_FIELDS, "files", "consent"}))
LAWYERS = ("asked", "on_way", "inside", "refused", "none")
COMPARE_SECONDS = 0.05  # what is left goes on while the page is read
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
def show_case(number: int) -> str:
    """Show a case, and note in the journal that it was viewed."""
    found = load_case(number)
    desk = require_desk()
    if not desk.read_only and not frame.is_background():
        desk.append(entries.Viewed(case=found.id))
    compare_pairs(desk, COMPARE_SECONDS)
    with desk.reading() as db:
        rows = load_items(db, frame.get_times().now, [number])
        crowd = load_items(db, frame.get_times().now, [member for member in found.crowd if member != number])
        near = suggest_duplicates(db, found)
        officials = view.list_officials(db)
        following = _find_following(db, number)
        withheld = desk.relay_watch.find_withheld_of(found.id)
    return frame.render_page(
        "case.html",
        here="practice" if found.practice else "queue",
        case=found,
        item=rows[0] if rows else None,
        crowd=crowd,
        near=near,
        officials=officials,
        following=following,
        reply_form=build_reply_form(found),
        left_entries=_find_left(found),
        kinds=list_templates(),
        lawyers=LAWYERS,
        statuses=STATUSES,
        fields=FIELDS,
        proofs=_find_proofs(found),
        withheld=withheld,
    )


def _find_proofs(case: CaseView) -> dict[bytes, list[StoredReceipt]]:
    """Return for each message by its commitment the receipts that name the earliest hour."""
    desk, proofs = require_desk(), dict[bytes, list[StoredReceipt]]()
    for letter in case.letters:
        found = desk.receipts(letter.commitment)
        proofs[letter.commitment] = [receipt for receipt in found if receipt.hour == found[0].hour]
    return proofs


def _find_left(case: CaseView) -> set[str]:
    """Return the entries of replies that a relay has."""
    if not case.replies:
        return set()
    desk = require_desk()
    replies = [
        entry for entry in desk.entries if isinstance(entry.action, entries.Replied) and entry.action.case == case.id
    ]
    return {entry.id for entry in replies if desk.is_sent(entry)}


def _find_following(db: Database, number: int) -> Item | None:
    """Return the next case in the queue when this one was answered a moment ago, else None."""
    ui_state = frame.get_ui_state()
    if ui_state.replied_to != number or frame.is_background():
        return None
    ui_state.replied_to = 0
    waiting = load_queue(db, frame.get_times().now, limit=NEXT).items
    return next((item for item in waiting if item.number != number and not item.assigned), None)


def load_case(number: int) -> CaseView:
    """Load the case with this number in this session. Raises NotHere."""
    desk, case_id = require_desk(), frame.find_case_id(number)
    with desk.reading() as db:
        found = view.load_case(db, case_id, desk.missing)
    if found is None:
        raise NotHere()
    return found


def read_required(name: str, longest: int = 500) -> str:
    """Read a field that must not be empty, at most `longest` characters. Raises NothingSaid."""
    found = frame.read_field(name, longest)
    if not found:
        raise NothingSaid(frame.say().term("form", name))
    return found


def read_time(name: str) -> int | None:
    """Read a field of the type datetime-local, to Unix seconds; None when it is empty. Raises NoTime."""
    try:
        return frame.get_times().parse_input(request.form.get(name, ""))
    except (ValueError, OverflowError):
        raise NoTime() from None


@pages.post("/case/<int:number>/assign")
@frame.handle_form
def assign_case(number: int) -> Response:
    """Assign the case to a name; an empty name assigns it to nobody."""
    require_desk().append(entries.Assigned(case=frame.find_case_id(number), to=frame.read_field("to", 80)))
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/status")
@frame.handle_form
def set_status(number: int) -> Response:
    """Set the status; another word than `STATUSES` changes nothing."""
    status = frame.read_field("status")
    if status in STATUSES:
        require_desk().append(entries.Marked(case=frame.find_case_id(number), status=status))  # type: ignore[arg-type]
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/note")
@frame.handle_form
def add_note(number: int) -> Response:
    """Add a note. Raises NothingSaid."""
    require_desk().append(entries.Noted(case=frame.find_case_id(number), text=read_required("text", 20_000)))
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/state")
@frame.handle_form
def state_fact(number: int) -> Response:
    """Add a fact, and from where it is known. Raises BadFact, NothingSaid, NoTime."""
    field = frame.read_field("field")
    facts = report.from_words([f"{field}={read_required('value', 20_000)}"])
    if "." in field or field not in facts:
        raise report.BadFact(field)
    happened, person = read_time("happened"), frame.read_field("person")
    require_desk().append(
        entries.Stated(
            case=frame.find_case_id(number),
            facts=facts,
            source=read_required("source"),
            when={} if happened is None else {field: happened},
            person=person,
        )
    )
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/person")
@frame.handle_form
def name_person(number: int) -> Response:
    """Add a person to the case: someone in the same van, whom nobody has named. Raises NothingSaid."""
    found = load_case(number)
    k = 1 + max(person.k for person in found.persons)
    facts = {key: value for key in ("birth", "health") if (value := frame.read_field(key))}
    require_desk().append(
        entries.Named(
            case=found.id,
            person=f"{found.id}#{k}",
            name=read_required("name"),
            facts=facts,
            source=frame.read_field("source"),
        )
    )
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/lawyer")
@frame.handle_form
def set_lawyer(number: int) -> Response:
    """Say how near a lawyer is, for one person or for everybody in the case."""
    found, chosen = frame.find_case_id(number), frame.read_field("state")
    if chosen in LAWYERS:
        person = frame.read_field("person") or None
        require_desk().append(entries.Lawyer(case=found, state=chosen, person=person, name=frame.read_field("name")))  # type: ignore[arg-type]
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/confirm")
@frame.handle_form
def confirm_person(number: int) -> Response:
    """Note that a second source confirms a person. Raises NothingSaid."""
    person = frame.read_field("person") or None
    require_desk().append(entries.Confirmed(case=frame.find_case_id(number), how=read_required("how"), person=person))
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/clock")
@frame.handle_form
def set_clock(number: int) -> Response:
    """Set when a clock really began, or stop it now. Raises NothingSaid, NoTime."""
    require_desk().append(
        entries.ClockSet(
            case=frame.find_case_id(number),
            clock=read_required("clock"),
            starts=read_time("starts"),
            stopped=frame.get_times().now if frame.read_field("stop") else None,
        )
    )
    return frame.redirect_back(f"/case/{number}")


@pages.post("/case/<int:number>/official")
@frame.handle_form
def link_official(number: int) -> Response:
    """Link an official who is known, or a new one. Raises NothingSaid."""
    desk, case_id = require_desk(), frame.find_case_id(number)
    known = frame.read_field("official")
    if known:
        desk.append(entries.Linked(official=known, case=case_id, part=frame.read_field("part")))
        return frame.redirect_back(f"/case/{number}")
    fresh = entries.Official(
        id=frame.make_id(),
        name=frame.read_field("name"),
        rank=frame.read_field("rank"),
        badge=frame.read_field("badge"),
        unit=frame.read_field("unit"),
    )
    if not (fresh.name or fresh.badge):
        raise NothingSaid(frame.say().term("form", "name"))
    desk.append_all([fresh, entries.Linked(official=fresh.id, case=case_id, part=frame.read_field("part"))])
    return frame.redirect_back(f"/case/{number}")
