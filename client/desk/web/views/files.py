"""Files that came with a case, from memory: shown when they are what a browser can show, otherwise only handed out."""

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.web import media_type
from client.desk.web.access import NotHere, the_desk
from client.desk.web.views import frame
from keys.message import ParcelRef

pages = Blueprint("files", __name__)

# Should anything in it ever count as a page after all, it may do nothing and belongs to nobody.
ALONE = "sandbox; default-src 'none'; frame-ancestors 'none'"


def refs(number: int) -> list[ParcelRef]:
    """The files a case announces, in the order of its letters."""
    case = frame.case_id(number)
    with the_desk().reading() as db:
        found = view.case(db, case)
    if found is None:
        raise NotHere()
    return [file.ref for file in found.files]


def _bytes(number: int, at: int) -> bytes:
    announced = refs(number)
    if not 0 < at <= len(announced):
        raise NotHere()
    return the_desk().file(frame.case_id(number), announced[at - 1].sha256).data


@pages.get("/case/<int:number>/file/<int:at>")
def look(number: int, at: int) -> Response:
    """The picture or sound itself, for the page to show."""
    data = _bytes(number, at)
    told = media_type.tell(data)
    if not told.is_shown:
        raise NotHere()
    return _answer(data, told.type, "inline", f"{number}-{at}.{told.ending}")


@pages.get("/case/<int:number>/file/<int:at>/save")
def save(number: int, at: int) -> Response:
    """Any file, for the disk: never opened here, named by us."""
    data = _bytes(number, at)
    return _answer(data, media_type.OTHER, "attachment", f"{number}-{at}.{media_type.tell(data).ending}")


@pages.get("/case/<int:number>/file/<int:at>/about")
def about(number: int, at: int) -> str:
    """What its bytes and its camera say of it."""
    announced = refs(number)
    if not 0 < at <= len(announced):
        raise NotHere()
    held = the_desk().file(frame.case_id(number), announced[at - 1].sha256)
    told = media_type.tell(held.data)
    return frame.page("file.html", here="queue", number=number, at=at, file=held, look=told)


def _answer(data: bytes, kind: str, how: str, name: str) -> Response:
    answer = Response(data, content_type=kind)
    answer.headers["Content-Disposition"] = f'{how}; filename="file-{name}"'
    answer.headers["Content-Security-Policy"] = ALONE
    return answer
