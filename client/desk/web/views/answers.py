"""Answering a reporter: a template in their language, seen before it is sent; the same press takes the case."""

from dataclasses import dataclass

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.cases.view import CaseView
from client.desk.journal import entries
from client.desk.web import canned_replies
from client.desk.web.access import NotHere, the_desk
from client.desk.web.ui_state import Draft
from client.desk.web.views import frame
from keys.errors import TocsinError

pages = Blueprint("answers", __name__)

LONGEST = 5_000  # characters: what one letter to a phone holds in any script


class NothingToSend(TocsinError):
    """the answer is empty"""

    code = "desk-empty-answer"
    hint = "pick a template or write a line"


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form of a case shows."""

    draft: Draft
    spoken: tuple[str, ...]
    is_open: bool
    longest: int = LONGEST


def offered(case: CaseView) -> Offered:
    """The unsent answer of a case, or an empty one in the reporter's language."""
    spoken = _spoken(case)
    draft = frame.window().drafts.get(case.number) or Draft(language=_language(spoken), lawyer=_lawyer(case))
    until = case.answerable_until
    return Offered(draft, spoken, until is not None and until > frame.times().now)


def _spoken(case: CaseView) -> tuple[str, ...]:
    said = case.facts.get("languages")
    return tuple(one for one in said if isinstance(one, str)) if isinstance(said, list) else ()


def _language(spoken: tuple[str, ...]) -> str:
    return canned_replies.choose(spoken, the_desk().home.secrets.languages)


def _lawyer(case: CaseView) -> str:
    return next((person.lawyer_name for person in case.persons if person.lawyer_name), "")


def _case(number: int) -> CaseView:
    desk, case_id = the_desk(), frame.case_id(number)
    with desk.reading() as db:
        found = view.case(db, case_id)
    if found is None:
        raise NotHere()
    return found


@pages.post("/case/<int:number>/draft")
@frame.form
def draft(number: int) -> Response:
    """Fill the form from a template; what was written by hand in it is replaced, as the button says."""
    case = _case(number)
    template, language = frame.typed("template"), frame.typed("language")
    if template not in canned_replies.TEMPLATES or language not in canned_replies.LANGUAGES:
        raise NothingToSend()
    lawyer = frame.typed("lawyer")
    text = canned_replies.fill(template, language, lawyer=lawyer, country=case.country)
    frame.window().drafts[number] = Draft(template, language, lawyer, text)
    return redirect(f"/case/{number}", 303)  # no #answer: with one, browsers do not put the cursor on "Send"


@pages.post("/case/<int:number>/send")
@frame.form
def send(number: int) -> Response:
    """Seal and send the answer; the case is then this caseworker's, unless somebody has it."""
    desk, case = the_desk(), _case(number)
    text, lawyer = frame.typed("text", LONGEST), frame.typed("lawyer")
    template = frame.typed("chosen") if frame.typed("chosen") in canned_replies.TEMPLATES else ""
    language = (
        frame.typed("language") if frame.typed("language") in canned_replies.LANGUAGES else _language(_spoken(case))
    )
    frame.window().drafts[number] = Draft(template, language, lawyer, text)
    if not text:
        raise NothingToSend()
    desk.reply(case.id, text, canned_replies.TEMPLATES.get(template, "received"), template)
    frame.window().drafts.pop(number, None)
    desk.append_all(_afterwards(case, desk.by, template, lawyer))
    frame.tell("answer.sent")
    frame.window().answered = number
    return redirect(f"/case/{number}", 303)


def _afterwards(case: CaseView, by: str, template: str, lawyer: str) -> list[entries.Action]:
    done: list[entries.Action] = []
    if not case.assigned:
        done.append(entries.Assigned(case=case.id, to=by))
    if case.status == "new":
        done.append(entries.Marked(case=case.id, status="open"))
    if template == "lawyer":
        done.append(entries.Lawyer(case=case.id, state="on_way", name=lawyer))
    return done
