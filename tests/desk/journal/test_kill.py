"""A desk that is killed with -9 in the middle of a merge loses nothing and counts nothing twice. Real processes."""

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.desk.desk import Desk
from client.desk.journal.entries import Noted
from client.organisation.records import Records
from tests.support.desk.merged_journals import acts, exported, merge, state
from tests.support.desk_office import PASSPHRASE, Office
from tests.support.desk_process import DeskProcess, DeskVisitor, running
from tests.support.soak import at_length

pytestmark = pytest.mark.process

LETTERS = 150
ROOT = Path(__file__).parents[3]
MERGE = """
import sys
from pathlib import Path
from client.desk.desk import Desk
folder, bundle, passphrase = sys.argv[1:]
with Desk.unlock(Path(folder), passphrase, "Пётр") as desk, open(bundle, "rb") as stream:
    print("merging", flush=True)
    desk.merge_journal(stream)
    print("merged", flush=True)
"""


class TwoDesks:
    """Two computers: the first has letters, photos and notes that the second lacks, which has a note of its own."""

    def __init__(self, folder: Path) -> None:
        self.office = Office(folder / "office")
        self.second = self.office.copy("second")
        cases = [
            self.office.report({"people": 1 + i % 7}, files=(os.urandom(70_000),) if i % 25 == 0 else ()).case
            for i in range(LETTERS)
        ]
        with self.office.desk(self.second, "Пётр") as desk:
            self.own = desk.append(Noted(case=cases[0], text="своя заметка"))
        with self.office.desk() as desk:
            desk.pull(self.office.post)
            desk.append_all([Noted(case=case, text="заметка") for case in cases])
            self.data = exported(desk)
            self.expected = [*acts(desk), self.own.id]
            self.bundle = folder / "bundle"
            self.bundle.write_bytes(self.data)
        self.base = {path.name: path.read_bytes() for path in self.second.iterdir()}

    def reset(self) -> None:
        for path in self.second.iterdir():
            path.unlink()
        for name, data in self.base.items():
            (self.second / name).write_bytes(data)

    def check(self) -> None:
        """What the killed desk left is sound, keeps its own, and the same merge again finishes the work."""
        with self.office.desk(self.second, "Пётр") as desk:
            assert desk.damage == [] or [damage.code for damage in desk.damage] == ["journal-cut"]
            assert self.own.id in acts(desk)
            merge(desk, self.data)
            assert sorted(acts(desk)) == sorted(self.expected)
            with desk.reading() as db:
                assert db.execute("SELECT count(*), count(DISTINCT header) FROM letter").fetchone() == (LETTERS,) * 2
            assert merge(desk, self.data).letters == 0
            seen = state(desk)
            assert len(desk._records.piece_marks()) == 2 * LETTERS // 25
        with self.office.desk(self.second, "Пётр") as desk:
            assert desk.damage == []
            assert state(desk) == seen


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TwoDesks:
    return TwoDesks(tmp_path_factory.mktemp("kill"))


def dying(world: TwoDesks, writes: int, half: bool) -> bool:
    """Merge in a process of its own that dies at the given write to the disk; whether it did."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    try:
        desk = Desk.unlock(world.second, PASSPHRASE, "Пётр")
        left, pwrite = writes, os.pwrite

        def die_at(real: Callable[..., Any], by_half: bool = False) -> Callable[..., Any]:
            def call(*words: Any) -> Any:
                nonlocal left
                if not left:
                    if half and by_half:
                        descriptor, data, at = words
                        pwrite(descriptor, bytes(data)[: len(data) // 2], at)
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1
                return real(*words)

            return call

        os.pwrite = die_at(os.pwrite, by_half=True)
        os.fsync = die_at(os.fsync)
        Records.keep = die_at(Records.keep)  # type: ignore[method-assign]
        Records.keep_tail = die_at(Records.keep_tail)  # type: ignore[method-assign]
        desk.merge_journal(io.BytesIO(world.data))
    except BaseException:
        os._exit(1)
    os._exit(0)


@pytest.mark.slow
def test_killed_at_every_write_of_a_merge(world: TwoDesks) -> None:
    died = 0
    for half in (False, True):
        writes = 0
        world.reset()
        while dying(world, writes, half):
            world.check()
            world.reset()
            writes += 1
            died += 1
        world.check()
    assert died > 8


@pytest.mark.soak
@pytest.mark.slow
def test_killed_at_any_moment_of_a_merge(world: TwoDesks) -> None:
    """Inside SQLite, the kernel, or nowhere in particular: moments spread over the time a merge takes."""
    random_bytes, took, killed = random.Random(7), 0.0, 0  # noqa: S311 - moments
    for round_ in range(1 + at_length(6, 100)):
        world.reset()
        command = [sys.executable, "-c", MERGE, str(world.second), str(world.bundle), PASSPHRASE]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "merging\n"
            began = time.monotonic()
            if round_ == 0:
                process.wait(120)
                took = time.monotonic() - began
                continue
            try:
                process.wait(random_bytes.uniform(0, took))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
        world.check()
    assert killed >= 2


def written(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.name.startswith(("inbox.db", "journal")))


@pytest.mark.slow
def test_two_desks_at_once_and_one_is_killed_in_mid_merge(world: TwoDesks) -> None:
    """Over HTTP, as two caseworkers do it: both unlocked, one hands over its journal, the other dies taking it."""
    world.reset()
    with running(world.office.folder) as first, running(world.second) as second:
        anna, pyotr = let_in(first), let_in(second)
        bundle = anna.post("/journal/export").content
        before = written(world.second)

        def hand_over() -> None:
            with contextlib.suppress(httpx.HTTPError):
                pyotr.merge(bundle)

        handing = threading.Thread(target=hand_over)
        handing.start()
        while written(world.second) == before:
            pass
        second.end(signal.SIGKILL)
        handing.join(60)
        assert anna.post("/case/1/note", text="пока тот лежал").status_code == 303
        with running(world.second) as again:
            pyotr = let_in(again)
            assert pyotr.post("/case/1/note", text="после смерти").status_code in (303, 404)
            assert pyotr.merge(anna.post("/journal/export").content).status_code == 303
            assert anna.merge(pyotr.post("/journal/export").content).status_code == 303
            assert pyotr.merge(anna.post("/journal/export").content).status_code == 303
            assert again.end() == first.end() == 0
    with world.office.desk() as first_desk, world.office.desk(world.second) as other:
        assert acts(first_desk) == acts(other)
        assert {*world.expected} <= set(acts(first_desk))
        assert len(acts(first_desk)) == len(set(acts(first_desk)))
        assert "пока тот лежал" in [entry.action.text for entry in other.entries if isinstance(entry.action, Noted)]
        assert state(first_desk) == state(other)
        assert first_desk.damage == []
        with first_desk.reading() as db:
            assert db.execute("SELECT count(*) FROM letter").fetchone() == (LETTERS,)


def let_in(desk: DeskProcess) -> DeskVisitor:
    browser = desk.browser()
    assert browser.enter().status_code == 303
    assert browser.unlock(PASSPHRASE, "Анна").status_code == 303
    return browser
