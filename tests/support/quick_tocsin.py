"""`tocsin` for tests that run it often: keystores it makes cost next to nothing to unlock.

One unlocking takes half a second of processor, by intention. The cost stands in the keystore's file, so that only the
making of one is changed here, in the test's process; what Tocsin itself makes has no switch for it. What opens, locks
and refuses a keystore is the real code. Tests of the cost itself, and one journey, run `client.cli.main`.
"""

from keys.keystore import Cost, Keystore

QUICK = Cost(1, 8 * 2**10)

_new = Keystore.new


def _quick_new(kind, passphrase, chance, cost=QUICK):
    return _new(kind, passphrase, chance, QUICK)


def main() -> None:
    Keystore.new = _quick_new
    from client.cli import main as tocsin

    tocsin()


if __name__ == "__main__":
    main()
