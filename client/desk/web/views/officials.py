"""Officials, each with the cases they had a part in."""

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.journal import entries
from client.desk.web.access import NotHere, require_desk
from client.desk.web.views import frame

pages = Blueprint("officials", __name__)


@pages.get("/officials")
def list_officials() -> str:
    """List all officials."""
    with require_desk().reading() as db:
        found = view.list_officials(db)
    return frame.render_page("officials.html", here="officials", officials=found)


@pages.get("/official/<int:number>")
def show_official(number: int) -> str:
    """Show an official. Raises NotHere."""
    with require_desk().reading() as db:
        found = view.load_official(db, number)
    if found is None:
        raise NotHere()
    return frame.render_page("official.html", here="officials", official=found)


@pages.post("/official/<int:number>")
@frame.handle_form
def update_official(number: int) -> Response:
    """State more about an official; an empty field states nothing. Raises NotHere."""
    with require_desk().reading() as db:
        found = view.load_official(db, number)
    if found is None:
        raise NotHere()
    fields = {name: frame.read_field(name) for name in ("name", "rank", "badge", "unit")}
    require_desk().append(entries.Official(id=found.id, **fields))
    return frame.redirect_back(f"/official/{number}")
