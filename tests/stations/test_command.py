"""`tocsin stations`, as somebody types it."""

import json
import os
import stat
from pathlib import Path

import osmium
import pytest
from nacl.signing import SigningKey

from client.cli import main
from client.organisation.home import CARD, Profile, create
from client.stations.pack.pack import read
from keys.keystore import Cost
from keys.wire import b64
from tests.stations import oracle
from tests.stations.lists import DATA, HIFLD, INDIA, OVD, SMALL, packed, real
from tests.support.text_files import FORMS

pytestmark = pytest.mark.xdist_group("stations")  # the large list is built once for all

CHEAP = Cost(1, 2**13)
SEED = bytes(range(32))  # the root of lists.ROOT, so that both sign alike
ROWS = "id,name,address,lat,lon\n1,ОВД 5,ул. Мира 1,55.75,37.61\n2,ОВД 15,ул. Мира 5,55.76,37.62\n3,Zero,,0,0\n"


class StationsShell:
    """One person at one shell, in one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.out = self.err = ""

    def run(self, *arguments: str | Path) -> int:
        with pytest.raises(SystemExit) as ended:
            main.main(["stations", *map(str, arguments)])
        self.out, self.err = self._capsys.readouterr()
        return int(ended.value.code or 0)

    def build(self, source: str | Path, out: str = "out.pack", *more: str) -> int:
        return self.run("build", source, "--home", "home", "--out", out, "--passphrase-file", "passphrase", *more)

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("organisation") / "home"
    create(path, "open sesame", Profile("", ("https://relay.example",)), now=1_700_000_000, root_seed=SEED, cost=CHEAP)
    return path


@pytest.fixture
def shell(tmp_path, home, capsys, monkeypatch) -> StationsShell:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").symlink_to(home)
    (tmp_path / "passphrase").write_text("open sesame\n", encoding="utf-8")
    (tmp_path / "list.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "small.pack").write_bytes(packed(SMALL))
    return StationsShell(tmp_path, capsys)


# build


def test_a_pack_is_built_signed_and_public(shell):
    assert shell.build("list.csv", "ru-moscow.pack", "--source", "us", "--licence", "CC0-1.0") == 0
    assert "3 stations" in shell.out
    assert "zero: Zero [3] at 0.00000, 0.00000" in shell.err
    path = shell.folder / "ru-moscow.pack"
    about = read(path.read_bytes(), bytes(SigningKey(SEED).verify_key)).about
    assert (about.id, about.source, about.licence, about.count) == ("ru-moscow", "us", "CC0-1.0", 3)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert not [name for name in os.listdir(shell.folder) if name.startswith(".")]


@pytest.mark.parametrize("form", FORMS)
def test_table_and_card_are_read_however_they_were_saved(shell, form):
    (shell.folder / "table").write_bytes(FORMS[form](ROWS))
    assert shell.build("table", "out.pack", "--json") == 0
    assert shell.lines()[-1]["stations"] == 3
    card = (shell.folder / "home" / CARD).read_text(encoding="utf-8")
    (shell.folder / "card").write_bytes(FORMS[form](card))
    assert shell.run("check", "out.pack", "--card", "card") == 0
    assert shell.run("near", "55.75", "37.61", "--pack", "out.pack", "--card", "card", "--json") == 0
    assert shell.lines()[0]["name"] == "ОВД 5"


def test_a_byte_order_mark_does_not_hide_the_first_column_of_a_named_encoding(shell):
    (shell.folder / "table").write_bytes(FORMS["by Notepad"](ROWS.replace("id,name", "name,id")))
    assert shell.build("table", "out.pack", "--encoding", "utf-8", "--json") == 0


def test_bad_points_are_left_out_when_asked(shell):
    assert shell.build("list.csv", "out.pack", "--drop-bad", "--json", "--licence", "x") == 0
    doubt, built = shell.lines()
    assert doubt == {"doubt": "zero", "id": "3", "name": "Zero", "place": "0.00000, 0.00000", "left_out": True}
    assert (built["stations"], built["left_out"], built["id"]) == (2, 1, "out")


def test_the_next_pack_has_a_higher_number(shell):
    numbers = []
    for _ in range(3):
        assert shell.build("list.csv", "out.pack", "--json") == 0
        numbers.append(shell.lines()[-1]["seq"])
    assert numbers[0] < numbers[1] < numbers[2]


def test_a_file_that_is_no_pack_of_ours_is_not_overwritten(shell):
    before = (shell.folder / "list.csv").read_bytes()
    assert shell.build("list.csv", "list.csv") == 1
    assert (shell.folder / "list.csv").read_bytes() == before
    assert "error: there is another file already where the pack should be written" in shell.err
    assert shell.build("list.csv", "small.pack") == 1
    assert "it is the list test" in shell.err
    assert (shell.folder / "small.pack").read_bytes() == packed(SMALL)


def test_a_wrong_passphrase_writes_nothing(shell):
    (shell.folder / "passphrase").write_text("wrong", encoding="utf-8")
    assert shell.build("list.csv") == 1
    assert not (shell.folder / "out.pack").exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--column", "name"], 2),
        (["--column", "colour=x"], 2),
        (["--column", "name=missing"], 1),
        (["--country", "XX"], 1),
        (["--id", "Not A Title"], 2),
        (["--encoding", "utf-16"], 1),
        (["--notice", "x" * 251], 2),
    ],
)
def test_wrong_wishes_are_refused(shell, more, code):
    assert shell.build("list.csv", "out.pack", *more) == code
    assert shell.err.startswith("error: ")
    assert "hint: " in shell.err
    assert not (shell.folder / "out.pack").exists()


def test_columns_are_named_by_the_person(shell):
    (shell.folder / "odd.csv").write_text("a;b;c\nОВД;55,75;37,61\n", encoding="cp1251")
    columns = [part for field in ("name=a", "lat=b", "lon=c") for part in ("--column", field)]
    assert shell.build("odd.csv", "out.pack", "--encoding", "cp1251", *columns) == 0
    assert shell.run("find", "ОВД", "--pack", "out.pack", "--json") == 0
    assert shell.lines()[0]["name"] == "ОВД"


# near, find, check


def test_near_is_a_line_for_each_candidate(shell):
    assert shell.run("near", "55.751", "37.62", "--accuracy", "50", "--pack", "small.pack", "--json") == 0
    keys = {"id", "name", "address", "phone", "m", "highlight"}
    assert all(set(line) == keys for line in shell.lines())
    printed = [{key: line[key] for key in ("id", "m", "highlight")} for line in shell.lines()]
    assert printed == oracle.near(SMALL, 55.751, 37.62, 50)


def test_near_takes_the_west_and_the_south(shell):
    assert shell.run("near", "-16.8", "-180", "--pack", "small.pack", "--json") == 0
    assert shell.lines()[0]["id"] == "fj-tav"
    assert shell.run("near", "--pack", "small.pack", "--json", "--", "40.7162", "-73.9973") == 0
    assert shell.lines()[0]["id"] == "nyc-5"


def test_find_is_a_line_for_each_match(shell):
    assert shell.run("find", "овд 5", "--pack", "small.pack", "--json") == 0
    assert [{"id": line["id"], "score": line["score"]} for line in shell.lines()] == oracle.find(SMALL, "овд 5")
    assert set(shell.lines()[0]) == {"id", "name", "phone", "score"}


def test_telephones_are_shown_and_left_out_when_asked(shell):
    (shell.folder / "phones.csv").write_text("id,name,lat,lon,phone\n1,A,1,2,102\n2,B,1,2.001,NONE\n", encoding="utf-8")
    assert shell.build("phones.csv", "out.pack") == 0
    assert "2 stations, 1 with a telephone" in shell.out
    assert shell.run("near", "1", "2", "--pack", "out.pack") == 0
    assert shell.out == "*       0 m  A, tel. 102\n      111 m  B\n"
    assert shell.run("find", "a", "--pack", "out.pack", "--json") == 0
    assert shell.lines()[0]["phone"] == "102"
    assert shell.run("check", "out.pack", "--json") == 0
    assert shell.lines()[-1]["phones"] == 1
    assert shell.build("phones.csv", "out.pack", "--no-phones", "--json") == 0
    assert shell.lines()[-1]["phones"] == 0
    assert read((shell.folder / "out.pack").read_bytes()).stations[0].phone == ""


def test_nothing_found_is_said_and_no_failure(shell):
    assert shell.run("find", "xyzzy", "--pack", "small.pack", "--json") == 0
    assert shell.out == ""
    assert "no station's name is like this" in shell.err


def test_words_for_people(shell):
    assert shell.run("near", "55.76473", "37.612", "--accuracy", "20", "--pack", "small.pack") == 0
    assert shell.out == "*      28 m  ОВД Тверской, Москва, ул. Большая Дмитровка, 28\n"
    assert shell.run("near", "48", "68", "--pack", "small.pack") == 0
    assert "(no name)" in shell.out


@pytest.mark.parametrize("position", [("91", "0"), ("0", "181"), ("x", "0"), ("1",), ("1", "2", "3")])
def test_no_position_is_wrong_use(shell, position):
    assert shell.run("near", *position, "--pack", "small.pack") == 2
    assert shell.err.startswith("error: ")


@pytest.mark.parametrize("position", [("nan", "0"), ("0", "nan")])
def test_a_position_that_is_no_number_is_refused(shell, position):
    assert shell.run("near", *position, "--pack", "small.pack") == 1
    assert shell.err.splitlines()[-2].startswith("error: this is not a place on the globe")


def test_check_tells_what_the_pack_is(shell):
    assert shell.run("check", "small.pack", "--json") == 0
    *doubts, facts = shell.lines()
    assert {line["doubt"] for line in doubts} <= {"same-place", "lonely"}
    assert (facts["id"], facts["stations"], facts["doubts"]) == ("test", len(SMALL), len(doubts))


@pytest.mark.parametrize("command", [["near", "0", "0", "--pack"], ["find", "x", "--pack"], ["check"]])
def test_the_signer_is_compared_when_known(shell, command):
    ours, other = b64(bytes(SigningKey(SEED).verify_key)), b64(bytes(SigningKey(bytes(32)).verify_key))
    assert shell.run(*command, "small.pack", "--root", ours) == 0
    assert "was not compared" not in shell.err
    assert shell.run(*command, "small.pack", "--card", f"home/{CARD}") == 0
    assert "was not compared" not in shell.err
    assert shell.run(*command, "small.pack") == 0
    assert "was not compared" in shell.err
    assert shell.run(*command, "small.pack", "--root", other) == 1
    assert "error: no signature on this note" in shell.err
    assert shell.run(*command, "small.pack", "--root", "short") == 2
    assert shell.run(*command, "small.pack", "--root", ours, "--card", f"home/{CARD}") == 2


def test_a_changed_pack_is_refused(shell):
    data = (shell.folder / "small.pack").read_bytes()
    (shell.folder / "small.pack").write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    assert shell.run("check", "small.pack") == 1
    assert "error: the stations in this pack are not the ones that were signed" in shell.err
    assert shell.run("check", "missing.pack") == 1


# From each kind of real source to an answer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "question", "answer"),
    [
        (OVD, "хамовинки", "ОВД Хамовники"),
        (INDIA, "mambalm police", "Mambalam Police Station"),
        (HIFLD, "grove hil", "GROVE HILL POLICE DEPARTMENT"),
    ],
)
def test_from_a_real_source_to_an_answer(shell, name, question, answer):
    real(name)  # skips where there is no shared data
    assert shell.build(DATA / name, "real.pack", "--drop-bad", "--json", "--licence", "as in the source") == 0
    assert shell.run("check", "real.pack", "--card", f"home/{CARD}", "--json") == 0
    facts = shell.lines()[-1]
    assert facts["licence"] == ("ODbL-1.0" if name == INDIA else "as in the source")
    assert ("OpenStreetMap" in facts["notice"]) == (name == INDIA)
    assert shell.run("find", question, "--pack", "real.pack", "--json") == 0
    assert shell.lines()[0]["name"] == answer


def test_from_an_openstreetmap_extract_to_an_answer(shell):
    with osmium.SimpleWriter("small.osm.pbf") as writer:
        for number, station in enumerate(SMALL, start=1):
            tags = {"amenity": "police", **({"name": station.name} if station.names else {})}
            place = (station.lon / 1e5, station.lat / 1e5)
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place, tags=tags))
    assert shell.build("small.osm.pbf", "osm.pack", "--licence", "mine") == 0
    assert shell.run("check", "osm.pack", "--json") == 0
    facts = shell.lines()[-1]
    assert (facts["licence"], facts["stations"]) == ("ODbL-1.0", len(SMALL))
    assert "OpenStreetMap contributors" in facts["notice"]
    assert shell.run("near", "55.76473", "37.612", "--accuracy", "20", "--pack", "osm.pack", "--json") == 0
    assert shell.lines()[0]["name"] == "ОВД Тверской"
