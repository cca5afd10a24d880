"""Desks on several computers come to the same state, whatever is merged into which, how often, and cut off where."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from client.desk.desk import Desk, DeskClosed
from client.desk.journal.bundle import BundleCut
from client.desk.journal.entries import (
    Action,
    Exported,
    Lawyer,
    Marked,
    Noted,
    SamePerson,
    Stated,
    Viewed,
)
from client.files import CannotWrite
from client.organisation.records import Records
from keys.wire import b64
from tests.support.desk.merged_journals import acts, exported, merge, state
from tests.support.desk_office import RELAYS, Office, reply_block
from tests.support.soak import at_length

CASE = b64(b"c" * 16)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - what counts here is order, not the disk


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


@pytest.fixture
def two(office: Office) -> Any:
    """Two computers of one organisation, both unlocked."""
    other = office.copy("second")
    with office.desk(by="Анна") as first, office.desk(other, by="Пётр") as second:
        yield first, second


def test_what_one_desk_did_is_at_the_other_after_a_merge(office: Office, two: tuple[Desk, Desk]) -> None:
    first, second = two
    photo = b"\xff\xd8" + bytes(100_000)
    report = office.report({"name": "Иванова"}, files=(photo,))
    first.pull(office.post)
    noted = first.append(Noted(case=report.case, text="звонила мать"))
    merged = merge(second, exported(first))
    assert (merged.letters, merged.forked) == (1, [])
    assert acts(second) == [noted.id]
    assert state(second) == state(first)
    [ref] = second._record_index.case(report.case).files()
    assert (second.file(report.case, ref.sha256).data, second.file(report.case, ref.sha256).whole) == (photo, True)
    assert second.damage == []
    assert second.receipts(report.sealed[0].commitment) == first.receipts(report.sealed[0].commitment)
    assert len(second.receipts(report.sealed[0].commitment)) == 1


def test_the_same_bundle_twice_and_in_both_directions_counts_once(office: Office, two: tuple[Desk, Desk]) -> None:
    first, second = two
    for desk in two:
        report = office.report({"people": 7})
        desk.pull(office.post)
        desk.append(Marked(case=report.case, status="open"))
    from_first = exported(first)
    from_second = exported(second)
    for _ in range(2):
        merge(second, from_first)
        merge(first, from_second)
    assert merge(first, from_second).entries == merge(second, from_first).entries == 0
    assert state(first) == state(second)
    assert acts(first) == acts(second)
    assert len(acts(first)) == 2
    with first.reading() as db:
        assert db.execute("SELECT sum(heads) FROM unit").fetchone() == (14,)


def test_a_letter_that_both_desks_pulled_counts_once(office: Office, two: tuple[Desk, Desk]) -> None:
    first, second = two
    report = office.report({"people": 3})
    office.post.lay(RELAYS[1], report.sealed[0])
    first.collect(office.post, RELAYS[0])
    second.collect(office.post, RELAYS[1])
    merge(first, exported(second))
    merge(second, exported(first))
    assert state(first) == state(second)
    with first.reading() as db:
        assert db.execute("SELECT count(*), max(pulled) FROM letter").fetchone()[0] == 1


def test_two_desks_at_rest_have_nothing_more_to_tell(office: Office, two: tuple[Desk, Desk]) -> None:
    first, second = two
    office.report()
    first.pull(office.post)
    for _ in range(3):
        merge(second, exported(first))
        merge(first, exported(second))
    before = [entry.id for entry in first.entries if not isinstance(entry.action, Exported)]
    merge(first, exported(second))
    assert [entry.id for entry in first.entries if not isinstance(entry.action, Exported)] == before


def test_answers_of_another_desk_are_known_here(office: Office, two: tuple[Desk, Desk]) -> None:
    first, second = two
    report = office.report(reply=reply_block())
    first.pull(office.post)
    answer = first.reply(report.case, "адвокат едет", "lawyer")
    merge(second, exported(first))
    again = second.reply(report.case, "адвокат внутри", "lawyer")
    assert (answer.action.seq, again.action.seq) == (1, 2)  # type: ignore[union-attr]
    assert second.count_waiting() == 1


def test_a_merge_survives_the_lock(office: Office) -> None:
    other = office.copy("second")
    report = office.report()
    with office.desk() as first, office.desk(other) as second:
        first.pull(office.post)
        first.append(Noted(case=report.case, text="да"))
        merge(second, exported(first))
        seen = state(second)
    with office.desk(other) as second:
        assert (state(second), second.damage) == (seen, [])


def test_a_session_with_two_ends_is_named_and_the_rest_is_merged(office: Office) -> None:
    """A snapshot of a running computer was continued twice."""
    desk = office.unlock()
    desk.append(Noted(case=CASE, text="общая"))
    desk._resources.close()
    twin_folder = office.copy("twin")
    twin = office.unlock(twin_folder, "Пётр")
    again = office.unlock(by="Анна")
    session = desk._session.id
    for desk, text in ((twin, "здесь так"), (again, "а здесь иначе")):
        desk._session.id = session
        desk.append(Noted(case=CASE, text=text))
        desk._session.id = desk.entries[-2].session
    fine = twin.append(Noted(case=CASE, text="своя"))
    merged = merge(again, exported(twin))
    assert merged.forked == [session]
    texts = [entry.action.text for entry in again.entries if isinstance(entry.action, Noted)]
    assert sorted(texts) == ["а здесь иначе", "общая", "своя"]
    assert fine.id in acts(again)
    assert merge(again, exported(twin)).forked == [session]
    for desk in (twin, again):
        desk.close()


def test_a_bundle_that_was_damaged_merges_nothing(
    office: Office, two: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    monkeypatch.setattr("client.desk.desk.PAGE", 1)
    office.report(files=(bytes(3_000_000),))
    first.pull(office.post)
    data = exported(first)
    before, seen = [entry.id for entry in second.entries], state(second)
    with Records(second.folder, second.home.secrets.store) as records:
        for bad in (data[:-1], data[: len(data) // 2], data[:-20] + b"x" + data[-19:]):
            with pytest.raises(Exception, match="journal"):
                merge(second, bad)
            assert (records.batches(), records.piece_marks()) == ([], [])
    assert ([entry.id for entry in second.entries], state(second)) == (before, seen)


def test_a_desk_that_locks_while_it_exports_leaves_no_bundle_that_merges(office: Office) -> None:
    other = office.copy("second")
    for _ in range(20):
        office.report(files=(bytes(100_000),))
    with office.desk() as desk:
        desk.pull(office.post)
        chunks = desk.export_journal()
        begun = next(chunks) + next(chunks)
        desk.close()
        with pytest.raises(DeskClosed):
            list(chunks)
    with office.desk(other) as second, pytest.raises(BundleCut):
        merge(second, begun)


def test_another_organisation_cannot_be_merged(office: Office, tmp_path: Path) -> None:
    stranger = Office(tmp_path / "stranger")
    with office.desk() as desk, stranger.desk() as other, pytest.raises(Exception, match="another organisation"):
        merge(desk, exported(other))


def test_a_full_disk_at_the_journal_loses_no_letter_of_a_bundle(
    office: Office, two: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    report = office.report()
    first.pull(office.post)
    first.append(Noted(case=report.case, text="да"))
    data = exported(first)

    def full(*_: object) -> None:
        raise CannotWrite("the journal (No space left on device)")

    with monkeypatch.context() as patch:
        patch.setattr(second._journal, "append", full)
        with pytest.raises(CannotWrite):
            merge(second, data)
    other = office.report()
    second.pull(office.post)
    with second.reading() as db:
        assert {row[0] for row in db.execute('SELECT id FROM "case"')} == {report.case, other.case}
    merge(second, data)
    merge(first, exported(second))
    assert state(second) == state(first)
    assert acts(second) == acts(first)


class PowerCut(BaseException):
    pass


class Desks(RuleBasedStateMachine):
    """Three computers. Whatever a desk confirmed must be at all of them in the end, once."""

    bundles = Bundle("bundles")
    which = st.integers(0, 2)

    @initialize()
    def begin(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="tocsin-desks-", dir=MEMORY))
        self.office = Office(self.base / "office")
        self.folders = [self.office.folder, self.office.copy("second"), self.office.copy("third")]
        self.desks = [self.office.unlock(folder, f"desk {i}") for i, folder in enumerate(self.folders)]
        self.noted: set[str] = set()
        self.cases: list[str] = []
        self.last = b""

    @rule(i=which, people=st.integers(1, 30), twice=st.booleans(), other=which)
    def report(self, i: int, people: int, twice: bool, other: int) -> None:
        report = self.office.report({"people": people, "name": f"Иванова {people}"})
        self.desks[i].collect(self.office.post, RELAYS[0])
        if twice:
            self.office.post.lay(RELAYS[1], report.sealed[0])
            self.desks[other].collect(self.office.post, RELAYS[1])
        self.cases.append(report.case)

    @rule(i=which, data=st.data())
    def act(self, i: int, data: st.DataObject) -> None:
        if not self.cases:
            return
        case, other = (data.draw(st.sampled_from(self.cases)) for _ in range(2))
        actions: list[Action] = [
            Noted(case=case, text="заметка"),
            Marked(case=case, status="open"),
            Marked(case=case, status="closed"),
            Stated(case=case, facts={"people": 5}, source="звонок в отдел"),
            Lawyer(case=case, state="on_way"),
            Viewed(case=case),
        ]
        if case != other:
            actions.append(SamePerson(a=f"{case}#0", b=f"{other}#0"))
        self.noted.add(self.desks[i].append(data.draw(st.sampled_from(actions))).id)

    @rule(i=which)
    def lock_and_unlock(self, i: int) -> None:
        self.desks[i].close()
        self.desks[i] = self.office.unlock(self.folders[i], f"desk {i}")

    @rule(seconds=st.integers(-100_000, 100_000))
    def set_the_clock(self, seconds: int) -> None:
        self.office.now += seconds

    @rule(target=bundles, i=which)
    def export(self, i: int) -> bytes:
        return exported(self.desks[i])

    @rule(j=which, data=bundles)
    def merge_some_bundle(self, j: int, data: bytes) -> None:
        merge(self.desks[j], data)

    @rule(i=which, j=which)
    def merge_now(self, i: int, j: int) -> None:
        merge(self.desks[j], exported(self.desks[i]))

    @rule(i=which, j=which, writes=st.integers(0, 3))
    def merge_until_the_power_fails(self, i: int, j: int, writes: int) -> None:
        data, desk = exported(self.desks[i]), self.desks[j]
        left = writes

        def failing(real: Any) -> Any:
            def write(*words: Any) -> Any:
                nonlocal left
                if not left:
                    raise PowerCut
                left -= 1
                return real(*words)

            return write

        desk._journal._write = failing(desk._journal._write)  # type: ignore[method-assign]
        desk._records.keep = failing(desk._records.keep)  # type: ignore[method-assign]
        desk._records.keep_tail = failing(desk._records.keep_tail)  # type: ignore[method-assign]
        try:
            merge(desk, data)
        except PowerCut:
            desk._resources.close()
        else:
            left = 100
            desk.close()
        self.desks[j] = self.office.unlock(self.folders[j], f"desk {j}")

    @invariant()
    def nothing_is_wrong(self) -> None:
        for desk in getattr(self, "desks", []):
            assert desk.damage == []

    def teardown(self) -> None:
        if not hasattr(self, "desks"):
            return
        for _ in range(2):
            for i in range(3):
                merge(self.desks[(i + 1) % 3], exported(self.desks[i]))
        try:
            seen = self.same_everywhere()
            for i in range(3):
                self.lock_and_unlock(i)
            assert self.same_everywhere() == seen
        finally:
            for desk in self.desks:
                desk.close()
            shutil.rmtree(self.base)

    def same_everywhere(self) -> list[Any]:
        first = self.desks[0]
        seen, actions = state(first), acts(first)
        assert set(actions) == self.noted
        assert len(actions) == len(self.noted)
        assert len(seen[0]) == len(self.cases)
        for desk in self.desks[1:]:
            assert acts(desk) == actions
            assert state(desk) == seen
            assert desk.damage == []
        return seen


# What fails is told as it was found: making it shorter would take many minutes of unlocking.
Desks.TestCase.settings = settings(
    max_examples=at_length(12, 100),
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestDesks = Desks.TestCase
