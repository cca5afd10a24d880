"""Letters filled in from a case: read here first, with their gaps, then saved as text or PDF."""

import hashlib

from flask import Blueprint
from werkzeug.wrappers import Response

from client.desk.documents import pdf as documents_pdf
from client.desk.documents.letters.fill import write
from client.desk.documents.letters.template import Letter, kinds, words
from client.desk.documents.letters.values import Around
from client.desk.journal import entries
from client.desk.web.access import NotHere, the_desk
from client.desk.web.views import frame

pages = Blueprint("papers", __name__)


@pages.post("/case/<int:number>/paper")
@frame.form
def fill(number: int) -> Response:
    kind, _, language = frame.typed("kind").partition("-")
    if (kind, language) not in kinds():
        raise NotHere()
    case = frame.case_id(number)
    person = frame.typed("person") or f"{case}#0"
    times = frame.times()
    around = Around(times.now, times.tz, the_desk().home.secrets.name)
    with the_desk().reading() as db:
        frame.window().papers[number] = write(db, kind, language, person, around)
    return frame.back(f"/case/{number}/paper")


@pages.get("/case/<int:number>/paper")
def read(number: int) -> str:
    letter, language = _letter(number), frame.say().language
    gaps = [words().fields.get(name, {}).get(language, name) for name in letter.gaps]
    return frame.page("paper.html", here="queue", number=number, letter=letter, gaps=gaps)


@pages.post("/case/<int:number>/paper/text")
@frame.form
def text(number: int) -> Response:
    letter = _letter(number)
    return _save(letter, letter.text.encode(), "txt")


@pages.post("/case/<int:number>/paper/pdf")
@frame.form
def pdf(number: int) -> Response:
    letter = _letter(number)
    return _save(letter, documents_pdf.letter(letter, frame.times().now), "pdf")


def _letter(number: int) -> Letter:
    found = frame.window().papers.get(number)
    if found is None:
        raise NotHere()
    return found


def _save(letter: Letter, data: bytes, ending: str) -> Response:
    options = {"kind": letter.kind, "language": letter.language, "form": ending}
    digest = hashlib.sha256(data).hexdigest()
    the_desk().append(entries.Exported(what="letter", options=options, count=1, sha256=digest))
    answer = Response(data, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{letter.kind}-{letter.language}.{ending}"'
    return answer
