"""A keystore that is rewritten: old blocks open nothing, and killed at whatever moment it opens."""

import itertools
import os
import signal
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from client import files
from client.contacts import book as contacts_book
from client.contacts.pairing import make_code
from client.keystore_file import BLOCK_BYTES, KEY_SUFFIX, KeystoreFile
from client.organisation.home import KEYSTORE, Profile, create, unlock_home
from client.organisation.publish import publish
from keys.errors import TocsinError, WrappingKeyMissing, WrongPassphrase
from keys.keystore import Cost, Keystore, KeystoreKind, mark_of, read_mark, unlock
from keys.wire import WEEK_SECONDS
from tests.support.fake_relay import Post

NOW = 1_795_168_800
NORTH = "https://north.example"
QUICK = Cost(1, 8 * 1024)
KIND = KeystoreKind.ORGANISATION
STEPS = ("open", "pwrite", "fsync", "replace", "unlink")  # of `os`: all that changes a disk here, and every sync


def words() -> str:
    return "words"


@pytest.fixture
def path(tmp_path):
    KeystoreFile.new(tmp_path / "keystore", KIND, words(), os.urandom, QUICK).save(b"first")
    return tmp_path / "keystore"


def key_file(path: Path) -> Path:
    return path.with_name(path.name + KEY_SUFFIX)


def opened(path: Path) -> bytes:
    return KeystoreFile.unlock(path, words(), KIND)[1]


def keys_on_disk(path: Path) -> list[bytes]:
    data = key_file(path).read_bytes()
    return [data[at : at + 32] for at in (0, BLOCK_BYTES)]


def opens_with_what_is_there(old: bytes, path: Path) -> bool:
    """Whether old blocks of the keystore give their secrets to who has the passphrase and the disk as it is now."""
    try:
        unlock(old, words(), KIND, keys_on_disk(path))
    except WrappingKeyMissing:
        return False
    return True


def test_old_blocks_open_nothing_once_it_was_rewritten(path):
    blocks = []
    for number in range(5):
        blocks.append(path.read_bytes())
        KeystoreFile.unlock(path, words(), KIND)[0].save(b"%d" % number)
        assert opened(path) == b"%d" % number
        assert [old for old in blocks if opens_with_what_is_there(old, path)] == []
    assert opens_with_what_is_there(path.read_bytes(), path), "the search finds what does open"


def test_the_key_file_is_overwritten_in_place(path):
    before, inode = keys_on_disk(path), key_file(path).stat().st_ino
    KeystoreFile.unlock(path, words(), KIND)[0].save(b"second")
    assert key_file(path).stat().st_ino == inode, "a file that is replaced leaves its old blocks"
    assert not set(before) & set(keys_on_disk(path))
    assert key_file(path).stat().st_size == 2 * BLOCK_BYTES
    assert key_file(path).stat().st_mode & 0o077 == 0


def test_the_keys_are_synced_before_the_keystore_is_replaced_and_after(path, monkeypatch):
    order = []
    for name in STEPS:
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *words, real=real, name=name, **more: order.append(name) or real(*words, **more)
        )
    KeystoreFile.unlock(path, words(), KIND)[0].save(b"second")
    order = [step for step in order if step != "open"]
    assert order == ["pwrite", "fsync", "fsync", "replace", "fsync", "pwrite", "fsync"]


@pytest.mark.parametrize("lost", ["gone", "cut", "another"])
def test_without_its_key_file_it_says_so(path, lost, tmp_path):
    if lost == "gone":
        key_file(path).unlink()
    elif lost == "cut":
        key_file(path).write_bytes(key_file(path).read_bytes()[:-1])
    else:
        key_file(path).write_bytes(os.urandom(2 * BLOCK_BYTES))
    with pytest.raises(WrappingKeyMissing):
        opened(path)


def test_a_wrong_passphrase_is_still_a_wrong_passphrase(path):
    with pytest.raises(WrongPassphrase):
        KeystoreFile.unlock(path, "other", KIND)


def test_who_still_has_it_open_writes_it_anew_when_the_key_file_was_lost(path):
    store = KeystoreFile.unlock(path, words(), KIND)[0]
    key_file(path).unlink()
    store.save(b"again")
    assert opened(path) == b"again"


def test_a_keystore_of_version_1_opens_and_is_guarded_from_its_next_writing_on(tmp_path):
    path = tmp_path / "keystore"
    old = Keystore.new(KIND, words(), os.urandom, QUICK).lock(b"of version 1", os.urandom)
    path.write_bytes(old)
    store, secrets = KeystoreFile.unlock(path, words(), KIND, is_locked=True)
    assert (secrets, path.read_bytes(), key_file(path).exists()) == (b"of version 1", old, False)
    store.save(b"of version 2")
    assert (path.read_bytes()[8], opened(path)) == (2, b"of version 2")
    assert read_mark(path.read_bytes(), KIND) in [mark_of(key) for key in keys_on_disk(path)]


def test_two_that_read_while_a_third_writes_open_it(path, monkeypatch):
    """Between reading the keystore and reading its keys, another command replaces both."""
    store, read, times = KeystoreFile.unlock(path, words(), KIND)[0], files.read, []

    def overtaken(asked):
        data = read(asked)
        if asked == path and not times:
            times.append(1)
            monkeypatch.setattr(files, "read", read)
            store.save(b"second")
        return data

    monkeypatch.setattr(files, "read", overtaken)
    assert opened(path) == b"second"


# Without power at each step


class Disk:
    """What a disk holds of both files: what was synced, and what was written since, any part of which may be lost."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.key_inode = path, key_file(path).stat().st_ino
        self.synced = {path.name: path.read_bytes(), key_file(path).name: key_file(path).read_bytes()}
        self.pending: list[tuple[str, int | None, bytes]] = []
        self.moments: list[list[dict[str, bytes]]] = []
        self._is_data_synced = False
        self._real = {name: getattr(os, name) for name in ("pwrite", "fsync", "replace")}
        for name in self._real:
            monkeypatch.setattr(os, name, getattr(self, name))

    def pwrite(self, descriptor: int, data: bytes, at: int) -> int:
        self.pending.append((key_file(self.path).name, at, bytes(data)))
        self._note()
        return self._real["pwrite"](descriptor, data, at)

    def fsync(self, descriptor: int) -> None:
        self._real["fsync"](descriptor)
        about = os.fstat(descriptor)
        if about.st_ino == self.key_inode:
            self._flush(key_file(self.path).name)
        elif stat.S_ISDIR(about.st_mode):
            self._flush(self.path.name)
        else:
            self._is_data_synced = True
        self._note()

    def replace(self, source: Path, target: Path) -> None:
        assert Path(target) == self.path
        # a name may reach the disk before what it names
        data = Path(source).read_bytes() if self._is_data_synced else b""
        self.pending.append((self.path.name, None, data))
        self._note()
        self._real["replace"](source, target)

    def _flush(self, name: str) -> None:
        mine = [write for write in self.pending if write[0] == name]
        self.synced = applied(self.synced, mine)
        self.pending = [write for write in self.pending if write[0] != name]

    def _note(self) -> None:
        """Remember what may be found if the power goes now."""
        parts = (itertools.combinations(self.pending, count) for count in range(len(self.pending) + 1))
        self.moments.append([applied(self.synced, part) for some in parts for part in some])


def applied(disk: dict[str, bytes], writes: Iterable[tuple[str, int | None, bytes]]) -> dict[str, bytes]:
    after = dict(disk)
    for name, at, data in writes:
        after[name] = data if at is None else after[name][:at] + data + after[name][at + len(data) :]
    return after


def test_without_power_at_any_moment_the_keystore_opens(path, monkeypatch, tmp_path):
    store = KeystoreFile.unlock(path, words(), KIND)[0]
    with monkeypatch.context() as patched:
        disk = Disk(path, patched)
        store.save(b"second")
    found = set()
    for left in itertools.chain.from_iterable(disk.moments):
        (tmp_path / "after").mkdir(exist_ok=True)
        for name, data in left.items():
            (tmp_path / "after" / name).write_bytes(data)
        found.add(opened(tmp_path / "after" / path.name))
    assert found == {b"first", b"second"}
    assert (len(disk.moments), disk.pending) == (7, [])
    assert disk.synced[path.name] == path.read_bytes()
    assert disk.synced[key_file(path).name] == key_file(path).read_bytes()


# Killed at each step


def dying(act: Callable[[], Any], steps: int, half: bool = False) -> bool:
    """Do something in a process of its own that is killed at the given step; whether it was."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    try:
        left, pwrite = steps, os.pwrite

        def die_at(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*given: Any, **more: Any) -> Any:
                nonlocal left
                if not left:
                    if half and real is pwrite:
                        descriptor, data, at = given
                        pwrite(descriptor, data[: len(data) // 2], at)
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1
                return real(*given, **more)

            return call

        for name in STEPS:
            setattr(os, name, die_at(getattr(os, name)))
        act()
    except BaseException:
        os._exit(1)
    os._exit(0)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def put_back(folder: Path, files_before: dict[str, bytes]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for name, data in files_before.items():
        (folder / name).write_bytes(data)


def make_home(folder: Path) -> Path:
    return create(folder / "office", words(), Profile("Помощь", (NORTH,)), now=NOW, cost=QUICK).path


def rotate_home(folder: Path, now: int) -> None:
    """Rotate by a date that is confirmed: the child that is killed asks no relay, because a fork keeps no thread."""
    with files.locked(folder):
        unlock_home(folder, words, is_locked=True).rotate(now)


def renew_home(folder: Path, now: int) -> None:
    with files.locked(folder):
        home = unlock_home(folder, words, is_locked=True)
        home.rotate(now)
        home.renew_card(home.root_key(None, words), now, fresh_keys=True)


ACTS = {"a rotation": rotate_home, "fresh keys": renew_home}


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("name", ACTS)
def test_killed_at_every_step_a_home_opens_and_goes_on(tmp_path, name, half):
    folder, act = make_home(tmp_path), ACTS[name]
    before = snapshot(folder)
    old = unlock_home(folder, words).secrets.chains
    first = unlock_home(folder, words).secrets.chain.seeds()[0]
    steps = 0
    while dying(lambda: act(folder, NOW + WEEK_SECONDS), steps, half):
        left = snapshot(folder)
        found = unlock_home(folder, words).secrets.chains
        assert found == old or found[0].week == old[0].week + 1
        act(folder, NOW + WEEK_SECONDS)
        assert not [path.name for path in folder.iterdir() if path.name.endswith(".new")]
        # what the kill left, whole or not yet renamed, opens no more
        on_disk = keys_on_disk(folder / KEYSTORE)
        now_there = (folder / KEYSTORE).read_bytes()
        stale = [data for name, data in left.items() if KEYSTORE in name and not name.endswith(KEY_SUFFIX)]
        for data in {before[KEYSTORE], *stale} - {now_there}:
            assert not can_unlock(data, on_disk)
        rotate_home(folder, NOW + 7 * WEEK_SECONDS)
        assert first not in [seed for chain in unlock_home(folder, words).secrets.chains for seed in chain.seeds()]
        put_back(folder, before)
        steps += 1
    assert steps > 12
    assert unlock_home(folder, words).secrets.week == old[0].week + 1


def can_unlock(data: bytes, keys: list[bytes]) -> bool:
    try:
        unlock(data, words(), KIND, keys)
    except TocsinError:
        return False
    return True


def test_killed_at_every_step_of_the_first_writing_a_folder_is_none_or_whole(tmp_path):
    steps = 0
    while dying(lambda: make_home(tmp_path), steps):
        folder = tmp_path / "office"
        if (folder / KEYSTORE).exists():
            assert unlock_home(folder, words).secrets.relays == [NORTH]
            published = publish(folder, words, Post(), clock=lambda: NOW + 1)
            assert published.failures == {}
            put_back(folder, {})
        else:
            assert unlock_home(make_home(tmp_path), words)
            put_back(folder, {})
        steps += 1
    assert steps > 8


def test_killed_at_every_step_contacts_open_and_go_on(tmp_path):
    folder = tmp_path / "person"
    make_code(folder, (NORTH,), ask=words, choose=words, cost=QUICK)
    before, steps = snapshot(folder), 0
    old = contacts_book.unlock_book(folder, words()).secrets.offer

    def act():
        return make_code(folder, (NORTH,), ask=words, choose=words)

    while dying(act, steps):
        assert contacts_book.unlock_book(folder, words()).secrets.offer is not None
        newest = act()
        found = contacts_book.unlock_book(folder, words()).secrets.offer
        assert found is not None
        assert found.half.code == newest.half.code
        assert not opens_with(before[contacts_book.KEYSTORE], folder / contacts_book.KEYSTORE)
        put_back(folder, before)
        steps += 1
    assert steps > 8
    assert contacts_book.unlock_book(folder, words()).secrets.offer != old


def opens_with(old: bytes, path: Path) -> bool:
    try:
        unlock(old, words(), KeystoreKind.CONTACTS, keys_on_disk(path))
    except WrappingKeyMissing:
        return False
    return True


def test_what_a_kill_left_is_removed_by_the_next_command_that_takes_the_lock_and_by_no_other(tmp_path):
    folder = make_home(tmp_path)
    (folder / ".keystore.123.new").write_bytes(b"half")
    (folder / ".keystore.key.9.new").write_bytes(b"half")
    (folder / "mine.new").write_bytes(b"somebody's own")
    used = unlock_home(folder, words)
    assert (folder / ".keystore.123.new").exists(), "somebody may be writing it at this moment"
    with files.locked(folder):
        assert sorted(path.name for path in folder.iterdir() if path.name.endswith(".new")) == ["mine.new"]
        keys = keys_on_disk(folder / KEYSTORE)
        assert unlock_home(folder, words, is_locked=True).secrets.store == used.secrets.store
        assert len(set(keys) & set(keys_on_disk(folder / KEYSTORE))) == 1, "only the one in use stays"
