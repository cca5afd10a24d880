"""One letter about one person of a case."""

from dataclasses import replace

from sqlite_utils import Database

from client.desk.cases import board, view
from client.desk.consent import subjects
from client.desk.consent.consent import NoConsent
from client.desk.documents.letters.template import FilledLetter, fill_template, list_templates
from client.desk.documents.letters.values import LetterContext, LetterValues
from keys.errors import TocsinError

WGAD = "wgad"


class NoSuchLetter(TocsinError):
    """there is no such letter"""

    code = "letter-unknown"
    hint = "choose one of the letters in the list, and a person of this case"


def write_letter(db: Database, kind: str, language: str, person: str, context: LetterContext) -> FilledLetter:
    """Fill in a letter about a person (`case#k`).

    Raises NoSuchLetter, NoConsent: what goes to the United Nations needs a yes; what only helps, that nobody said no.
    """
    if (kind, language) not in list_templates():
        raise NoSuchLetter(kind)
    case = view.load_case(db, person.partition("#")[0])
    about_person = next((known for known in case.persons if known.id == person), None) if case is not None else None
    if case is None or about_person is None:
        raise NoSuchLetter()
    audience = "UN" if kind == WGAD else "help"
    allowed = next((subject.consent for subject in subjects.list_subjects(db, groups=[about_person.group])), None)
    if allowed is None or (allowed.un is not True if kind == WGAD else allowed.help is False):
        raise NoConsent(audience)
    stated = [str(fact.value) for fact in case.timeline]
    context = replace(
        context, clean=subjects.collect_refusing_names(subjects.find_mentioned(db, stated), audience).remove
    )
    values = LetterValues(case, about_person, language, context, lambda number: board.load_place(db, number))
    return fill_template(kind, language, values.fields(), case.country)
