"""What somebody has who holds a phone and knows its PIN: every secret in it, and what follows from them."""

import json
import re
import subprocess
from typing import Any

from playwright.sync_api import Page

from keys.code import read_pair_code
from keys.pairing import PairingOffer, PairingSession
from keys.wire import unb64
from tests.browser.modules import BUILD, HERE, PHONE
from tests.support.quick_tocsin import QUICK_PIN_COST

_SECRET = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")  # 32 bytes


def opened(page: Page, pin: str) -> dict[str, Any]:
    """Return `vault` and `kit` of the phone whose app is on this page; its PINs are quick ones."""
    command = ["node", "--input-type=module", "-e", BUILD, str(HERE / "opened.js")]
    page.evaluate(subprocess.run(command, cwd=PHONE, capture_output=True, text=True, check=True).stdout)
    return dict(json.loads(page.evaluate("([pin, cost]) => opened(pin, cost)", [pin, QUICK_PIN_COST])))


def contacts(memory: dict[str, Any]) -> list[dict[str, Any]]:
    return list(memory["vault"]["contacts"]["contacts"])


def meeting(contact: dict[str, Any]) -> PairingSession:
    """My half and their code, as the vault has them."""
    half = contact["half"]
    seeds = (unb64(half[name]) for name in ("kem", "mailbox", "secret", "share"))
    return PairingSession(
        PairingOffer(*seeds, tuple(half["relays"]), half["until"], half["wake"]), read_pair_code(contact["code"])
    )


def secrets(memory: dict[str, Any]) -> set[bytes]:
    """Everything in it that has 32 bytes, and all that two codes and a share lead to."""
    found = {unb64(text) for text in _SECRET.findall(json.dumps(memory))}
    for contact in contacts(memory):
        met = meeting(contact)
        keys = met.keys(unb64(contact["progress"]["share"]))
        found |= {met.k0, met.transcript, keys.sending, keys.receiving}
        for door in (met.door(mine=True), met.door(mine=False)):
            found |= {door.mailbox.seed, door.key.seed}
    return {secret for secret in found if len(secret) == 32}
