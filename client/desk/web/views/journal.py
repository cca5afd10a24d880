"""Who did what when; the journal given to another desk of the organisation, and theirs taken in."""

from collections import Counter

from flask import Blueprint, request
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.web.access import takes, the_desk
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
def lines() -> str:
    first = max(0, request.args.get("first", default=0, type=int))
    with the_desk().reading() as db:
        done, total = view.history(db, first, PAGE)
    aside = Counter(one.reason for one in the_desk().asides())
    return frame.page("journal.html", here="journal", done=done, total=total, first=first, size=PAGE, aside=aside)


@pages.post("/journal/export")
@frame.form
def give() -> Response:
    """Everything, sealed: only a desk of this organisation can read it."""
    answer = Response(the_desk().export_journal(), content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = 'attachment; filename="desk-journal.sealed"'
    return answer


@pages.post("/journal/merge")
@takes(BUNDLE_BYTES)
@frame.form
def take() -> Response:
    given = request.files.get("bundle")
    if given is None or not given.filename:
        raise NoBundle()
    merged = the_desk().merge_journal(given.stream)
    frame.tell("journal.merged", entries=merged.entries, letters=merged.letters)
    if merged.forked:
        frame.window().notices.append(("bad", frame.say().count("journal.forked", len(merged.forked))))
    return frame.back("/journal")
