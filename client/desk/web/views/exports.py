"""What leaves the desk: chosen, counted, shown, and only then saved. The file waits in memory until it is fetched."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from client.desk.cases import board
from client.desk.exports.bag import Court
from client.desk.exports.registry import KINDS, Export, Options, make
from client.desk.journal import entries
from client.desk.web.access import NotHere, the_desk
from client.desk.web.i18n import LANGUAGES
from client.desk.web.ui_state import Ready
from client.desk.web.views import frame
from keys.errors import TocsinError

pages = Blueprint("exports", __name__)


class NotEnough(TocsinError):
    """this export needs something more"""

    code = "desk-export"
    hint = "choose it and try again"


@pages.get("/exports")
def choose() -> str:
    with the_desk().reading() as db:
        rows = board.board(db, frame.times().now).rows
    return frame.page("exports.html", here="exports", kinds=KINDS, places=rows, ready=frame.window().ready)


@pages.post("/exports")
@frame.form
def count() -> Response:
    """Make it in memory and say what it came to."""
    key = frame.typed("kind")
    if key not in KINDS:
        raise NotEnough(key)
    options = _options(key)
    with the_desk().reading() as db:
        export = make(key, db, options)
    shown: dict[str, object] = {"language": options.language, "audience": options.audience}
    frame.window().ready = Ready(key, shown, export)
    return frame.back("/exports")


def _options(key: str) -> Options:
    desk, kind = the_desk(), KINDS[key]
    language, audience = frame.typed("language"), frame.typed("audience")
    if kind.audiences and audience not in kind.audiences:
        raise NotEnough(frame.say()("exports.audience"))
    case = frame.case_id(_number("case", "exports.case")) if kind.scope in ("case", "person") else None
    return Options(
        now=frame.times().now,
        zone=frame.times().tz,
        language=language if language in LANGUAGES else LANGUAGES[0],
        organisation=desk.home.secrets.name,
        audience=audience,
        place=_number("place", "exports.place") if kind.scope == "place" else None,
        case=case,
        person=f"{case}#0" if kind.scope == "person" else None,
        court=_court() if key == "bag" else None,
    )


def _number(field: str, words: str) -> int:
    typed = frame.typed(field)
    if not (typed.isascii() and typed.isdigit()):
        raise NotEnough(frame.say()(words))
    return int(typed[:9])


def _court() -> Court:
    desk = the_desk()
    return Court(
        letters=desk.letters(),
        entries=desk.entries,
        head=desk.head_line,
        file=desk.file,
        disclose_replies=frame.typed("replies") == "yes",
        disclose_entries=frame.typed("entries") == "yes",
    )


@pages.post("/exports/save")
@frame.form
def save() -> Response:
    """The file itself, once; the journal says who took what."""
    ready = frame.window().ready
    if ready is None:
        raise NotHere()
    the_desk().append(
        entries.Exported(what=ready.kind, options=ready.options, count=ready.export.count, sha256=ready.export.sha256)
    )
    frame.window().ready = None
    return attachment(ready.export)


@pages.post("/exports/drop")
@frame.form
def drop() -> Response:
    frame.window().ready = None
    return redirect("/exports", 303)


def attachment(export: Export) -> Response:
    """A file for the disk, under a name that says nothing of anybody."""
    answer = Response(export.data, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{export.name}"'
    return answer
