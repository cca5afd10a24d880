"""What proof of work is for."""

from keys import work
from keys.wire import digest


def test_work_is_for_one_seed_one_mailbox_and_one_envelope():
    parts = [digest(b"seed"), digest(b"mailbox"), digest(b"envelope")]
    nonce = work.do(*parts, 10)
    assert work.weighs(*parts, nonce) >= 10
    for changed in range(3):
        others = [digest(part) if at == changed else part for at, part in enumerate(parts)]
        assert work.weighs(*others, nonce) != work.weighs(*parts, nonce)


def test_work_of_so_many_bits_is_at_least_that():
    assert work.do(bytes(32), bytes(32), bytes(32), 0) == bytes(8)
    lightest = work.weighs(bytes(32), bytes(32), bytes(32), bytes(8))
    assert work.do(bytes(32), bytes(32), bytes(32), lightest) == bytes(8)
