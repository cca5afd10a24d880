"""Officials, each with the cases they had a part in."""

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.journal import entries
from client.desk.web.access import NotHere, the_desk
from client.desk.web.views import frame

pages = Blueprint("officials", __name__)


@pages.get("/officials")
def everybody() -> str:
    with the_desk().reading() as db:
        found = view.officials(db)
    return frame.page("officials.html", here="officials", officials=found)


@pages.get("/official/<int:number>")
def one(number: int) -> str:
    with the_desk().reading() as db:
        found = view.official(db, number)
    if found is None:
        raise NotHere()
    return frame.page("official.html", here="officials", official=found)


@pages.post("/official/<int:number>")
@frame.form
def more(number: int) -> Response:
    """More about an official; an empty field says nothing new."""
    with the_desk().reading() as db:
        found = view.official(db, number)
    if found is None:
        raise NotHere()
    fields = {name: frame.typed(name) for name in ("name", "rank", "badge", "unit")}
    the_desk().append(entries.Official(id=found.id, **fields))
    return frame.back(f"/official/{number}")
