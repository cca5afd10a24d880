"""Collect: what a request is answered, at once or when a letter comes. Calls that wait are in `relay/long_poll.py`."""

from typing import Any

from keys.mailbox import Collect, check_collect
from keys.wire import ENVELOPE_TYPE
from relay.futures import Future
from relay.http import headers
from relay.http.collect_frames import encode_frames
from relay.http.deferred import Answer, Deferred
from relay.http.services import Services
from relay.store.base import Envelope

COLLECT = "/v1/collect"


def start_collect(services: Services, environ: dict[str, Any], body: bytes, wait: Future) -> Answer | Deferred:
    """Acknowledge, and return the first page or an answer that comes with the next letter. Blocks for the disk. Raises
    what `check_collect` and `Mailboxes.collect` raise.

    Specified in `relay/http.md`, *Collect*.
    """
    asked = check_collect(body, environ.get(headers.SIGNATURE), services.config.origins, services.now())
    found = services.mailbox.collect(asked)
    if found or not asked.wait or not services.mailbox.long_polls.add(asked.mailbox, wait):
        return _page_answer(services, asked, found)
    waiting = _waiting(services, asked, wait)
    if found := services.mailbox.page(asked):  # it came before we listened
        waiting.release()
        return _page_answer(services, asked, found)
    return waiting


def _waiting(services: Services, asked: Collect, wait: Future) -> Deferred:
    return Deferred(
        wait,
        lambda _: _page_answer(services, asked, services.mailbox.page(asked)),
        seconds=asked.wait,
        blocks=True,
        release=lambda: services.mailbox.long_polls.remove(asked.mailbox, wait),
    )


def _page_answer(services: Services, asked: Collect, found: list[Envelope]) -> Answer:
    body = encode_frames(asked, found, services.signer, services.now(), services.config.random_bytes)
    return Answer(200, ENVELOPE_TYPE, body)
