"""The board: who is held where, who is at one place, names for the lawyer."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from client.desk.cases import board, queue
from client.desk.web.access import NotHere, require_desk
from client.desk.web.views import frame

pages = Blueprint("board", __name__)

WAITING = 20  # cases that are listed with a place; the queue has the others
HEADS = 1_000  # names on one page, but at least one place


@pages.get("/")
def show_board() -> str:
    """Show the board, narrowed to the city and the event that were chosen."""
    ui_state = frame.get_ui_state()
    with require_desk().reading() as db:
        found = board.load_board(db, frame.get_times().now, ui_state.city or None, ui_state.event or None)
    return frame.render_page("board.html", here="board", board=found, ui_state=ui_state)


@pages.post("/filter")
@frame.handle_form
def set_filter() -> Response:
    """Choose a city and an event; an empty field shows all."""
    ui_state = frame.get_ui_state()
    ui_state.city, ui_state.event = frame.read_field("city"), frame.read_field("event")
    return frame.redirect_back()


@pages.get("/place/<int:number>")
def show_place(number: int) -> str:
    """Show everybody held at one place, and the cases that wait there."""
    now = frame.get_times().now
    with require_desk().reading() as db:
        found = board.load_place(db, number)
        detainees = board.load_detainees(db, number)
        waiting = queue.load_queue(db, now, place=number, limit=WAITING)
    if found is None:
        raise NotHere()
    return frame.render_page("place.html", here="board", place=found, detainees=detainees, waiting=waiting)


@pages.get("/place/<int:number>/names")
def show_place_names(number: int) -> str:
    """Show the names at one place, for paper."""
    with require_desk().reading() as db:
        found = board.load_place(db, number)
        detainees = board.load_detainees(db, number)
    if found is None:
        raise NotHere()
    return frame.render_page("names.html", here="board", lists=[(found, detainees)], first=0, after=None)


@pages.get("/names")
def show_all_names() -> str:
    """Show every place of the board with its names, each on a sheet of its own on paper."""
    ui_state, now = frame.get_ui_state(), frame.get_times().now
    first, heads = max(0, request.args.get("first", default=0, type=int)), 0
    lists: list[tuple[board.PlaceRow, list[board.DetaineeRow]]] = []
    with require_desk().reading() as db:
        rows = board.load_board(db, now, ui_state.city or None, ui_state.event or None).rows
        for row in rows[first:]:
            detainees = board.load_detainees(db, row.place.number, ui_state.event or None)
            heads += len(detainees)
            if lists and heads > HEADS:
                break
            lists.append((row.place, detainees))
    after = first + len(lists)
    return frame.render_page(
        "names.html", here="board", lists=lists, first=first, after=after if after < len(rows) else None
    )
