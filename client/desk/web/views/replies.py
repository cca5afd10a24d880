"""Replies to a reporter: a template in their language, seen before it is sent; the same press takes the case."""

from dataclasses import dataclass

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.cases.view import CaseView
from client.desk.journal import entries
from client.desk.web import canned_replies
from client.desk.web.access import NotHere, require_desk
from client.desk.web.ui_state import ReplyDraft
from client.desk.web.views import frame
from keys.errors import TocsinError

pages = Blueprint("replies", __name__)

LONGEST = 5_000  # characters: what one letter to a phone holds in any script


class NothingToSend(TocsinError):
    """the reply is empty"""

    code = "desk-empty-answer"
    hint = "pick a template or write a line"


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """What the form of a case shows. `spoken`: languages of the reporter; `is_open`: whether there is a way for
    a reply; `is_over`: the time that the reporter gave for it is over."""

    draft: ReplyDraft
    spoken: tuple[str, ...]
    is_open: bool
    is_over: bool
    longest: int = LONGEST


def build_reply_form(case: CaseView) -> ReplyForm:
    """Return the form with the unsent reply of a case, or with an empty one in the reporter's language."""
    spoken = _find_spoken(case)
    draft = frame.get_ui_state().drafts.get(case.number) or ReplyDraft(
        language=_choose_language(spoken), lawyer=_find_lawyer(case)
    )
    until = case.answerable_until
    return ReplyForm(draft, spoken, until is not None, until is not None and until <= frame.get_times().now)


def _find_spoken(case: CaseView) -> tuple[str, ...]:
    languages = case.facts.get("languages")
    return tuple(language for language in languages if isinstance(language, str)) if isinstance(languages, list) else ()


def _choose_language(spoken: tuple[str, ...]) -> str:
    return canned_replies.choose_language(spoken, require_desk().home.secrets.languages)


def _find_lawyer(case: CaseView) -> str:
    return next((person.lawyer_name for person in case.persons if person.lawyer_name), "")


def _load_case(number: int) -> CaseView:
    desk, case_id = require_desk(), frame.find_case_id(number)
    with desk.reading() as db:
        found = view.load_case(db, case_id)
    if found is None:
        raise NotHere()
    return found


@pages.post("/case/<int:number>/draft")
@frame.handle_form
def fill_draft(number: int) -> Response:
    """Fill the form from a template; what was written by hand in it is replaced, as the button says. Raises
    NothingToSend."""
    case = _load_case(number)
    template, language = frame.read_field("template"), frame.read_field("language")
    if template not in canned_replies.TEMPLATES or language not in canned_replies.LANGUAGES:
        raise NothingToSend()
    lawyer = frame.read_field("lawyer")
    text = canned_replies.fill_reply(template, language, lawyer=lawyer, country=case.country)
    frame.get_ui_state().drafts[number] = ReplyDraft(template, language, lawyer, text)
    return redirect(f"/case/{number}", 303)  # no #answer: with one, browsers do not put the cursor on "Send"


@pages.post("/case/<int:number>/send")
@frame.handle_form
def send_reply(number: int) -> Response:
    """Seal and send the reply; the case is then this caseworker's, unless somebody has it.

    Raises NothingToSend, and as `Desk.reply`.
    """
    desk, case = require_desk(), _load_case(number)
    text, lawyer = frame.read_field("text", LONGEST), frame.read_field("lawyer")
    template = frame.read_field("chosen") if frame.read_field("chosen") in canned_replies.TEMPLATES else ""
    language = (
        frame.read_field("language")
        if frame.read_field("language") in canned_replies.LANGUAGES
        else _choose_language(_find_spoken(case))
    )
    frame.get_ui_state().drafts[number] = ReplyDraft(template, language, lawyer, text)
    if not text:
        raise NothingToSend()
    desk.reply(case.id, text, canned_replies.TEMPLATES.get(template, "received"), template)
    frame.get_ui_state().drafts.pop(number, None)
    desk.append_all(_plan_actions(case, desk.by, template, lawyer))
    frame.add_notice("answer.sent")
    frame.get_ui_state().replied_to = number
    return redirect(f"/case/{number}", 303)


def _plan_actions(case: CaseView, by: str, template: str, lawyer: str) -> list[entries.Action]:
    actions: list[entries.Action] = []
    if not case.assigned:
        actions.append(entries.Assigned(case=case.id, to=by))
    if case.status == "new":
        actions.append(entries.Marked(case=case.id, status="open"))
    if template == "lawyer":
        actions.append(entries.Lawyer(case=case.id, state="on_way", name=lawyer))
    return actions
