"""What a letter costs to open when an organisation has many keys: `python -m tests.bench.chains`.

Processor time of one opening for a letter to this week's key, one to the oldest chain that lives, one to the oldest
last resort, each as the first of its kind and as the next of many, and one that no key opens. Judges nothing.
"""

import os
import time
from collections.abc import Sequence
from statistics import median

from client.organisation.inbox import report_address
from keys.envelope import seal
from keys.errors import NotForUs
from keys.kem import PrivateKey
from keys.opening import open_envelope
from keys.organisation import LastResortKey, WeeklyChain, order_seeds
from keys.wire import CHAIN_DAYS, DAY_SECONDS, LAST_RESORT_DAYS

NOW = 1_795_168_800
ROUNDS = 200
ADDRESS = report_address(b"r" * 32, b"m" * 32)


def make_keys(thefts: int) -> tuple[list[WeeklyChain], list[LastResortKey]]:
    """Return what an organisation holds after years of a fresh chain each six weeks and so many thefts last month."""
    began = [NOW - DAY_SECONDS * i for i in range(thefts)] + [NOW - CHAIN_DAYS * DAY_SECONDS * i for i in range(1, 10)]
    chains = [WeeklyChain.new(at, os.urandom).publish().advance(NOW) for at in began]
    living = [chain for chain in chains if not chain.is_over(NOW)]
    return living, [
        LastResortKey.derive(os.urandom(32), i, NOW) for i in range(LAST_RESORT_DAYS // CHAIN_DAYS + thefts)
    ]


def letter_to(key: PrivateKey) -> bytes:
    return seal(b"{}", b"", key=key.public, address=ADDRESS, random_bytes=os.urandom).envelope


def cost(envelope: bytes, keys: Sequence[PrivateKey]) -> float:
    """Return the processor time of one opening, in microseconds."""
    spent = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        try:
            open_envelope(envelope, keys, ADDRESS)
        except NotForUs:
            pass
        spent.append(time.process_time() - begin)
    return median(spent) * 1e6


def main() -> None:
    print("microseconds of processor time for one opening, first of its kind / the next of many")
    for thefts in (1, 3):
        chains, last_resorts = make_keys(thefts)
        keys = [PrivateKey(seed) for seed in order_seeds(chains, last_resorts)]
        for key in keys:
            _ = key.key  # made once in a session
        print(f"{len(chains)} chains, {len(last_resorts)} last-resort keys: {len(keys)} keys")
        oldest = PrivateKey(chains[-1].seeds()[0])
        for name, key in (
            ("this week's", keys[0]),
            ("oldest chain", oldest),
            ("last resort", PrivateKey(last_resorts[-1].seed)),
        ):
            envelope = letter_to(key)
            found = next(own for own in keys if own.seed == key.seed)
            print(f"  {name:12} {cost(envelope, keys):8.0f} / {cost(envelope, [found, *keys]):5.0f}")
        print(f"  {'nobody':12} {cost(letter_to(PrivateKey(os.urandom(32))), keys):8.0f}")


if __name__ == "__main__":
    main()
