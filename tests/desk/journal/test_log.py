"""A journal that was cut, changed or rearranged says so at once, and everything before the damage is usable."""

import itertools
import os
from pathlib import Path

import pytest

from client.desk.journal import entries as journal_entries
from client.desk.journal import log
from client.desk.journal.entries import BadEntry, Entry, Marked, Noted, Other, Unlocked
from client.desk.journal.log import MAGIC, Journal, JournalReadOnly
from client.desk.journal.sessions import Forked, Gap, Sessions
from client.files import CannotWrite
from client.organisation.records import Tail
from keys.wire import b64

STORE = b"s" * 32
SESSION = b"one session here"
CASE = b64(b"c" * 16)
WORDS = ["первая", "вторая", "третья", "четвёртая", "последняя"]


def opened(folder: Path, tail: Tail | None = None) -> Journal:
    return Journal.open(folder, STORE, tail)


def write(journal: Journal, *words: str, session: bytes = SESSION) -> Tail:
    actions = [Noted(case=CASE, text=word) for word in words]
    return journal.append(journal.sessions.follow(session, actions, at=5, by="Анна"))


def words(journal: Journal) -> list[str]:
    return [entry.action.text for entry in journal.sessions.entries if isinstance(entry.action, Noted)]


def frames(data: bytes) -> list[bytes]:
    """The records of a journal as bytes, the first line left out."""
    found, at = [], len(MAGIC)
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        found.append(data[at:end])
        at = end
    return found


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Path, bytes, Tail]:
    """A journal with five records: its folder, its bytes, where it ends."""
    tail = write(opened(tmp_path), *WORDS)
    return tmp_path, (tmp_path / "journal").read_bytes(), tail


def test_a_journal_goes_on_after_it_was_closed(tmp_path: Path) -> None:
    write(opened(tmp_path), "первая")
    write(opened(tmp_path), "вторая", "третья", session=b"another session!")
    again = opened(tmp_path)
    assert (words(again), again.damage) == (["первая", "вторая", "третья"], [])
    assert [entry.turn for entry in again.sessions.entries] == [1, 2, 3]


def test_nothing_of_it_can_be_read_on_the_disk(whole: tuple[Path, bytes, Tail]) -> None:
    data = whole[1]
    assert data.startswith(MAGIC)
    for words_ in (*WORDS, "Анна", CASE, "noted"):
        assert words_.encode() not in data


def test_another_key_opens_nothing(whole: tuple[Path, bytes, Tail]) -> None:
    folder, _, tail = whole
    journal = Journal.open(folder, b"x" * 32, tail)
    assert (journal.sessions.entries, journal.read_only) == ([], True)
    assert [damage.code for damage in journal.damage] == ["journal-record-changed"]


def test_cut_at_every_byte_of_its_last_record_it_goes_on_after_the_one_before(
    whole: tuple[Path, bytes, Tail],
) -> None:
    folder, data, tail = whole
    last = len(data) - len(frames(data)[-1])
    for length in range(last, len(data)):
        (folder / "journal").write_bytes(data[:length])
        journal = opened(folder, tail)
        assert words(journal) == WORDS[:-1]
        [damage] = journal.damage
        assert (damage.record, damage.offset, damage.bytes) == (4, last, length - last)
        if length == last:
            assert damage.code == "journal-short"
        else:
            assert damage.code == "journal-cut"
            assert (folder / damage.aside).read_bytes() == data[last:length]
            (folder / damage.aside).unlink()
        assert not journal.read_only
        write(journal, "и дальше")
        assert words(opened(folder)) == [*WORDS[:-1], "и дальше"]


def test_torn_while_the_record_behind_the_tail_was_written_it_goes_on(whole: tuple[Path, bytes, Tail]) -> None:
    """Power fails before the record is whole: what a disk then holds may be the start of it, zeros, or garbage."""
    folder, data, tail = whole
    write(opened(folder), "не дописана")
    longer = (folder / "journal").read_bytes()
    for length in range(len(data) + 1, len(longer)):
        for rest in (b"", bytes(len(longer) - length), os.urandom(len(longer) - length)):
            (folder / "journal").write_bytes(longer[:length] + rest)
            journal = opened(folder, tail)
            assert (words(journal), journal.read_only) == (WORDS, False)
            assert [(damage.code, damage.record) for damage in journal.damage] == [("journal-cut", 5)]
            (folder / journal.damage[0].aside).unlink()
            assert (folder / "journal").read_bytes() == data


def test_a_whole_record_behind_the_tail_counts(whole: tuple[Path, bytes, Tail]) -> None:
    folder, _, tail = whole
    write(opened(folder), "ещё одна")
    journal = opened(folder, tail)
    assert (words(journal), journal.damage) == ([*WORDS, "ещё одна"], [])


def test_a_byte_flipped_anywhere_is_named_and_nothing_is_overwritten(whole: tuple[Path, bytes, Tail]) -> None:
    folder, data, tail = whole
    ends = list(itertools.accumulate(map(len, frames(data)), initial=len(MAGIC)))
    for at in range(len(data)):
        bad = bytearray(data)
        bad[at] ^= 1 << (at % 8)
        (folder / "journal").write_bytes(bad)
        journal = opened(folder, tail)
        intact = max(sum(end <= at for end in ends) - 1, 0)
        assert words(journal) == WORDS[:intact], at
        [damage] = journal.damage
        expected = "journal-first-line" if at < len(MAGIC) else "journal-record-changed"
        assert (damage.code, damage.record) == (expected, intact), at
        assert damage.offset == (0 if at < len(MAGIC) else ends[intact])
        with pytest.raises(JournalReadOnly):
            write(journal, "новая")
        assert (folder / "journal").read_bytes() == bad


@pytest.mark.parametrize(("i", "j"), list(itertools.combinations(range(5), 2)))
def test_two_records_that_changed_places_are_named(whole: tuple[Path, bytes, Tail], i: int, j: int) -> None:
    folder, data, tail = whole
    parts = frames(data)
    parts[i], parts[j] = parts[j], parts[i]
    (folder / "journal").write_bytes(MAGIC + b"".join(parts))
    journal = opened(folder, tail)
    assert words(journal) == WORDS[:i]
    assert [(damage.code, damage.record) for damage in journal.damage] == [("journal-record-misplaced", i)]
    assert journal.read_only


def test_records_of_two_sessions_that_changed_places_are_named(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    for word in WORDS:
        tail = write(journal, word, session=word.encode()[:8].ljust(16))
    parts = frames((tmp_path / "journal").read_bytes())
    for i in range(4):
        swapped = [*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]]
        (tmp_path / "journal").write_bytes(MAGIC + b"".join(swapped))
        again = opened(tmp_path, tail)
        assert [(damage.code, damage.record) for damage in again.damage] == [("journal-record-misplaced", i)]
        assert words(again) == WORDS[:i]


def test_a_length_that_cannot_be_is_no_torn_record(tmp_path: Path) -> None:
    """Even without the tail, which else would tell."""
    write(opened(tmp_path), *WORDS)
    data = bytearray((tmp_path / "journal").read_bytes())
    data[len(MAGIC)] ^= 0x80
    (tmp_path / "journal").write_bytes(data)
    journal = opened(tmp_path)
    assert ([damage.code for damage in journal.damage], journal.read_only) == (["journal-record-changed"], True)


@pytest.mark.parametrize("gone", range(4))
def test_a_record_that_was_taken_out_is_named(whole: tuple[Path, bytes, Tail], gone: int) -> None:
    folder, data, tail = whole
    parts = frames(data)
    (folder / "journal").write_bytes(MAGIC + b"".join(parts[:gone] + parts[gone + 1 :]))
    journal = opened(folder, tail)
    assert words(journal) == WORDS[:gone]
    assert [(damage.code, damage.record) for damage in journal.damage] == [("journal-record-misplaced", gone)]


@pytest.mark.parametrize("twice", range(5))
def test_a_record_that_stands_twice_is_named(whole: tuple[Path, bytes, Tail], twice: int) -> None:
    folder, data, _ = whole
    parts = frames(data)
    (folder / "journal").write_bytes(MAGIC + b"".join(parts[: twice + 1] + parts[twice:]))
    journal = opened(folder)
    assert words(journal) == WORDS[: twice + 1]
    assert [damage.code for damage in journal.damage] == ["journal-record-misplaced"]


def test_an_older_copy_in_its_place_is_named(whole: tuple[Path, bytes, Tail]) -> None:
    folder, data, _ = whole
    tail = write(opened(folder), "позже")
    (folder / "journal").write_bytes(data)
    assert [damage.code for damage in opened(folder, tail).damage] == ["journal-short"]


def test_a_journal_that_is_gone_is_named(whole: tuple[Path, bytes, Tail]) -> None:
    folder, _, tail = whole
    (folder / "journal").unlink()
    journal = opened(folder, tail)
    assert ([damage.code for damage in journal.damage], journal.sessions.entries) == (["journal-short"], [])
    write(journal, "дальше")
    assert words(opened(folder)) == ["дальше"]


def test_another_journal_of_the_same_length_is_named(whole: tuple[Path, bytes, Tail], tmp_path: Path) -> None:
    folder, _, tail = whole
    (other := tmp_path / "other").mkdir()
    write(opened(other), *WORDS, "и ещё")
    (folder / "journal").write_bytes((other / "journal").read_bytes())
    assert [damage.code for damage in opened(folder, tail).damage] == ["journal-replaced"]


def test_mending_keeps_the_damaged_file_and_goes_on(whole: tuple[Path, bytes, Tail]) -> None:
    folder, data, tail = whole
    bad = bytearray(data)
    bad[-len(frames(data)[-1]) - 1] ^= 1
    (folder / "journal").write_bytes(bad)
    journal = opened(folder, tail).mend(STORE)
    assert (words(journal), journal.read_only) == (WORDS[:3], False)
    assert [(damage.code, damage.aside) for damage in journal.damage] == [
        ("journal-record-changed", "journal.damaged-1")
    ]
    assert (folder / "journal.damaged-1").read_bytes() == bad
    tail = write(journal, "дальше")
    again = opened(folder, tail)
    assert (words(again), again.damage) == ([*WORDS[:3], "дальше"], [])


def test_a_disk_that_is_full_leaves_journal_and_memory_as_they_were(
    whole: tuple[Path, bytes, Tail], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, data, tail = whole
    journal, real = opened(folder, tail), os.pwrite
    room = 50

    def pwrite(descriptor: int, part: bytes, at: int) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        written = real(descriptor, bytes(part)[:room], at)
        room -= written
        return written

    monkeypatch.setattr(os, "pwrite", pwrite)
    with pytest.raises(CannotWrite) as error:
        write(journal, "секрет, который не поместился")
    assert "секрет" not in str(error.value)
    assert (words(journal), (folder / "journal").read_bytes()) == (WORDS, data)
    monkeypatch.undo()
    write(journal, "теперь есть место")
    again = opened(folder)
    assert (words(again), again.damage) == ([*WORDS, "теперь есть место"], [])


def test_a_disk_that_cannot_even_take_back_ends_the_writing(
    whole: tuple[Path, bytes, Tail], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, tail = whole
    journal = opened(folder, tail)

    def fsync(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(CannotWrite):
        write(journal, "?")
    monkeypatch.undo()
    with pytest.raises(JournalReadOnly):
        write(journal, "??")
    assert words(opened(folder, tail)) == WORDS


def test_everything_is_on_the_disk_before_memory_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, real = opened(tmp_path), os.fsync
    seen: list[list[str]] = []

    def fsync(descriptor: int) -> None:
        real(descriptor)
        seen.append(words(journal))
        assert words(opened(tmp_path)) == ["одна"]

    monkeypatch.setattr(os, "fsync", fsync)
    write(journal, "одна")
    assert (seen, words(journal)) == ([[]], ["одна"])


# Entries


def write_entry(
    action: journal_entries.Action, n: int = 0, before: bytes = journal_entries.FIRST, session: bytes = SESSION
) -> Entry:
    return journal_entries.write(session, n, before, n + 1, at=7, by="Анна", action=action)


def test_a_kind_of_a_newer_desk_is_kept_as_it_came() -> None:
    import msgspec

    fields = {"kind": "sung", "song": "Червона рута"}
    data = msgspec.msgpack.encode((SESSION, 0, journal_entries.FIRST, 1, 5, "Анна", fields, "a field that comes later"))
    entry = journal_entries.read(data)
    assert isinstance(entry.action, Other)
    assert (entry.action.kind, entry.action.fields, entry.data) == ("sung", fields, data)


def test_a_known_kind_with_more_fields_stays_known_and_keeps_its_bytes() -> None:
    import msgspec

    fields = {"kind": "noted", "case": CASE, "text": "да", "mood": "tired"}
    data = msgspec.msgpack.encode((SESSION, 0, journal_entries.FIRST, 1, 5, "Анна", fields))
    entry = journal_entries.read(data)
    assert isinstance(entry.action, Noted)
    assert b"tired" in entry.data


@pytest.mark.parametrize(
    ("action", "where"),
    [
        (Noted(case="нет", text="секрет"), "$.case"),
        (Noted(case=CASE, text="секрет" * 10_000), "$.text"),
        (Marked(case=CASE, status="секрет"), "$.status"),
        (journal_entries.SamePerson(a=f"{CASE}#0", b=f"{CASE}#01"), "$.b"),
        (Noted(case=CASE, text="секрет \ud800"), ""),
    ],
)
def test_what_does_not_fit_is_named_and_its_words_are_not(action: journal_entries.Action, where: str) -> None:
    with pytest.raises(BadEntry) as error:
        write_entry(action)
    assert (error.value.detail, "секрет" in str(error.value)) == (where, False)


def test_no_word_of_an_entry_is_in_its_repr() -> None:
    action = Noted(case=CASE, text="секрет")
    entry = write_entry(action)
    assert "секрет" not in repr(action) + repr(entry) + repr(Other("x", {"a": "секрет"})) + repr([entry])
    assert CASE not in repr(entry)


def test_any_bytes_are_an_entry_or_malformed() -> None:
    data = write_entry(Noted(case=CASE, text="слово")).data
    for at in range(len(data)):
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]):
            try:
                journal_entries.read(bad)
            except BadEntry as error:
                assert "слово" not in str(error)


def test_facts_are_about_the_report_or_about_one_person() -> None:
    for person in ("", f"{CASE}#0", f"{CASE}#12"):
        write_entry(journal_entries.Stated(case=CASE, facts={"people": 2}, source="звонок", person=person))
    for person in (CASE, "#1", f"{CASE}#1\n"):
        with pytest.raises(BadEntry):
            write_entry(journal_entries.Stated(case=CASE, facts={}, source="звонок", person=person))


# Sessions


def chain(count: int, session: bytes = SESSION, start: int = 0) -> list[Entry]:
    return Sessions(turn=start).follow(session, [Noted(case=CASE, text=str(i)) for i in range(count)], at=1, by="Анна")


def test_a_session_takes_only_what_comes_next() -> None:
    sessions, entries = Sessions(), chain(3)
    with pytest.raises(Gap):
        sessions.add(entries[1])
    assert [sessions.add(entry) for entry in (*entries, *entries)] == [True] * 3 + [False] * 3
    with pytest.raises(Forked):
        sessions.add(write_entry(Noted(case=CASE, text="другая"), n=1, before=entries[0].hash))
    with pytest.raises(Forked):
        sessions.add(write_entry(Noted(case=CASE, text="другая"), n=3, before=b"x" * 32))


def test_heads_that_are_named_are_named_through_whoever_names_them() -> None:
    sessions = Sessions()
    for entry in chain(3, b"a" * 16):
        sessions.add(entry)
    [tip] = sessions.find_tips()
    assert (tip.session, tip.n) == (b"a" * 16, 2)
    for entry in sessions.follow(b"b" * 16, [Unlocked(heads=[tip])], at=1, by="Анна"):
        sessions.add(entry)
    assert [tip.session for tip in sessions.find_tips()] == [b"b" * 16]
    for entry in sessions.follow(b"a" * 16, [Noted(case=CASE, text="ещё")], at=1, by="Анна"):
        sessions.add(entry)
    assert [tip.session for tip in sessions.find_tips()] == [b"a" * 16, b"b" * 16]


def test_a_session_that_somebody_took_away_is_missed() -> None:
    rest = Sessions()
    first = chain(3, b"a" * 16)
    whole = Sessions()
    for entry in first:
        whole.add(entry)
    later = whole.follow(b"b" * 16, [Unlocked(heads=whole.find_tips())], at=1, by="Анна")
    for entry in (*first[:2], *later):
        rest.add(entry)
    assert [(head.session, head.n) for head in rest.find_missing_heads()] == [(b"a" * 16, 2)]


def test_a_clock_that_was_set_back_changes_no_order() -> None:
    sessions = Sessions()
    for at in (1_000, 500, 10):
        for entry in sessions.follow(SESSION, [Noted(case=CASE, text=str(at))], at=at, by="Анна"):
            sessions.add(entry)
    assert [entry.at for entry in sessions.entries] == [1_000, 500, 10]


def test_the_last_turn_there_is_does_not_stop_the_journal(tmp_path: Path) -> None:
    mine = opened(tmp_path)
    mine.append(chain(1, b"z" * 16, start=2**53 - 2))
    write(mine, "дальше", "и дальше")
    assert sorted(words(opened(tmp_path))) == ["0", "дальше", "и дальше"]


def test_frames_are_bounded() -> None:
    assert log.FRAME_BYTES < 2**32
