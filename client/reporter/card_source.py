"""The source of an organisation's card: a file, or the relays that its code names."""

from collections.abc import Callable
from pathlib import Path

from client import files
from client.transport.relay_client import BadAnswer, Problem, Transport, Unreachable
from keys import code
from keys.errors import CardError, NoteUnsigned, TocsinError
from keys.organisation import Card, read_card

OnProblem = Callable[[TocsinError, str], None]  # called with what went wrong and the relay where it did


class NoCardFound(TocsinError):
    """no relay in this code gave the organisation's card"""

    code = "card-not-found"
    hint = "check the network; with the card as a file a report can be sealed now and sent later"


def get_card(source: str, transport: Transport, on_problem: OnProblem) -> Card:
    """Return the card that `source` stands for: the name of a file, or a code (keys/code.md).

    Raises NoSuchFile, CannotRead, CardError, NoteUnsigned, BadCode, NoCardFound.
    """
    if "".join(source.split()).upper().startswith(code.PREFIX):
        return fetch_card(code.read_card_code(source), transport, on_problem)
    if not Path(source).exists():
        raise files.NoSuchFile(source)
    return read_card(files.read_note(Path(source)))


def fetch_card(card_code: code.CardCode, transport: Transport, on_problem: OnProblem) -> Card:
    """Return the newest card that any relay of the code gives: a relay may offer an old card on purpose.

    A relay that gives none is reported to `on_problem`. Raises NoCardFound.
    """
    cards: list[Card] = []
    for relay in card_code.relays:
        try:
            cards.append(read_card(transport.card(relay, card_code.root), root=card_code.root))
        except Problem as problem:
            on_problem(problem.error, relay)
        except (BadAnswer, Unreachable, CardError, NoteUnsigned) as error:
            on_problem(error, relay)
    if not cards:
        raise NoCardFound()
    return max(cards, key=lambda card: card.seq)
