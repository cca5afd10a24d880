"""Letters in a contact's mailbox: their card, their share, their alerts. Opens and judges; HTTP is elsewhere."""

from client.contacts.book import REFUSED, Contact, ContactCase, QuarantinedLetter, StoredAlert
from client.contacts.permission import NOTHING, Permitted, limit_alert
from client.transport.relay_client import Frame
from keys import message
from keys.envelope import unframe
from keys.errors import BadMessage, EnvelopeError, NotAuthentic, TocsinError, UnknownVersion
from keys.opening import OpenedEnvelope, open_envelope
from keys.pairing import (
    WAKE_KIND,
    AlertOrigin,
    CardSwapped,
    MacInput,
    alert_origin,
    read_pair_card,
    read_share,
    read_wake_change,
)
from keys.wire import digest, read_object

MARK_BYTES = 16
ASIDE = 64  # letters kept that are not authentic yet
CASES = 64  # of one contact, remembered with their keys


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
    case = fields.get("case")
    known = contact.cases.get(case) if isinstance(case, str) else None
    origin = _find_origin(contact, known, mac_input, body)
    if origin == "pair":
        _keep_case(contact, fields)
    return _to_alert(contact, fields, letter, origin, known)


def _apply_wake_change(contact: Contact, fields: dict[str, object], mac_input: MacInput, body: bytes) -> None:
    if contact.keys is None:
        raise NotAuthentic()
    try:
        change = read_wake_change(fields, contact.keys.receiving, contact.half.card.address, mac_input, body)
    except (BadMessage, UnknownVersion):
        return  # how they want to be rung is not known; what counted before still counts
    if contact.wake is None or change.number > contact.wake.number:
        contact.wake = change


def _find_origin(contact: Contact, known: ContactCase | None, mac_input: MacInput, body: bytes) -> AlertOrigin:
    if contact.keys is None:
        raise NotAuthentic()
    named = None if known is None else known.keys
    return alert_origin(contact.keys.receiving, named, contact.half.card.address, mac_input, body)


def _keep_case(contact: Contact, fields: dict[str, object]) -> None:
    """Keep what an alert of the pair says of its case. The first keys stay; of what is allowed, the newest counts."""
    alert = _read_alert(fields)
    if alert is None or alert.keys is None:
        return
    practice = fields.get("practice") is True
    before = contact.cases.get(alert.case)
    if before is None:
        contact.cases[alert.case] = ContactCase(alert.keys, alert.open, alert.at, practice)
    elif before.keys == alert.keys and alert.at > before.at:
        contact.cases[alert.case] = ContactCase(before.keys, alert.open, alert.at, practice)
    for oldest in list(contact.cases)[:-CASES]:
        del contact.cases[oldest]


def _read_alert(fields: dict[str, object]) -> message.Alert | None:
    try:
        read = message.read(fields).message
    except EnvelopeError:
        return None
    return read if isinstance(read, message.Alert) else None


def _to_alert(
    contact: Contact,
    fields: dict[str, object],
    letter: QuarantinedLetter,
    origin: AlertOrigin,
    known: ContactCase | None,
) -> StoredAlert:
    alert = _read_alert(fields)
    if origin == "open":
        permission = None if known is None else known.open
        left = NOTHING if alert is None else limit_alert(alert, permission)
    elif alert is not None:
        left = Permitted(is_type=True, text=alert.text, place=alert.place, is_cut=False)
    else:
        # An authentic word is never dropped because this program does not understand it.
        _, header, _ = unframe(letter.content)
        left = Permitted(is_type=False, text=header.decode("utf-8", "replace"), is_cut=False)
    is_trial = origin != "open" or (known is not None and known.practice)
    return StoredAlert(
        label=contact.label,
        id=digest(letter.mark).hex()[:22] if alert is None else alert.id,
        case=_case_of(fields, alert, origin),
        type=alert.type if alert is not None and left.is_type else REFUSED if left.is_cut else "unknown",
        text=left.text,
        at=0 if alert is None else alert.at,
        place=left.place,
        practice=alert is not None and fields.get("practice") is True and is_trial,
        passed=alert is not None and fields.get("passed") is True and origin == "pair",
        origin=origin,
        is_cut=left.is_cut,
    )


def _case_of(fields: dict[str, object], alert: message.Alert | None, origin: AlertOrigin) -> str:
    if alert is not None:
        return alert.case
    return "" if origin == "pair" else str(fields.get("case"))  # a key of a case was found by it
