"""One letter about one person of a case."""

from dataclasses import replace

from sqlite_utils import Database

from client.desk.cases import board, view
from client.desk.consent import subjects
from client.desk.consent.consent import NoConsent
from client.desk.documents.letters.template import Letter, fill, kinds
from client.desk.documents.letters.values import Around, LetterValues
from keys.errors import TocsinError

WGAD = "wgad"


class NoSuchLetter(TocsinError):
    """there is no such letter"""

    code = "letter-unknown"
    hint = "choose one of the letters in the list, and a person of this case"


def write(db: Database, kind: str, language: str, person: str, around: Around) -> Letter:
    """Fill in a letter about a person (`case#k`).

    Raises NoSuchLetter, NoConsent: what goes to the United Nations needs a yes; what only helps, that nobody said no.
    """
    if (kind, language) not in kinds():
        raise NoSuchLetter(kind)
    seen = view.case(db, person.partition("#")[0])
    about = next((one for one in seen.persons if one.id == person), None) if seen is not None else None
    if seen is None or about is None:
        raise NoSuchLetter()
    audience = "UN" if kind == WGAD else "help"
    allowed = next((one.consent for one in subjects.subjects(db, groups=[about.group])), None)
    if allowed is None or (allowed.un is not True if kind == WGAD else allowed.help is False):
        raise NoConsent(audience)
    said = [str(one.value) for one in seen.timeline]
    around = replace(around, clean=subjects.collect_refusing_names(subjects.find_mentioned(db, said), audience).remove)
    known = LetterValues(seen, about, language, around, lambda number: board.place(db, number))
    return fill(kind, language, known.fields(), seen.country)
