"""Handing over a shift: what is open in one's name, the words for the next one, and what others wrote before."""

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.cases import queue, view
from client.desk.journal import entries
from client.desk.web.access import the_desk
from client.desk.web.views import frame
from client.desk.web.views.cases import needed

pages = Blueprint("handover", __name__)

SHOWN = 200
EARLIER = 20


@pages.get("/handover")
def over() -> str:
    desk = the_desk()
    with desk.reading() as db:
        mine = queue.queue(db, frame.times().now, desk.by, limit=SHOWN)
        earlier = view.handovers(db, EARLIER)
    return frame.page("handover.html", here="handover", mine=mine, earlier=earlier)


@pages.post("/handover")
@frame.form
def hand() -> Response:
    """The words; and with `cases`, every open case of mine goes along."""
    desk, to = the_desk(), frame.typed("to", 80)
    with desk.reading() as db:
        mine = queue.queue(db, frame.times().now, desk.by, limit=SHOWN).items
    moved = [entries.Assigned(case=item.case, to=to) for item in mine] if frame.typed("cases") == "yes" else []
    desk.append_all([entries.HandedOver(text=needed("text", 20_000), to=to), *moved])
    frame.tell("handover.done", n=len(moved))
    return frame.back("/handover")
