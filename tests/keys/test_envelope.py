"""Edges of sealing and opening that no vector shows."""

import pytest

from keys.envelope import (
    FRAMING_BYTES,
    HPKE,
    LETTER_ROOM,
    OVERHEAD_BYTES,
    PARCEL_ROOM,
    Address,
    frame,
    seal,
    size_for,
    unframe,
)
from keys.errors import BadHeader, BadPadding, BadPlaintext, Malformed, TooMuchContent
from keys.kem import PrivateKey, public_key
from keys.opening import OpenedEnvelope, open_envelope
from keys.wire import LETTER_BYTES, PARCEL_BYTES, Purpose, digest

KEY = PrivateKey(digest(b"envelope"))
OTHER = PrivateKey(digest(b"other"))
ADDRESS = Address(Purpose.REPORT, digest(b"root"), digest(b"mailbox"))


def sealed(header: bytes = b"{}", body: bytes = b"", size: int = LETTER_BYTES, random_bytes=bytes):
    return seal(header, body, key=KEY.public, address=ADDRESS, random_bytes=random_bytes, size=size)


@pytest.mark.parametrize(("size", "room"), [(LETTER_BYTES, LETTER_ROOM), (PARCEL_BYTES, PARCEL_ROOM)])
def test_an_envelope_takes_what_fits_and_not_a_byte_more(size, room):
    assert room == size - 1 - 1_120 - 16 - 32 - 4 - 4
    body = b"\xff" * (room - 2)
    assert open_envelope(sealed(body=body, size=size).envelope, [KEY], ADDRESS).body == body
    with pytest.raises(TooMuchContent):
        sealed(body=body + b"\xff", size=size)


def test_the_smaller_size_that_holds_it_is_chosen():
    assert size_for(b"{}", bytes(LETTER_ROOM - 2)) == LETTER_BYTES
    assert size_for(b"{}", bytes(LETTER_ROOM - 1)) == PARCEL_BYTES
    assert size_for(b"{}", bytes(PARCEL_ROOM - 2)) == PARCEL_BYTES
    with pytest.raises(TooMuchContent):
        size_for(b"{}", bytes(PARCEL_ROOM - 1))


def test_the_salt_is_drawn_anew_and_hides_equal_contents():
    drawn = iter([digest(b"first"), digest(b"second")])
    first, second = (sealed(random_bytes=lambda _: next(drawn)) for _ in range(2))
    assert open_envelope(first.envelope, [KEY], ADDRESS).salt == digest(b"first")
    assert first.commitment != second.commitment


def test_what_is_sealed_knows_its_mailbox_and_its_hash():
    letter = sealed()
    assert (letter.mailbox, letter.hash) == (ADDRESS.mailbox, digest(letter.envelope))


def test_a_key_of_another_length_is_no_key():
    for key in (KEY.public[:-1], KEY.public + b"\0", b""):
        with pytest.raises(Malformed):
            seal(b"{}", b"", key=key, address=ADDRESS, random_bytes=bytes)
    for seed in (KEY.seed[:-1], KEY.seed + b"\0", b""):
        with pytest.raises(Malformed):
            PrivateKey(seed)


def test_a_key_that_is_no_lattice_point_is_refused():
    with pytest.raises(Malformed):
        seal(b"{}", b"", key=b"\xff" * len(KEY.public), address=ADDRESS, random_bytes=bytes)


def test_what_opened_it_and_its_whole_content_are_known_afterwards():
    body = b"\0\0"  # zeros of the body are no padding
    opened = open_envelope(sealed(body=body).envelope, [OTHER, KEY], ADDRESS)
    assert opened.opened_by is not OTHER
    assert opened.opened_by == KEY
    assert opened.content == frame(bytes(32), b"{}", body)


def test_a_contact_is_addressed_by_the_hash_of_its_key():
    assert KEY.recipient == digest(KEY.public)


def test_a_content_kept_before_comes_apart_or_is_refused():
    content = frame(bytes(32), b"{}", b"body")
    assert unframe(content) == (bytes(32), b"{}", b"body")
    for broken in (content[:-1], content + b"\0", content[: FRAMING_BYTES - 1], content[:34], b""):
        with pytest.raises(BadPlaintext):
            unframe(broken)


def with_inside(plaintext: bytes, size: int = LETTER_BYTES) -> bytes:
    """An envelope around a plaintext that `seal` would not write."""
    whole = plaintext.ljust(size - OVERHEAD_BYTES, b"\0")
    return b"\x01" + HPKE.encrypt(whole, public_key(KEY.public), info=ADDRESS.info(size))


@pytest.mark.parametrize("size", [LETTER_BYTES, PARCEL_BYTES])
def test_every_byte_after_the_body_is_zero(size):
    content = frame(bytes(32), b"{}", b"")
    room = size - OVERHEAD_BYTES
    assert open_envelope(with_inside(content, size), [KEY], ADDRESS).body == b""
    for at in (len(content), len(content) + 1, room // 2, room - 2, room - 1):
        with pytest.raises(BadPadding):
            open_envelope(with_inside(content.ljust(at, b"\0") + b"\x01", size), [KEY], ADDRESS)


@pytest.mark.parametrize("over", [1, 2, 4, 5])
def test_a_header_or_a_body_must_end_before_the_letter_does(over):
    # the header as long as it can be, and then longer: first the body's length does not fit, then the header itself
    header = LETTER_ROOM + over
    for inside in (
        bytes(32) + header.to_bytes(4, "big") + b"{}".ljust(header)[: LETTER_ROOM + 4],
        bytes(32) + b"\0\0\0\x02{}" + (LETTER_ROOM - 2 + over).to_bytes(4, "big"),
    ):
        with pytest.raises(BadPlaintext) as caught:
            open_envelope(with_inside(inside), [KEY], ADDRESS)
        assert caught.value.code == "plaintext-malformed"


def test_a_header_nested_beyond_reason_is_refused_like_any_other():
    deep = b'{"a":' + b"[" * 3_000 + b"]" * 3_000 + b"}"
    with pytest.raises(BadHeader):
        open_envelope(sealed(deep).envelope, [KEY], ADDRESS)


def test_no_secret_stands_in_what_a_traceback_prints():
    opened = open_envelope(sealed(b'{"text":"secret"}').envelope, [KEY], ADDRESS)
    assert isinstance(opened, OpenedEnvelope)
    for shown in (repr(KEY), repr(opened)):
        assert "secret" not in shown
        assert repr(KEY.seed)[2:-1] not in shown
