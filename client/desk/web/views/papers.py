"""Letters filled in from a case: read here first, with their gaps, then saved as text or PDF."""

import hashlib

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.documents import pdf as documents_pdf
from client.desk.documents.letters.fill import write_letter
from client.desk.documents.letters.template import FilledLetter, list_templates, load_terms
from client.desk.documents.letters.values import LetterContext
from client.desk.journal import entries
from client.desk.web.access import NotHere, require_desk
from client.desk.web.views import frame

pages = Blueprint("papers", __name__)


@pages.post("/case/<int:number>/paper")
@frame.handle_form
def fill_letter(number: int) -> Response:
    """Fill in a letter about a person of a case, and keep it in memory. Raises NotHere, NoConsent."""
    kind, _, language = frame.read_field("kind").partition("-")
    if (kind, language) not in list_templates():
        raise NotHere()
    case = frame.find_case_id(number)
    person = frame.read_field("person") or f"{case}#0"
    times = frame.get_times()
    context = LetterContext(times.now, times.tz, require_desk().home.secrets.name)
    with require_desk().reading() as db:
        frame.get_ui_state().papers[number] = write_letter(db, kind, language, person, context)
    return frame.redirect_back(f"/case/{number}/paper")


@pages.get("/case/<int:number>/paper")
def show_letter(number: int) -> str:
    """Show the letter with its gaps. Raises NotHere."""
    letter, language = _find_letter(number), frame.say().language
    gaps = [load_terms().fields.get(name, {}).get(language, name) for name in letter.gaps]
    return frame.render_page("paper.html", here="queue", number=number, letter=letter, gaps=gaps)


@pages.post("/case/<int:number>/paper/text")
@frame.handle_form
def save_text(number: int) -> Response:
    """Give the letter as text. Raises NotHere."""
    letter = _find_letter(number)
    return _save_letter(letter, letter.text.encode(), "txt")


@pages.post("/case/<int:number>/paper/pdf")
@frame.handle_form
def save_pdf(number: int) -> Response:
    """Give the letter as PDF. Raises NotHere, NoFont."""
    letter = _find_letter(number)
    return _save_letter(letter, documents_pdf.print_letter(letter, frame.get_times().now), "pdf")


def _find_letter(number: int) -> FilledLetter:
    found = frame.get_ui_state().papers.get(number)
    if found is None:
        raise NotHere()
    return found


def _save_letter(letter: FilledLetter, data: bytes, ending: str) -> Response:
    options = {"kind": letter.kind, "language": letter.language, "form": ending}
    digest = hashlib.sha256(data).hexdigest()
    require_desk().append(entries.Exported(what="letter", options=options, count=1, sha256=digest))
    response = Response(data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{letter.kind}-{letter.language}.{ending}"'
    return response
