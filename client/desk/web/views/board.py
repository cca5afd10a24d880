"""Who is held where; who is at one place; names for the lawyer."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from client.desk.cases import board, queue
from client.desk.web.access import NotHere, the_desk
from client.desk.web.views import frame

pages = Blueprint("board", __name__)

WAITING = 20  # cases that are listed with a place; the queue has the others
HEADS = 1_000  # names on one page, but at least one place


@pages.get("/")
def whole() -> str:
    looking = frame.window()
    with the_desk().reading() as db:
        found = board.board(db, frame.times().now, looking.city or None, looking.event or None)
    return frame.page("board.html", here="board", board=found, looking=looking)


@pages.post("/filter")
@frame.form
def choose() -> Response:
    looking = frame.window()
    looking.city, looking.event = frame.typed("city"), frame.typed("event")
    return frame.back()


@pages.get("/place/<int:number>")
def place(number: int) -> str:
    now = frame.times().now
    with the_desk().reading() as db:
        found = board.place(db, number)
        held = board.load_detainees(db, number)
        waiting = queue.queue(db, now, place=number, limit=WAITING)
    if found is None:
        raise NotHere()
    return frame.page("place.html", here="board", place=found, held=held, waiting=waiting)


@pages.get("/place/<int:number>/names")
def names(number: int) -> str:
    with the_desk().reading() as db:
        found = board.place(db, number)
        held = board.load_detainees(db, number)
    if found is None:
        raise NotHere()
    return frame.page("names.html", here="board", lists=[(found, held)], first=0, after=None)


@pages.get("/names")
def all_names() -> str:
    """Every place of the board with its names, each on a sheet of its own on paper."""
    looking, now = frame.window(), frame.times().now
    first, heads = max(0, request.args.get("first", default=0, type=int)), 0
    lists: list[tuple[board.PlaceRow, list[board.DetaineeRow]]] = []
    with the_desk().reading() as db:
        rows = board.board(db, now, looking.city or None, looking.event or None).rows
        for row in rows[first:]:
            held = board.load_detainees(db, row.place.number, looking.event or None)
            heads += len(held)
            if lists and heads > HEADS:
                break
            lists.append((row.place, held))
    after = first + len(lists)
    return frame.page("names.html", here="board", lists=lists, first=first, after=after if after < len(rows) else None)
