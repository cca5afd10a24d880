"""People: everybody whom a case is about, once each, and who may be the same."""

from flask import Blueprint, request

from client.desk.cases import view
from client.desk.web.access import require_desk
from client.desk.web.views import frame
from client.desk.web.views.duplicates import compare_pairs, list_duplicates

pages = Blueprint("people", __name__)

PAGE = 200
OFFERED = 30
COMPARE_SECONDS = 0.1  # a page is waited for; what is left goes on while it is looked at


@pages.get("/people")
def list_people() -> str:
    """List everybody, `PAGE` on a page from `first`."""
    first = max(0, request.args.get("first", default=0, type=int))
    with require_desk().reading() as db:
        rows, total = view.list_persons(db, first, PAGE)
    return frame.render_page("people.html", here="people", rows=rows, total=total, first=first, size=PAGE)


@pages.get("/duplicates")
def list_pairs() -> str:
    """List the likeliest duplicates of all, after looking for pairs for a moment."""
    is_done = compare_pairs(require_desk(), COMPARE_SECONDS)
    with require_desk().reading() as db:
        found = list_duplicates(db, OFFERED)
    return frame.render_page("duplicates.html", here="people", offers=found, is_done=is_done)
