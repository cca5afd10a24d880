"""Files that came with a case, from memory: shown when they are what a browser can show, otherwise only handed out."""

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.cases import view
from client.desk.web import media_type
from client.desk.web.access import NotHere, require_desk
from client.desk.web.views import frame
from keys.message import ParcelRef

pages = Blueprint("files", __name__)

# Should anything in it ever count as a page after all, it may do nothing and belongs to nobody.
ALONE = "sandbox; default-src 'none'; frame-ancestors 'none'"


def list_files(number: int) -> list[ParcelRef]:
    """List the files a case announces, in the order of its letters. Raises NotHere."""
    case = frame.find_case_id(number)
    with require_desk().reading() as db:
        found = view.load_case(db, case)
    if found is None:
        raise NotHere()
    return [file.ref for file in found.files]


def _load_bytes(number: int, at: int) -> bytes:
    announced = list_files(number)
    if not 0 < at <= len(announced):
        raise NotHere()
    return require_desk().file(frame.find_case_id(number), announced[at - 1].sha256).data


@pages.get("/case/<int:number>/file/<int:at>")
def show_file(number: int, at: int) -> Response:
    """Give the picture or sound itself, for the page to show. `at` from 1. Raises NotHere for anything else."""
    data = _load_bytes(number, at)
    media = media_type.inspect_bytes(data)
    if not media.is_shown:
        raise NotHere()
    return _build_response(data, media.type, "inline", f"{number}-{at}.{media.ending}")


@pages.get("/case/<int:number>/file/<int:at>/save")
def save_file(number: int, at: int) -> Response:
    """Give any file, for the disk: never opened here, named by us. `at` from 1. Raises NotHere."""
    data = _load_bytes(number, at)
    return _build_response(
        data, media_type.OTHER, "attachment", f"{number}-{at}.{media_type.inspect_bytes(data).ending}"
    )


@pages.get("/case/<int:number>/file/<int:at>/about")
def show_file_info(number: int, at: int) -> str:
    """Show what the bytes of a file and its camera say of it. `at` from 1. Raises NotHere."""
    announced = list_files(number)
    if not 0 < at <= len(announced):
        raise NotHere()
    assembled = require_desk().file(frame.find_case_id(number), announced[at - 1].sha256)
    media = media_type.inspect_bytes(assembled.data)
    return frame.render_page("file.html", here="queue", number=number, at=at, file=assembled, media=media)


def _build_response(data: bytes, kind: str, how: str, name: str) -> Response:
    response = Response(data, content_type=kind)
    response.headers["Content-Disposition"] = f'{how}; filename="file-{name}"'
    response.headers["Content-Security-Policy"] = ALONE
    return response
