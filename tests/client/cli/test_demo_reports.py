"""What the demonstration tells: reports that fit, and a board that shows what Tocsin is for."""

import msgspec
import pytest

from client import report
from client.cli import demo_reports, output
from client.desk.cases import board, database, queue
from client.desk.matching import candidates
from client.stations.build import csv_table
from client.stations.build.build import PackOptions, build
from client.stations.pack.pack import Pack
from tests.support.case_reports import NOW, case_id, letter, pack


@pytest.mark.parametrize("story", demo_reports.tell(NOW), ids=lambda story: str(story.facts.get("name")))
def test_every_report_fits_its_fields(story):
    for facts in (story.facts, story.later):
        assert report.sort_facts(facts) == (facts, {})


def test_the_first_report_can_be_typed():
    first = demo_reports.tell(NOW)[0].facts
    pairs = demo_reports.as_words(first)[1::2]
    assert report.from_words(pairs) == first


def test_the_board_shows_what_tocsin_is_for():
    built = build(csv_table.read(demo_reports.TABLE.encode(), {}), PackOptions(country=demo_reports.COUNTRY))
    assert built.doubts == []
    about = pack(*built.stations).about
    stations = Pack(msgspec.structs.replace(about, id=demo_reports.PACK), built.stations)
    letters = []
    for number, story in enumerate(demo_reports.tell(NOW)):
        letters.append(letter(case_id(number), story.facts, at=NOW))
        letters += [letter(case_id(number), story.later, at=NOW + 1, seq=1)] if story.later else []
    db = database.build(letters, [], [stations], country=demo_reports.COUNTRY)
    seen = board.load_board(db, NOW + 60)
    assert [row.place.name for row in seen.rows if row.place.station] == [
        "Police station 1 Lipovy",
        "Police station 2 Zarechny",
    ]
    first = queue.load_queue(db, NOW + 60).items[0]
    assert {"minor", "clock"} <= set(first.reasons)
    counts = [row.count for row in seen.rows]
    assert sum(count.injured for count in counts) == 2
    assert seen.released == 1
    candidates.work(db)
    [pair] = candidates.find_candidates(db, 10)
    names = {
        story.facts["name"]
        for number, story in enumerate(demo_reports.tell(NOW))
        for person in (pair.a, pair.b)
        if person.startswith(case_id(number))
    }
    assert names == {"Ольга Смородина", "Olga Smorodina"}


@pytest.mark.parametrize(
    ("env", "is_terminal", "is_bold"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_bold_type_only_where_it_is_wanted(env, is_terminal, is_bold, monkeypatch, capsys):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(output.sys.stdout, "isatty", lambda: is_terminal)
    assert ("\x1b" in output.bold("words")) is is_bold
