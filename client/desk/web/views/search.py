"""Full-text search. What was asked stays in memory: the address holds a number and nothing else."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from client.desk.cases import queue, search
from client.desk.web.access import NotHere, require_desk
from client.desk.web.views import frame

pages = Blueprint("search", __name__)


@pages.get("/search")
def show_search() -> str:
    """Show the field."""
    return frame.render_page("search.html", here="search", asked="", hits=None)


@pages.post("/search")
@frame.handle_form
def start_search() -> Response:
    """Remember what was asked, and lead to its number."""
    asked = frame.read_field("text")
    return redirect(f"/search/{frame.get_ui_state().remember_search(asked)}" if asked else "/search", 303)


@pages.get("/search/<int:number>")
def show_results(number: int) -> str:
    """Show what was found. Raises NotHere for a search that was forgotten."""
    asked = frame.get_ui_state().find_search(number)
    if asked is None:
        raise NotHere()
    with require_desk().reading() as db:
        hits = search.search(db, asked)
        items = {
            item.number: item for item in queue.load_items(db, frame.get_times().now, [hit.number for hit in hits])
        }
    found = [(hit, items[hit.number]) for hit in hits if hit.number in items]
    return frame.render_page("search.html", here="search", asked=asked, hits=found)
