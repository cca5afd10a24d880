"""The queue: what needs a human first; and, apart from it, what was only practice."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from client.desk.cases import queue
from client.desk.web.access import require_desk
from client.desk.web.views import frame

pages = Blueprint("queue", __name__)

PAGE = 100
STATUSES = ("new", "open", "waiting", "closed")


@pages.get("/queue")
def show_queue() -> str:
    """Show the cases that need somebody, narrowed as was chosen, `PAGE` on a page from `first`."""
    ui_state, first = frame.get_ui_state(), max(0, request.args.get("first", default=0, type=int))
    desk = require_desk()
    with desk.reading() as db:
        mine = desk.by if ui_state.mine else None
        found = queue.load_queue(db, frame.get_times().now, mine, ui_state.status or None, first=first, limit=PAGE)
    return frame.render_page(
        "queue.html", here="queue", queue=found, first=first, size=PAGE, ui_state=ui_state, statuses=STATUSES
    )


@pages.post("/queue")
@frame.handle_form
def set_filter() -> Response:
    """Choose whose cases and which status; an unknown status shows the open ones."""
    ui_state = frame.get_ui_state()
    ui_state.mine = frame.read_field("mine") == "yes"
    ui_state.status = frame.read_field("status") if frame.read_field("status") in STATUSES else ""
    return frame.redirect_back("/queue")


@pages.get("/practice")
def show_practice() -> str:
    """Show presses that were trials."""
    first = max(0, request.args.get("first", default=0, type=int))
    with require_desk().reading() as db:
        found = queue.load_queue(db, frame.get_times().now, practice=True, first=first, limit=PAGE)
    return frame.render_page("practice.html", here="practice", queue=found, first=first, size=PAGE)
