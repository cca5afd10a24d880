"""What needs a human first; and, kept apart, what was only practice."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from client.desk.cases import queue
from client.desk.web.access import the_desk
from client.desk.web.views import frame

pages = Blueprint("queue", __name__)

PAGE = 100
STATUSES = ("new", "open", "waiting", "closed")


@pages.get("/queue")
def waiting() -> str:
    looking, first = frame.window(), max(0, request.args.get("first", default=0, type=int))
    desk = the_desk()
    with desk.reading() as db:
        mine = desk.by if looking.mine else None
        found = queue.queue(db, frame.times().now, mine, looking.status or None, first=first, limit=PAGE)
    return frame.page(
        "queue.html", here="queue", queue=found, first=first, size=PAGE, looking=looking, statuses=STATUSES
    )


@pages.post("/queue")
@frame.form
def choose() -> Response:
    looking = frame.window()
    looking.mine = frame.typed("mine") == "yes"
    looking.status = frame.typed("status") if frame.typed("status") in STATUSES else ""
    return frame.back("/queue")


@pages.get("/practice")
def practice() -> str:
    first = max(0, request.args.get("first", default=0, type=int))
    with the_desk().reading() as db:
        found = queue.queue(db, frame.times().now, practice=True, first=first, limit=PAGE)
    return frame.page("practice.html", here="practice", queue=found, first=first, size=PAGE)
