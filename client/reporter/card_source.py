"""The source of an organisation's card: a file, or the relays that its code names; the newest of all that is found."""

from collections.abc import Callable, Iterable
from pathlib import Path

from client import files
from client.transport.parallel import call_each
from client.transport.relay_client import Transport
from keys import code
from keys.errors import CardOlder, TocsinError
from keys.organisation import Card, read_card

CARD_SECONDS = 15.0  # for all relays together: a report must not wait long for a card that is known already

MOST_RELAYS = 48  # asked about one card: those of a code, of the newest card, and of one newer still

OnProblem = Callable[[TocsinError, str], None]  # called with what went wrong and the relay where it did


class NoCardFound(TocsinError):
    """no relay in this code gave the organisation's card"""

    code = "card-not-found"
    hint = "check the network; with the card as a file a report can be sealed now and sent later"


def get_card(
    source: str, transport: Transport, on_problem: OnProblem, known: Callable[[bytes], Card | None] = lambda root: None
) -> Card:
    """Return the newest card of the organisation that `source` stands for: the name of a file, or a code.

    `known`: the newest card seen before of a root. All relays are asked, those of newer cards too; one that offers an
    older card on purpose, or cannot be asked about a code, is reported to `on_problem`.
    Raises NoSuchFile, CannotRead, CardError, NoteUnsigned, BadCode, NoCardFound.
    """
    if "".join(source.split()).upper().startswith(code.PREFIX):
        card_code = code.read_card_code(source)
        return _find_newest(card_code.root, card_code.relays, [], transport, on_problem, known=known)
    if not Path(source).exists():
        raise files.NoSuchFile(source)
    given = read_card(files.read_note(Path(source)))
    newest = _find_newest(given.root, (), [given], transport, on_problem, known=known)
    if newest.seq > given.seq and (seen := known(given.root)) is not None and given.seq < seen.seq:
        on_problem(CardOlder(), source)
    return newest


def _find_newest(
    root: bytes, relays: Iterable[str], given: list[Card], transport: Transport, on_problem: OnProblem,
    *, known: Callable[[bytes], Card | None],
) -> Card:  # fmt: skip
    seen = known(root)
    cards = [*given, *([] if seen is None else [seen])]
    offered: dict[str, Card] = {}
    problems: dict[str, TocsinError] = {}
    waiting = {*relays, *(relay for card in cards for relay in card.relays)}
    asked: set[str] = set()
    while waiting and len(asked) < MOST_RELAYS:  # a newer card may name relays that were not asked yet
        found = call_each(waiting, lambda relay: read_card(transport.card(relay, root), root=root), CARD_SECONDS)
        asked |= waiting
        offered |= {relay: card for relay, card in found.items() if isinstance(card, Card)}
        problems |= {relay: error for relay, error in found.items() if isinstance(error, TocsinError)}
        cards += offered.values()
        newest = max(cards, key=lambda card: card.seq, default=None)
        waiting = set() if newest is None or asked >= {*newest.relays} else {*newest.relays} - asked
    if not cards:
        _report(problems, on_problem)
        raise NoCardFound()
    newest = max(cards, key=lambda card: card.seq)
    _report({relay: CardOlder() for relay, card in offered.items() if card.seq < newest.seq}, on_problem)
    if not given:
        _report(problems, on_problem)
    return newest


def _report(problems: dict[str, TocsinError], on_problem: OnProblem) -> None:
    for relay, error in sorted(problems.items()):
        on_problem(error, relay)
