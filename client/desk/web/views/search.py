"""Full-text search. What was asked stays in memory: the address holds a number and nothing else."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from client.desk.cases import queue, search
from client.desk.web.access import NotHere, the_desk
from client.desk.web.views import frame

pages = Blueprint("search", __name__)


@pages.get("/search")
def ask() -> str:
    return frame.page("search.html", here="search", asked="", hits=None)


@pages.post("/search")
@frame.form
def remember() -> Response:
    asked = frame.typed("text")
    return redirect(f"/search/{frame.window().remember(asked)}" if asked else "/search", 303)


@pages.get("/search/<int:number>")
def results(number: int) -> str:
    asked = frame.window().search(number)
    if asked is None:
        raise NotHere()
    with the_desk().reading() as db:
        hits = search.search(db, asked)
        items = {item.number: item for item in queue.items(db, frame.times().now, [hit.number for hit in hits])}
    found = [(hit, items[hit.number]) for hit in hits if hit.number in items]
    return frame.page("search.html", here="search", asked=asked, hits=found)
