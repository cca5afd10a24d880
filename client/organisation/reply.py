"""An organisation's reply to a reporter: sealed to the reply block of the case, authentic by its secret."""

from client.organisation.case_files import Case
from client.organisation.home_secrets import HomeSecrets
from client.outbox.retry import OutboxLetter, relay_order
from client.outbox.store import Waiting
from client.reporter.compose import new_id
from keys import message
from keys.envelope import Address, Sealed, frame, seal_content, size_for
from keys.errors import Malformed, TocsinError
from keys.message import Reply, ReplyBlock
from keys.wire import MAC_BYTES, SALT_BYTES, Purpose, RandomBytes, digest, unb64

LAST_SEQ = 2**53 - 1  # a number beyond it is no message's place in a case


class NoReplyBlock(TocsinError):
    """the reporter left no way for a reply"""

    code = "no-reply-block"
    hint = "the reply can only be given in another way: see the fields `contact` and `tell`"


def compose_reply(
    case: Case, text: str, status: str, own: HomeSecrets, *, now: int, random_bytes: RandomBytes, seq: int = 0
) -> tuple[Reply, list[Waiting]]:
    """Return a reply to a case, and its envelopes as the outbox keeps them. `seq`: the highest of replies given before.

    Raises NoReplyBlock.
    """
    block = case.reply_block
    if block is None:
        raise NoReplyBlock()
    seq = min(max(seq, *(entry.message.seq for entry in case.messages)) + 1, LAST_SEQ)
    reply = Reply(id=new_id(random_bytes), case=case.id, seq=seq, at=now, text=text, status=status)
    return reply, waiting(seal_reply(reply, block, own.relays, random_bytes), tuple(own.log), random_bytes)


def is_over(block: ReplyBlock | None, now: int) -> bool:
    """Tell whether the time is over that the reporter gave for replies: it may still be read, and nobody promised."""
    return block is not None and block.until <= now


def seal_reply(
    reply: Reply, block: ReplyBlock, own_relays: list[str], random_bytes: RandomBytes
) -> list[tuple[Sealed, tuple[str, ...]]]:
    """Return the reply, sealed once for each mailbox of the block, and the relays each goes to. Raises NoReplyBlock.

    Only the organisation's own relays are used: a block that names another address would have this computer call a
    stranger, who learns where it is.
    Specified in `keys/message.md`, *Reply block*.
    """
    by_mailbox: dict[bytes, list[str]] = {}
    for relay, mailbox in block.relays:
        if relay in own_relays:
            by_mailbox.setdefault(unb64(mailbox), []).append(relay)
    if not by_mailbox:
        raise NoReplyBlock()
    try:
        return _seal_each(reply, block, by_mailbox, random_bytes)
    except Malformed:
        raise NoReplyBlock() from None


def _seal_each(
    reply: Reply, block: ReplyBlock, by_mailbox: dict[bytes, list[str]], random_bytes: RandomBytes
) -> list[tuple[Sealed, tuple[str, ...]]]:
    return [(_seal(reply, block, mailbox, random_bytes), tuple(relays)) for mailbox, relays in by_mailbox.items()]


def _seal(reply: Reply, block: ReplyBlock, mailbox: bytes, random_bytes: RandomBytes) -> Sealed:
    key = unb64(block.key)
    address = Address(Purpose.REPLY, digest(key), mailbox)
    header, salt = message.header(reply), random_bytes(SALT_BYTES)
    size = size_for(header, bytes(MAC_BYTES))
    mac = message.reply_mac(unb64(block.secret), address, size, salt, header)
    return seal_content(frame(salt, header, mac), key=key, address=address, size=size)


def waiting(
    sealed: list[tuple[Sealed, tuple[str, ...]]], keys: tuple[str, ...], random_bytes: RandomBytes
) -> list[Waiting]:
    """Return the envelopes as the outbox keeps them; each goes to its relays in an order of its own."""
    return [Waiting(envelope, OutboxLetter(relay_order(relays, random_bytes)), keys) for envelope, relays in sealed]
