"""Letters in a contact's mailbox: their card, their share, their alerts. Opens and judges; HTTP is elsewhere."""

from typing import NamedTuple

from client.contacts.book import Contact, QuarantinedLetter, StoredAlert
from client.transport.relay_client import Frame
from keys import message
from keys.envelope import unframe
from keys.errors import BadMessage, EnvelopeError, Malformed, NotAuthentic, TocsinError, UnknownVersion
from keys.opening import OpenedEnvelope, open_envelope
from keys.pairing import (
    WAKE_KIND,
    CardSwapped,
    MacInput,
    is_duress,
    read_pair_card,
    read_share,
    read_wake_change,
)
from keys.wire import SEED_BYTES, digest, read_object, unb64

MARK_BYTES = 16
ASIDE = 64  # letters kept that are not authentic yet
CASES = 64  # keys of cases kept for one contact


class Judged(NamedTuple):
    """How an alert is authentic."""

    duress: bool
    origin: str


def take_card(contact: Contact, frames: list[Frame], now: int) -> list[TocsinError]:
    """Look for the card that the code names; what was wrong with the others."""
    door, troubles = contact.meeting.door(mine=True), list[TocsinError]()
    for frame in frames:
        try:
            opened = open_envelope(frame.envelope, [door.key], door.address)
            read_pair_card(opened.header, contact.code.card, now)
            contact.card = opened.header
        except CardSwapped as error:
            contact.swapped = True
            troubles.append(error)
        except EnvelopeError:
            continue  # what a relay made up; who cannot open the door cannot leave anything behind it
        except TocsinError as error:
            troubles.append(error)
    return troubles


def take_letters(contact: Contact, frames: list[Frame]) -> list[StoredAlert]:
    """Open a page of the pair's own mailbox; the alerts that are new and authentic, oldest first."""
    alerts: list[StoredAlert] = []
    for frame in frames:
        try:
            opened = open_envelope(frame.envelope, [contact.half.key], contact.half.card.address)
        except EnvelopeError:
            continue
        mark = opened.commitment[:MARK_BYTES]
        if mark not in contact.marks:
            contact.marks.append(mark)
            _sort(contact, opened, len(frame.envelope), mark)
    alerts += _read_authentic(contact)
    return sorted(alerts, key=lambda alert: alert.at)


def _sort(contact: Contact, opened: OpenedEnvelope, size: int, mark: bytes) -> None:
    try:
        share = read_share(opened.fields)
    except EnvelopeError:
        return
    if share is not None:
        sure = contact.meeting.confirms(share, MacInput(size, opened.salt, opened.header), opened.body)
        contact.progress = contact.progress.on_share(share, sure=sure)
        return
    contact.aside = [*contact.aside, QuarantinedLetter(opened.content, size, mark)][-ASIDE:]


def _read_authentic(contact: Contact) -> list[StoredAlert]:
    """Take everything that lies aside and has become authentic. A case's key may lie behind the letters it signs."""
    alerts: list[StoredAlert] = []
    before = -1
    while before != len(contact.aside):
        before = len(contact.aside)
        for letter in list(contact.aside):
            try:
                alert = _read_letter(contact, letter)
            except NotAuthentic:
                continue
            contact.aside.remove(letter)
            if alert is not None:
                alerts.append(alert)
    return alerts


def _read_letter(contact: Contact, letter: QuarantinedLetter) -> StoredAlert | None:
    salt, header, body = unframe(letter.content)
    mac_input, fields = MacInput(letter.size, salt, header), read_object(header)
    if fields.get("kind") == WAKE_KIND:
        _apply_wake_change(contact, fields, mac_input, body)
        return None
    judged = _judge(contact, fields.get("case"), mac_input, body)
    _keep_case_key(contact, fields)
    return _to_alert(contact, fields, header, judged, letter.mark)


def _apply_wake_change(contact: Contact, fields: dict[str, object], mac_input: MacInput, body: bytes) -> None:
    if contact.keys is None:
        raise NotAuthentic()
    try:
        change = read_wake_change(fields, contact.keys.receiving, contact.half.card.address, mac_input, body)
    except (BadMessage, UnknownVersion):
        return  # how they want to be rung is not known; what counted before still counts
    if contact.wake is None or change.number > contact.wake.number:
        contact.wake = change


def _judge(contact: Contact, case: object, mac_input: MacInput, body: bytes) -> Judged:
    address, keys = contact.half.card.address, contact.keys
    if keys is None:
        raise NotAuthentic()
    try:
        return Judged(is_duress(keys.receiving, address, mac_input, body), "pair")
    except NotAuthentic:
        key = contact.case_keys.get(case) if isinstance(case, str) else None
        if key is None:
            raise
        return Judged(is_duress(key, address, mac_input, body), "case")


def _keep_case_key(contact: Contact, fields: dict[str, object]) -> None:
    # The first key of a case stays. Whoever opens a phone has it, and must not be able to put another in its place.
    case, key = fields.get("case"), fields.get("case_key")
    if not isinstance(case, str) or not isinstance(key, str) or case in contact.case_keys:
        return
    try:
        contact.case_keys[case] = unb64(key, SEED_BYTES)
    except Malformed:
        return
    for oldest in list(contact.case_keys)[:-CASES]:
        del contact.case_keys[oldest]


def _to_alert(contact: Contact, fields: dict[str, object], header: bytes, judged: Judged, mark: bytes) -> StoredAlert:
    try:
        read = message.read(fields)
        if not isinstance(read.message, message.Alert):
            raise BadMessage("$.kind")
    except EnvelopeError:
        # An authentic word is never dropped because this program does not understand it.
        return StoredAlert(
            label=contact.label,
            id=digest(mark).hex()[:22],
            case="",
            type="unknown",
            text=header.decode("utf-8", "replace"),
            at=0,
            duress=judged.duress,
            origin=judged.origin,
        )
    alert = read.message
    return StoredAlert(
        label=contact.label,
        id=alert.id,
        case=alert.case,
        type=alert.type,
        text=alert.text,
        at=alert.at,
        place=alert.place,
        duress=judged.duress,
        practice=read.other.get("practice") is True,
        passed=read.other.get("passed") is True,
        origin=judged.origin,
    )
