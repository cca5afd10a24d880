"""Exports: chosen, counted, shown, and only then saved. The file waits in memory until it is fetched."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from client.desk.cases import board
from client.desk.exports.bag import Court
from client.desk.exports.registry import KINDS, Export, Options, make_export
from client.desk.journal import entries
from client.desk.web.access import NotHere, require_desk
from client.desk.web.i18n import LANGUAGES
from client.desk.web.ui_state import PreparedExport
from client.desk.web.views import frame
from keys.errors import TocsinError

pages = Blueprint("exports", __name__)


class NotEnough(TocsinError):
    """this export needs something more"""

    code = "desk-export"
    hint = "choose it and try again"


@pages.get("/exports")
def show_exports() -> str:
    """Show every kind of export, and the one that was prepared."""
    with require_desk().reading() as db:
        rows = board.load_board(db, frame.get_times().now).rows
    return frame.render_page("exports.html", here="exports", kinds=KINDS, places=rows, ready=frame.get_ui_state().ready)


@pages.post("/exports")
@frame.handle_form
def prepare_export() -> Response:
    """Make an export in memory; the next page says what it came to. Raises NotEnough, and as `make_export`."""
    key = frame.read_field("kind")
    if key not in KINDS:
        raise NotEnough(key)
    options = _read_options(key)
    with require_desk().reading() as db:
        export = make_export(key, db, options)
    shown: dict[str, object] = {"language": options.language, "audience": options.audience}
    frame.get_ui_state().ready = PreparedExport(key, shown, export)
    return frame.redirect_back("/exports")


def _read_options(key: str) -> Options:
    desk, kind = require_desk(), KINDS[key]
    language, audience = frame.read_field("language"), frame.read_field("audience")
    if kind.audiences and audience not in kind.audiences:
        raise NotEnough(frame.say()("exports.audience"))
    case = frame.find_case_id(_read_number("case", "exports.case")) if kind.scope in ("case", "person") else None
    return Options(
        now=frame.get_times().now,
        zone=frame.get_times().tz,
        language=language if language in LANGUAGES else LANGUAGES[0],
        organisation=desk.home.secrets.name,
        audience=audience,
        place=_read_number("place", "exports.place") if kind.scope == "place" else None,
        case=case,
        person=f"{case}#0" if kind.scope == "person" else None,
        court=_gather_court() if key == "bag" else None,
    )


def _read_number(field: str, words: str) -> int:
    typed = frame.read_field(field)
    if not (typed.isascii() and typed.isdigit()):
        raise NotEnough(frame.say()(words))
    return int(typed[:9])


def _gather_court() -> Court:
    desk = require_desk()
    return Court(
        letters=desk.letters(),
        entries=desk.entries,
        head=desk.head_line,
        file=desk.file,
        receipts=desk.receipts,
        disclose_replies=frame.read_field("replies") == "yes",
        disclose_keys=frame.read_field("keys") == "yes",
        disclose_entries=frame.read_field("entries") == "yes",
    )


@pages.post("/exports/save")
@frame.handle_form
def save_export() -> Response:
    """Give the file, once; the journal says who saved what. Raises NotHere."""
    ready = frame.get_ui_state().ready
    if ready is None:
        raise NotHere()
    require_desk().append(
        entries.Exported(what=ready.kind, options=ready.options, count=ready.export.count, sha256=ready.export.sha256)
    )
    frame.get_ui_state().ready = None
    return build_attachment(ready.export)


@pages.post("/exports/drop")
@frame.handle_form
def drop_export() -> Response:
    """Forget the export that was prepared."""
    frame.get_ui_state().ready = None
    return redirect("/exports", 303)


def build_attachment(export: Export) -> Response:
    """Build a response that is a file for the disk, under a name that says nothing of anybody."""
    response = Response(export.data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{export.name}"'
    return response
