"""The journal: who did what when; given to another desk of the organisation, and theirs merged."""

from collections import Counter

from flask import Blueprint, request
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.web.access import allow_body, require_desk
from client.desk.web.views import frame
from keys.errors import TocsinError

pages = Blueprint("journal", __name__)

PAGE = 200
BUNDLE_BYTES = 2_000_000_000  # 20,000 letters and their photos


class NoBundle(TocsinError):
    """no file was chosen"""

    code = "desk-no-file"
    hint = "choose the file that the other desk exported"


@pages.get("/journal")
def show_journal() -> str:
    """Show entries, the newest first, and how many envelopes could not be used."""
    first = max(0, request.args.get("first", default=0, type=int))
    with require_desk().reading() as db:
        rows, total = view.load_history(db, first, PAGE)
    aside = Counter(envelope.reason for envelope in require_desk().asides())
    return frame.render_page(
        "journal.html", here="journal", rows=rows, total=total, first=first, size=PAGE, aside=aside
    )


@pages.post("/journal/export")
@frame.handle_form
def export_journal() -> Response:
    """Give everything, sealed: only a desk of this organisation can read it."""
    response = Response(require_desk().export_journal(), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = 'attachment; filename="desk-journal.sealed"'
    return response


@pages.post("/journal/merge")
@allow_body(BUNDLE_BYTES)
@frame.handle_form
def merge_journal() -> Response:
    """Merge what another desk exported. Raises NoBundle, and as `Desk.merge_journal`."""
    given = request.files.get("bundle")
    if given is None or not given.filename:
        raise NoBundle()
    merged = require_desk().merge_journal(given.stream)
    frame.add_notice("journal.merged", entries=merged.entries, letters=merged.letters)
    if merged.forked:
        frame.get_ui_state().notices.append(("bad", frame.say().count("journal.forked", len(merged.forked))))
    return frame.redirect_back("/journal")
