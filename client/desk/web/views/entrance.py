"""The entrance: the one-time link, the passphrase, the lock; and what every page needs before that."""

import threading

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from client.desk.web.access import COOKIE, LinkUsed, open_to_all, require_desk, without_desk
from client.desk.web.i18n import LANGUAGES
from client.desk.web.views import frame
from client.organisation.trusted_date import read_date
from keys.errors import TocsinError

pages = Blueprint("entrance", __name__)

BY_CHARACTERS = 80
_YEAR = 31_536_000
# Each try takes 256 MiB and a second; one after the other, however many are sent at once.
_one_at_a_time = threading.Lock()


@pages.get("/enter/<token>")
@open_to_all
def show_link(token: str) -> str:
    """Show a button: what only looks at links (a preview, a prefetch) does not use this link up."""
    return render_template("enter.html", token=token)


@pages.post("/enter")
@open_to_all
def redeem_link() -> Response:
    """Let in the browser that pressed the button, with a cookie. Raises LinkUsed."""
    cookie = frame.get_control().redeem(request.form.get("token", ""))
    if cookie is None:
        raise LinkUsed()
    response = redirect("/unlock", 303)
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", path="/")
    return response


@pages.get("/unlock")
@without_desk
def show_unlock() -> str | Response:
    """Ask for name and passphrase, unless the desk is unlocked."""
    if frame.get_control().desk is not None:
        return redirect("/", 303)
    return _render_unlock("", "")


def _render_unlock(by: str, problem: str) -> str:
    """Render the question. The journal's last hash may be compared with a copy that was written down elsewhere."""
    head_line = getattr(frame.get_control(), "head_line", "")
    return render_template("unlock.html", by=by, problem=problem, head_line=head_line)


@pages.post("/unlock")
@without_desk
def unlock_desk() -> Response | tuple[str, int]:
    """Unlock the desk; what is wrong with name or passphrase is said on the same page."""
    by = " ".join(request.form.get("by", "").split())[:BY_CHARACTERS]
    speak = frame.say()
    if not by:
        return _render_unlock("", speak("unlock.nobody")), 400
    try:
        with _one_at_a_time:
            if frame.get_control().desk is None:
                frame.get_control().unlock(request.form.get("passphrase", ""), by)
    except TocsinError as problem:
        return _render_unlock(by, frame.describe_error(problem)), 403
    return redirect("/", 303)


@pages.post("/lock")
@without_desk
def lock_desk() -> Response:
    """Lock the desk, and lead to the page that says so."""
    frame.get_control().lock()
    response = redirect("/locked", 303)
    # Nothing a browser may still hold of the pages is good any more.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@pages.get("/locked")
@without_desk
def show_locked() -> str | Response:
    """Say that the desk is locked, while the process is being replaced; the page then leads to the entrance."""
    if frame.get_control().desk is not None:
        return redirect("/", 303)
    frame.get_control().note_lock_shown()
    return render_template("locked.html")


@pages.post("/here")
@without_desk
def note_presence() -> Response:
    """Let the lock wait: somebody moves a hand on the page."""
    return Response(status=204)


@pages.post("/language")
@open_to_all
def set_language() -> Response:
    """Set the language of this browser; an unknown one changes nothing."""
    chosen = request.form.get("language", "")
    response = frame.redirect_back()
    if chosen in LANGUAGES:
        response.set_cookie(frame.LANGUAGE_COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="Strict")
    return response


@pages.post("/keys")
@without_desk
def set_keys() -> Response:
    """Switch keys of one letter on or off: speech input and some hands press them unmeant."""
    response = frame.redirect_back()
    response.set_cookie(
        frame.KEYS_COOKIE, "off" if request.form.get("keys") == "off" else "on", max_age=_YEAR, samesite="Strict"
    )
    return response


@pages.get("/favicon.ico")
@open_to_all
def redirect_favicon() -> Response:
    """Lead to the icon."""
    return redirect("/static/icon.svg", 303)


@pages.post("/date")
@frame.handle_form
def type_date() -> Response:
    """Destroy the keys that are over by the date a person gives. Raises as `Desk.rotate_if_due`."""
    with frame.open_transport() as transport:
        require_desk().rotate_if_due(transport, today=read_date(frame.read_field("today", 20)))
    frame.add_notice("date.done")
    return frame.redirect_back()
