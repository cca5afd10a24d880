"""Hand-over of a shift: what is open in one's name, the words for the next shift, and what others wrote before."""

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.cases import queue, view
from client.desk.journal import entries
from client.desk.web.access import require_desk
from client.desk.web.views import frame
from client.desk.web.views.cases import read_required

pages = Blueprint("handover", __name__)

SHOWN = 200
EARLIER = 20


@pages.get("/handover")
def show_handover() -> str:
    """Show one's open cases and the latest hand-overs."""
    desk = require_desk()
    with desk.reading() as db:
        mine = queue.load_queue(db, frame.get_times().now, desk.by, limit=SHOWN)
        earlier = view.list_handovers(db, EARLIER)
    return frame.render_page("handover.html", here="handover", mine=mine, earlier=earlier)


@pages.post("/handover")
@frame.handle_form
def hand_over() -> Response:
    """Note the words; with `cases`, assign every open case of mine to the next name. Raises NothingSaid."""
    desk, to = require_desk(), frame.read_field("to", 80)
    with desk.reading() as db:
        mine = queue.load_queue(db, frame.get_times().now, desk.by, limit=SHOWN).items
    moved = [entries.Assigned(case=item.case, to=to) for item in mine] if frame.read_field("cases") == "yes" else []
    desk.append_all([entries.HandedOver(text=read_required("text", 20_000), to=to), *moved])
    frame.add_notice("handover.done", n=len(moved))
    return frame.redirect_back("/handover")
