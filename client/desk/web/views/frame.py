"""The frame of all pages: the words around them, the way back after a form, errors a person can read."""

import os
import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.web.access import BACKGROUND, DeskControl, NotHere, require_desk
from client.desk.web.i18n import LANGUAGES, Speech, choose_language
from client.desk.web.times import Times
from client.desk.web.ui_state import UiState
from client.organisation.trusted_date import format_date
from client.reporter.compose import new_id
from client.transport.relay_client import Transport
from keys.errors import TocsinError

LANGUAGE_COOKIE, KEYS_COOKIE = "l", "k"  # neither says anything of anybody
_ANCHOR = re.compile(r"[a-z][a-z0-9-]{0,30}\Z")


def get_control() -> DeskControl:
    """Return the process that these pages belong to."""
    found: DeskControl = current_app.extensions["control"]
    return found


def get_ui_state() -> UiState:
    """Return what the caseworker is looking at; it begins anew with each unlocking. Raises IsLocked."""
    states: dict[int, UiState] = current_app.extensions["ui_state"]
    desk = require_desk()
    if id(desk) not in states:
        states.clear()
        states[id(desk)] = UiState()
    return states[id(desk)]


def say() -> Speech:
    """Return the words in the language that was chosen, else in the first of ours that the browser asks for."""
    if "say" not in g:
        asked = request.cookies.get(LANGUAGE_COOKIE, "")
        g.say = Speech(asked if asked in LANGUAGES else choose_language(request.headers.get("Accept-Language", "")))
    found: Speech = g.say
    return found


def get_times() -> Times:
    """Return the formats of times as of this request."""
    if "times" not in g:
        clock: Callable[[], float] = current_app.extensions.get("clock", time.time)
        g.times = Times(say(), int(clock()), getattr(get_control(), "zone", None))
    found: Times = g.times
    return found


def render_page(template: str, **values: Any) -> str:
    """Render a page of an unlocked desk, with the notices unless it refreshes itself. Raises IsLocked."""
    desk = require_desk()
    notices: list[tuple[str, str]] = []
    if not is_background():  # or a page that refreshes itself would take them from the one they are for
        notices, get_ui_state().notices = get_ui_state().notices, []
    return render_template(
        template,
        notices=notices,
        desk=desk,
        state=get_control().get_collector_state(),
        version=desk.version,
        idle_seconds=get_control().idle_seconds,
        rotation=desk.rotation,
        relay_notices=desk.relay_watch.notices,
        format_date=format_date,
        refused_form=get_ui_state().refused_forms.get(request.path, {}),
        **values,
    )


def is_background() -> bool:
    """Tell whether a page asks by itself, and nobody may be looking."""
    return BACKGROUND in request.headers


def open_transport() -> Transport:
    """Return a transport for this request, to be used in a `with` block."""
    opening: Callable[[], Transport] = current_app.extensions["transport"]
    return opening()


def add_notice(key: str, **values: object) -> None:
    """Add words that the next page says first. `key`: of the words."""
    get_ui_state().notices.append(("good", say()(key, **values)))


def redirect_back(where: str = "") -> Response:
    """Lead back to the page whose form this was (or to `where`), at the place the form names."""
    came = urlsplit(request.headers.get("Referer", ""))
    path = where or (came.path if came.path.startswith("/") and not came.path.startswith("//") else "/")
    anchor = request.form.get("at", "")
    return redirect(path + (f"#{anchor}" if _ANCHOR.match(anchor) else ""), 303)


def handle_form(view_: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap a view that changes something: what is refused is said on the page it came from, with what was typed."""

    @wraps(view_)
    def run_view(*words: Any, **values: Any) -> Response:
        refused_forms, path = get_ui_state().refused_forms, urlsplit(request.headers.get("Referer", "")).path
        try:
            response = view_(*words, **values)
        except NotHere:
            raise
        except TocsinError as problem:
            get_ui_state().notices.append(("bad", describe_error(problem)))
            refused_forms[path] = {**request.form.to_dict(), "": request.path}
            return redirect_back()
        refused_forms.pop(path, None)
        return response

    return run_view


def describe_error(problem: TocsinError) -> str:
    """Describe an error in the caseworker's language, with what to do."""
    speak = say()
    if not speak.has_key(f"error.{problem.code}"):
        return f"{problem.sentence}. {problem.hint}".strip()
    return speak(f"error.{problem.code}", detail=problem.detail)


def read_field(name: str, longest: int = 500) -> str:
    """Read a line or text from the form, without the ends' blanks, at most `longest` characters."""
    return request.form.get(name, "").replace("\r\n", "\n").strip()[:longest]


def find_case_id(number: int) -> str:
    """Return the id of the case with this number in this session. Raises NotHere."""
    with require_desk().reading() as db:
        found = view.find_case_id(db, number)
    if found is None:
        raise NotHere()
    return found


def render_hidden_fields(at: str = "") -> Markup:
    """Render the fields every form carries. `at`: the part of the page that it leads back to."""
    anchor = Markup('<input type="hidden" name="at" value="{}">').format(at) if at else Markup("")
    return Markup('<input type="hidden" name="form_key" value="{}">').format(g.get("form_key", "")) + anchor


def make_id() -> str:
    """Make a random id for something that is new."""
    return new_id(os.urandom)
