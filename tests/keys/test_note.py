"""Edges of signed notes that no vector shows."""

import base64

import pytest
from nacl.signing import SigningKey

from keys import note
from keys.errors import NotANote, NoteUnsigned
from keys.wire import digest

KEY = SigningKey(digest(b"note"))
PUBLIC = bytes(KEY.verify_key)
NAME = "example.org"
TEXT = "tocsin/1/pack\nwords\n"
GOOD = note.sign(TEXT, NAME, KEY)
LINE = GOOD.rpartition(b"\n\n")[2]


def line(blob: bytes, name: str = NAME) -> bytes:
    return f"— {name} {base64.b64encode(blob).decode()}\n".encode()


def signature() -> bytes:
    return KEY.sign(TEXT.encode()).signature


def test_a_signature_under_another_key_id_does_not_count():
    assert note.read(TEXT.encode() + b"\n" + line(note.key_id(NAME, PUBLIC) + signature())).signed_by(PUBLIC)
    assert not note.read(TEXT.encode() + b"\n" + line(b"\0\0\0\0" + signature())).signed_by(PUBLIC)


def test_one_good_signature_among_others_is_enough():
    other = line(note.key_id("w", digest(b"w")) + bytes(64), "w")
    assert note.verify(TEXT.encode() + b"\n" + other + LINE, PUBLIC, "tocsin/1/pack")


def test_a_signature_of_any_length_is_read_and_counts_only_if_it_verifies():
    for blob in (signature()[:-1], signature() + b"\0", b"\0"):
        with pytest.raises(NoteUnsigned):
            note.verify(TEXT.encode() + b"\n" + line(note.key_id(NAME, PUBLIC) + blob), PUBLIC, "tocsin/1/pack")


def test_the_last_line_ends_with_a_newline_and_with_nothing_else():
    for changed in (GOOD[:-1], GOOD[:-1] + b" ", GOOD[:-1] + b"\r", GOOD[:-1] + b"="):
        with pytest.raises(NotANote):
            note.read(changed)


def test_a_line_with_a_key_id_and_no_signature_is_refused():
    with pytest.raises(NotANote):
        note.read(TEXT.encode() + b"\n" + line(note.key_id(NAME, PUBLIC)))


def test_the_text_may_hold_blank_lines_and_lines_that_look_like_signatures():
    text = TEXT + "\n" + LINE.decode() + "\nmore\n"
    assert note.read(note.sign(text, NAME, KEY)).text == text


def test_sixteen_signature_lines_are_read_and_seventeen_refused():
    assert len(note.read(GOOD + LINE * 15).signatures) == 16
    with pytest.raises(NotANote):
        note.read(GOOD + LINE * 16)


def test_a_note_has_at_most_262144_bytes():
    room = 262_144 - len(GOOD)
    assert note.read(note.sign(TEXT + "x" * (room - 1) + "\n", NAME, KEY))
    with pytest.raises(NotANote):
        note.read(note.sign(TEXT + "x" * room + "\n", NAME, KEY))


@pytest.mark.parametrize("text", ["", "\n", "no newline", "a\rb\n", "a\tb\n", "a\x1fb\n"])
def test_a_text_that_cannot_be_signed_is_not_signed_and_not_read(text):
    with pytest.raises(NotANote):
        note.sign(text, NAME, KEY)
    with pytest.raises(NotANote):
        note.read(f"{text}\n".encode() + LINE)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\n", "a\x7f"])
def test_a_name_with_a_blank_or_a_plus_is_none(name):
    with pytest.raises(NotANote):
        note.sign(TEXT, name, KEY)
    with pytest.raises(NotANote):
        note.read(TEXT.encode() + b"\n" + line(note.key_id(name, PUBLIC) + signature(), name))
    with pytest.raises(NotANote):
        note.NoteKey.parse(str(note.NoteKey(name, PUBLIC)))


def test_signature_lines_are_standard_base64_with_its_padding():
    blob = base64.b64encode(note.key_id(NAME, PUBLIC) + signature()).decode()
    for spelt in (blob.rstrip("="), blob[:8] + "-" + blob[9:], blob[:8] + " " + blob[8:], blob + "\n"):
        with pytest.raises(NotANote):
            note.read(f"{TEXT}\n— {NAME} {spelt}\n".encode())


def test_a_verifier_key_says_its_algorithm_its_hash_and_32_bytes():
    good = str(note.NoteKey(NAME, PUBLIC))
    assert note.NoteKey.parse(good) == note.NoteKey(NAME, PUBLIC)

    def text(data: bytes) -> str:
        # the hash fits; what is wrong is the algorithm or the length
        claimed = digest(NAME.encode() + b"\n" + data)[:4].hex()
        return f"{NAME}+{claimed}+{base64.b64encode(data).decode()}"

    assert text(b"\x01" + PUBLIC) == good
    for bad in (
        text(b"\x02" + PUBLIC),
        f"{NAME}+{note.key_id(NAME, PUBLIC).hex()}+{base64.b64encode(bytes([2]) + PUBLIC).decode()}",
        good + "\n",
        good[:-4] + "!" + good[-4:],
        text(b"\x01" + PUBLIC[:-1]),
        text(b"\x01" + PUBLIC + b"\0"),
        good.replace("example", "exemple"),
        good[:-8],
        NAME,
        "",
    ):
        with pytest.raises(NotANote):
            note.NoteKey.parse(bad)
