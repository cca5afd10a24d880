"""Which field stands in which export: every export for every purpose, letters and the record for a court too."""

import re
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from client.desk.cases import view
from client.desk.documents import pdf
from client.desk.documents.letters import fill, template, values
from client.desk.exports.bag import Court, OnlyUnderPressure
from client.desk.exports.columns import COLUMNS, select_columns
from client.desk.exports.registry import KINDS, Export, Options, make_export
from client.desk.journal.entries import Named, Stated
from client.organisation.case_files import Assembled
from client.report import FIELDS
from tests.support import pdf_text
from tests.support.case_reports import ALL, NOW, at_station, case_id, db, journal_entry, letter, station
from tests.support.files.zip_members import read_members
from tests.support.soak import at_length

CASE, FORCED, BOTH = case_id(1), case_id(2), case_id(3)
STATION = station(1, "ОВД Тверской")
ZONE = ZoneInfo("Europe/Moscow")
SIGNAL = b"coerced"
WORDY = ("birth", "citizenship", "sex", "occupation", "contact", "tell", "health", "medicines", "dependants", "event",
         "reason", "article", "warrant", "papers", "injuries", "account", "other_names")  # fmt: skip
CANARY = {name: f"слово{number:02}" for number, name in enumerate(WORDY)}
FACTS = {"name": "Анна Первая", "role": "relative", "people": 1, "consent": ALL, "phone_taken": True, **CANARY,
         **at_station(STATION)}  # fmt: skip
LETTERS = [
    letter(CASE, FACTS),
    letter(FORCED, {"name": "Ольга Вторая", "people": 1, "consent": ALL, "coerced": True, **at_station(STATION)}),
    letter(BOTH, {"name": "Пётр Третий", "people": 1, "consent": ALL, **at_station(STATION)}),
    letter(BOTH, {"account": "меня заставили", "coerced": True}, seq=1, at=NOW + 1),
]
ENTRIES = [
    journal_entry(1, 0, Stated(case=BOTH, facts={"coerced": True}, source="звонок")),
    journal_entry(
        1, 1, Named(case=BOTH, person=f"{BOTH}#1", name="Зоя Пятая", facts={"coerced": True}, source="звонок")
    ),
    journal_entry(1, 2, Stated(case=BOTH, facts={"health": "астма"}, source="звонок")),
]


def court() -> Court:
    def file(case: str, sha256: str) -> Assembled:
        raise AssertionError("no case has one")

    return Court(LETTERS, ENTRIES, "head", file, disclose_entries=True, disclose_replies=True)


class Desk:
    """A database with everything that a person can say, and every file that can be made of it."""

    def __init__(self) -> None:
        self.db = db(LETTERS, ENTRIES, (STATION,))

    def make(self, key: str, audience: str, language: str = "ru") -> list[Export]:
        options = {"now": NOW, "zone": ZONE, "language": language, "audience": audience}
        scopes: dict[str, list[dict[str, object]]] = {
            "all": [{}],
            "place": [{"place": number} for (number,) in self.db.execute("SELECT number FROM place")],
            "person": [{"person": f"{case}#0"} for case in (CASE, FORCED, BOTH)],
            "case": [{"case": case, "court": court()} for case in (CASE, BOTH)],
        }
        return [make_export(key, self.db, Options(**options | more)) for more in scopes[KINDS[key].scope]]

    def letters(self) -> list[template.FilledLetter]:
        people = [person.id for case in (CASE, FORCED, BOTH) for person in view.load_case(self.db, case).persons]
        context = values.LetterContext(NOW, ZONE, "Помощь")
        return [
            fill.write_letter(self.db, *kind, person, context)
            for kind, person in product(template.list_templates(), people)
        ]


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@pytest.mark.soak
def test_the_silent_signal_of_pressure_leaves_the_desk_in_no_file(desk, tmp_path):
    walked = 0
    for kind in KINDS.values():
        for audience, language in product(kind.audiences, ("ru", "en")):
            for export in desk.make(kind.key, audience, language):
                inside = read_members(export.data) if export.media == "application/zip" else {"": export.data}
                assert not [name for name, data in inside.items() if SIGNAL in data or SIGNAL.decode() in name]
                walked += 1
    assert walked > len(KINDS)
    letters = desk.letters()
    assert not [paper for paper in letters if "coerced" in paper.text]
    kinds = len(template.list_templates())
    for paper in letters[:: at_length(len(letters) // kinds, 1)]:  # of every kind one, in a soak all
        assert "coerced" not in pdf_text.text(pdf.print_letter(paper, NOW), tmp_path)


def test_a_record_for_a_court_is_made_of_what_was_not_forced(desk):
    [whole, part] = desk.make("bag", "court")
    assert (whole.count, whole.left_out) == (1, 0)
    assert (part.count, part.left_out) == (1, 1)
    inside = read_members(part.data)
    assert not [name for name, data in inside.items() if "заставили".encode() in data]
    assert len([name for name in inside if name.endswith(".msgpack")]) == 1, "entries that state it are left out too"
    with pytest.raises(OnlyUnderPressure):
        make_export("bag", desk.db, Options(NOW, ZONE, case=FORCED, court=court()))


def test_who_spoke_and_whose_phone_was_taken_is_published_by_nobody(desk):
    heads = {column.name for column in select_columns("publish")}
    assert not {"role", "phone_taken", "coerced"} & heads
    for key in ("package", "uwazi"):
        [export] = desk.make(key, "publish")
        inside = read_members(export.data) if key == "package" else {"": export.data}
        for word in ("relative", "phone_taken", "source_connection", "role"):
            assert not [name for name, data in inside.items() if word.encode() in data], (key, word)


def read_spec() -> dict[str, list[str]]:
    """The table in `exports.md`: field to what stands in each column."""
    page = Path("client/desk/exports/exports.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$",
                      page.partition("## Which field stands where")[2], re.MULTILINE)  # fmt: skip
    return {name: [cell.strip(" *") for cell in cells]
            for names, *cells in rows for name in re.findall(r"`(\w+)`", names) if name != "publish"}  # fmt: skip


def test_the_table_in_the_spec_has_every_field_and_says_what_the_columns_are():
    table = read_spec()
    assert set(table) == set(FIELDS)
    for name, (publish, others, *_) in table.items():
        levels = {column.level for column in COLUMNS if column.field == name}
        assert (others == "yes") is bool(levels), name
        assert publish == (
            "-" if levels <= {"full"} else "name" if levels == {"name"} else "yes" if levels == {"open"} else "part"
        ), name


def test_the_table_in_the_spec_says_what_lists_letters_and_the_record_tell(desk, tmp_path):
    read = {
        "list": "".join(pdf_text.text(export.data, tmp_path) for export in desk.make("list", "help")),
        "letters": "".join(letter_.text for letter_ in desk.letters()),
        "bag": "".join(
            data.decode(errors="replace") for data in read_members(desk.make("bag", "court")[0].data).values()
        ),
    }
    for name, word in CANARY.items():
        _, _, list_, letters_, bag = read_spec()[name]
        for kind, cell in (("list", list_), ("letters", letters_), ("bag", bag)):
            there = word in read[kind] or word.encode("unicode-escape").decode() in read[kind]
            assert there is (cell == "yes"), (name, kind)
