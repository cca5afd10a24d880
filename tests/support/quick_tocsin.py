"""`tocsin` for tests that run it often: what it makes is quick to unlock.

One unlocking of a keystore takes half a second of processor, by intention; a PIN in the phone's app as much, and more
in a browser that is busy. The cost of a keystore stands in its file, so only the making of it is changed, and the app
that `phone build` writes has another number in it. Both happen here, in the test's process: Tocsin has no switch for
it. What opens, locks and refuses is the real code. Tests of the cost itself, one journey on the command line and the
seized phone run `client.cli.main`.
"""

import re
import sys

from keys.keystore import Cost, Keystore

QUICK = Cost(1, 8 * 2**10)
PIN = re.compile(r"\bm:65536,t:2,p:1\b")
QUICK_PIN_COST = {"m": 8, "t": 1, "p": 1}  # KiB, passes, lanes
QUICK_PIN = ",".join(f"{name}:{value}" for name, value in QUICK_PIN_COST.items())

_new = Keystore.new


def quick_new(kind, passphrase, random_bytes, cost=QUICK):
    """Make a keystore as `Keystore.new` does, whatever cost is asked for."""
    return _new(kind, passphrase, random_bytes, QUICK)


def _make_pins_quick() -> None:
    from client.site.bundle import Bundle

    text = Bundle.text
    Bundle.text = lambda self, name: PIN.sub(QUICK_PIN, text(self, name))


def main() -> None:
    Keystore.new = quick_new
    if sys.argv[1:3] == ["phone", "build"]:
        _make_pins_quick()
    from client.cli.main import main as tocsin

    tocsin()


if __name__ == "__main__":
    main()
