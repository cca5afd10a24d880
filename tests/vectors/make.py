"""Write the vector files. `python -m tests.vectors.make NAME...` writes only the named ones.

Run once for a wire format and then left alone: HPKE draws its own randomness, so envelopes come out different each
time, and a vector that changes with the code proves nothing.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.vectors.makers.dates import dates
from tests.vectors.makers.envelopes import envelope, xwing
from tests.vectors.makers.inputs import Vector
from tests.vectors.makers.messages import cases, keystores, messages, replies
from tests.vectors.makers.organisations import addresses, card, chain, codes, notes
from tests.vectors.makers.pairings import pairings
from tests.vectors.makers.relays import handovers, mailboxes, receipts, strangers, works
from tests.vectors.makers.wakes import wakes

HERE = Path(__file__).parent

MAKERS: dict[str, Callable[[], Iterator[Vector]]] = {
    "xwing": xwing,
    "envelope": envelope,
    "address": addresses,
    "note": notes,
    "case": cases,
    "chain": chain,
    "card": card,
    "code": codes,
    "stranger": strangers,
    "mailbox": mailboxes,
    "receipt": receipts,
    "handover": handovers,
    "keystore": keystores,
    "message": messages,
    "reply": replies,
    "pairing": pairings,
    "wake": wakes,
    "work": works,
    "date": dates,
}


def main(names: list[str]) -> None:
    for name in names:
        vectors = list(MAKERS[name]())
        text = json.dumps(vectors, ensure_ascii=False, indent=1)
        (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or list(MAKERS))
