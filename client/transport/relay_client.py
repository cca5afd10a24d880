"""The only module with HTTP. Everything a relay may do to us ends here as an answer or as an error of ours."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx
import msgspec

from keys.envelope import Sealed
from keys.errors import BadReceipt, Malformed, TocsinError
from keys.mailbox import WANT, MailboxKey
from keys.note import NOTE_BYTES, NoteKey
from keys.problems import PROBLEMS, RelayError, WrongClock
from keys.receipt import HANDOVER_KIND, RECEIPT_BYTES, check_receipt
from keys.wire import (
    COMMIT_HEADER,
    ENVELOPE_TYPE,
    FRAME_RECEIPT,
    HASH_BYTES,
    ID_BYTES,
    LETTER_BYTES,
    MAILBOX_HEADER,
    PARCEL_BYTES,
    ROOT_HEADER,
    SEQ_HEADER,
    SIGNATURE_HEADER,
    WAIT_SECONDS,
    WAKE_HEADER,
    WORK_HEADER,
    FrameKind,
    RandomBytes,
    b64,
    digest,
    unb64,
)

CONNECT_SECONDS = 20  # 2G: three seconds for a name, several more for TLS
READ_SECONDS = 60
ANSWER_BYTES = 65_536  # the most of an error, a receipt or a relay's description that is read
PAGE_BYTES = 32 * 2**20
PAGES = 1_000  # taken from one mailbox at once: a quarter of a million letters, and an end where a relay has none
TOR = "socks5://127.0.0.1:9050"

_NOTHING_THERE = (404, 410)
_LENGTH_BYTES = 2  # of a receipt
_FRAME_BYTES = {FrameKind.FILLER: LETTER_BYTES, FrameKind.LETTER: LETTER_BYTES, FrameKind.PARCEL: PARCEL_BYTES}


def isolate_circuit(random_bytes: RandomBytes, tor: str = TOR) -> str:
    """Return Tor's address with a name and a password of 16 random bytes each: Tor lets streams with other credentials
    never share a circuit. Source: `IsolateSOCKSAuth`, on by default (tor(1), *SocksPort*); RFC 1929.
    """
    scheme, separator, place = tor.partition("://")
    return f"{scheme}{separator}{random_bytes(ID_BYTES).hex()}:{random_bytes(ID_BYTES).hex()}@{place}"


class Unreachable(TocsinError):
    """the relay cannot be reached"""

    code = "relay-unreachable"
    hint = "check the network, then try again"


class BadAnswer(TocsinError):
    """the relay's answer makes no sense"""

    code = "relay-answer"
    hint = "something stands between you and the relay, or it is not a relay"


class MoreToCome(BadAnswer):
    """the relay has more than is taken at once"""

    code = "relay-more"
    hint = "do the same again; if it never ends, the relay makes letters up"


class Redirected(BadAnswer):
    """the relay's address leads somewhere else"""

    code = "relay-redirect"
    hint = "perhaps the network wants you to log in first"


@dataclass(frozen=True, slots=True)
class RelayInfo:
    """What a relay says of itself: origin, receipt key, its time, work asked for (seed 32, bits).

    Specified in `relay/http.md`, *Relay info*.
    """

    origin: str
    note_key: NoteKey
    time: int
    seed: bytes
    bits: int


class Frame(NamedTuple):
    """One envelope of a collect answer, the commitment its depositor gave (32 bytes), H(envelope), and the receipt of
    handing over, not verified yet; empty where the relay gave none."""

    envelope: bytes
    commitment: bytes
    hash: bytes
    receipt: bytes = b""

    @classmethod
    def of(cls, envelope: bytes, commitment: bytes, receipt: bytes = b"") -> Self:
        """Return the frame of an envelope, its commitment and its receipt."""
        return cls(envelope, commitment, digest(envelope), receipt)

    def signer(self, keys: Iterable[NoteKey]) -> NoteKey | None:
        """Return the key among `keys` that signed the receipt for this very frame; None when none did."""
        for key in keys:
            with suppress(BadReceipt):
                check_receipt(self.receipt, key, self.commitment, self.hash, HANDOVER_KIND)
                return key
        return None


@dataclass(eq=False)
class Problem(Exception):
    """A relay's refusal, with what came along: seconds to wait, the relay's time, work asked for. Source: RFC 9457."""

    error: RelayError
    retry_after: int | None = None
    time: int | None = None
    seed: bytes = b""
    bits: int = 0


class Transport:
    """Calls to relays, over Tor where the address is an onion's. Use it in a `with` block."""

    def __init__(self, random_bytes: RandomBytes, *, clock: Callable[[], float] = time.time, tor: str = TOR) -> None:
        self._random_bytes, self._clock = random_bytes, clock
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        # No redirect is followed and no proxy of the environment is used: both would show a stranger where we write to.
        self._open = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False, headers=_HEADERS)
        self._onion: httpx.Client | None = None
        self._making = threading.Lock()  # relays may be called from several threads at once
        self._timeout, self._tor = timeout, tor
        self._skew: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()
        if self._onion is not None:
            self._onion.close()

    def info(self, relay: str) -> RelayInfo:
        """Fetch what the relay says of itself. Raises Unreachable, BadAnswer.

        Specified in `relay/http.md`, *Relay info*.
        """
        fields = _json(self._call("GET", relay, "/v1/relay"))
        try:
            work = fields["work"]
            return RelayInfo(
                str(fields["origin"]),
                NoteKey.parse(str(fields["note_key"])),
                int(fields["time"]),
                unb64(str(work["seed"])),
                int(work["bits"]),
            )
        except (KeyError, TypeError, ValueError, Malformed):
            raise BadAnswer() from None

    def deposit(
        self, relay: str, sealed: Sealed, keys: list[NoteKey], work: bytes | None = None, *, wake: str | None = None
    ) -> str:
        """Deposit an envelope; return the receipt, verified against one of `keys`. `wake` lets the relay ring.

        Raises Problem, Unreachable, BadAnswer, BadReceipt.
        Specified in `relay/http.md`, *Deposit*.
        """
        headers = {
            MAILBOX_HEADER: b64(sealed.mailbox),
            COMMIT_HEADER: b64(sealed.commitment),
            "Content-Type": ENVELOPE_TYPE,
        }
        if work is not None:
            headers[WORK_HEADER] = b64(work)
        if wake is not None:
            headers[WAKE_HEADER] = wake
        receipt = self._call("POST", relay, "/v1/deposit", content=sealed.envelope, headers=headers)
        for key in keys:
            try:
                check_receipt(receipt, key, sealed.commitment, sealed.hash)
            except BadReceipt:
                continue
            return receipt.decode()
        check_receipt(receipt, NoteKey("-", bytes(HASH_BYTES)), sealed.commitment, sealed.hash)
        raise BadReceipt()

    def collect(
        self,
        relay: str,
        key: MailboxKey,
        *,
        ack: list[bytes] | None = None,
        want: int = WANT,
        wait: int = 0,
        receipts: bool = False,
    ) -> list[Frame]:
        """Acknowledge `ack` (H of envelopes), then fetch up to `want` envelopes; fillers are left out. `receipts`: ask
        for receipts of handing over.

        Raises Problem, Unreachable, BadAnswer. A clock that is off is corrected by the relay's for this one use. `wait`
        is cut to `WAIT_SECONDS`, the longest a relay holds a call open.
        Specified in `relay/http.md`, *Collect*.
        """
        wait = min(wait, WAIT_SECONDS)
        for attempt in range(2):
            at = int(self._clock()) + self._skew.get(relay, 0)
            body, signature = key.collect(
                relay, at=at, nonce=self._random_bytes(ID_BYTES), ack=ack, want=want, wait=wait, commits=True,
                receipts=receipts,
            )  # fmt: skip
            headers = {SIGNATURE_HEADER: b64(signature), "Content-Type": "application/json"}
            try:
                page = self._call(
                    "POST", relay, "/v1/collect", content=body, headers=headers, most=PAGE_BYTES, wait=wait
                )
            except Problem as problem:
                if not isinstance(problem.error, WrongClock) or problem.time is None or attempt:
                    raise
                self._skew[relay] = problem.time - int(self._clock())
                continue
            return list(_frames(page))
        raise BadAnswer()

    def pages(
        self, relay: str, key: MailboxKey, want: int, wait: int = 0, *, receipts: bool = False
    ) -> Iterator[list[Frame]]:
        """Yield pages of up to `want` envelopes until the mailbox is empty, and has been for `wait` seconds. A page is
        acknowledged in the call for the next, so whoever takes one must have kept it before asking for more.
        Raises as `collect`, and MoreToCome."""
        frames, seen = self.collect(relay, key, want=want, wait=wait, receipts=receipts), set[bytes]()
        for _ in range(PAGES):
            if not frames:
                return
            hashes = [frame.hash for frame in frames]
            if seen.issuperset(hashes):
                raise BadAnswer("it gives again what was acknowledged")
            seen.update(hashes)
            yield frames
            frames = self.collect(relay, key, ack=hashes, want=want, wait=wait, receipts=receipts)
        raise MoreToCome()

    def publish(self, relay: str, root: bytes, card: bytes) -> None:
        """Put a card on the relay. Raises Problem, Unreachable, BadAnswer. Specified in `relay/http.md`, *Cards*."""
        self._call("PUT", relay, "/v1/card", content=card, headers={ROOT_HEADER: b64(root)})

    def card(self, relay: str, root: bytes) -> bytes:
        """Fetch the card the relay holds for this root, unverified. Raises Problem, Unreachable, BadAnswer.

        Specified in `relay/http.md`, *Cards*.
        """
        return self._call("GET", relay, "/v1/card", headers={ROOT_HEADER: b64(root)}, most=NOTE_BYTES)

    def newer_card(self, relay: str, root: bytes, seq: int) -> bytes | None:
        """Fetch the card the relay holds for this root, unverified, unless it is no newer than `seq`: then None.

        Raises Problem, Unreachable, BadAnswer.
        """
        headers = {ROOT_HEADER: b64(root), SEQ_HEADER: str(seq)}
        return self._call("GET", relay, "/v1/card", headers=headers, most=NOTE_BYTES) or None

    def fetch_public(self, url: str, most: int) -> bytes | None:
        """Fetch the first `most` bytes of what lies open at this address, as a browser does; None if nothing does.

        Raises Unreachable, BadAnswer.
        """
        try:
            with self._client(url).stream("GET", url) as answer:
                if answer.status_code in _NOTHING_THERE:
                    return None
                if not answer.is_success:
                    raise Redirected() if answer.is_redirect else BadAnswer(f"HTTP status {answer.status_code}")
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) >= most:
                        break
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            raise Unreachable(_why(error)) from None
        return bytes(body[:most])

    def _client(self, relay: str) -> httpx.Client:
        if not (httpx.URL(relay).host).endswith(".onion"):
            return self._open
        with self._making:
            if self._onion is None:
                # Tor resolves the name itself: an onion address must never reach a name server.
                self._onion = httpx.Client(
                    timeout=self._timeout, follow_redirects=False, trust_env=False, headers=_HEADERS, proxy=self._tor
                )
            return self._onion

    def _call(
        self,
        method: str,
        relay: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        most: int = ANSWER_BYTES,
        wait: int = 0,
    ) -> bytes:
        timeout = httpx.Timeout(READ_SECONDS + wait, connect=CONNECT_SECONDS)
        try:
            with self._client(relay).stream(
                method, relay + path, content=content, headers=headers, timeout=timeout
            ) as answer:
                body = _bounded(answer, most)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            raise Unreachable(_why(error)) from None
        if answer.is_redirect:
            raise Redirected()
        if not answer.is_success:
            raise _problem(answer, body)
        return body


# A browser's and a library's name both tell more than nothing.
_HEADERS = {"User-Agent": "-", "Accept-Encoding": "identity"}


def _bounded(answer: httpx.Response, most: int) -> bytes:
    chunks, length = [], 0
    for chunk in answer.iter_raw():
        chunks.append(chunk)
        length += len(chunk)
        if length > most:
            raise BadAnswer("too long")
    return b"".join(chunks)


def _why(error: Exception) -> str:
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return "no connection"
    if isinstance(error, httpx.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, httpx.ProxyError):
        return "Tor is not running here"
    return "the connection broke off"


def _json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadAnswer() from None


def _problem(answer: httpx.Response, body: bytes) -> Exception:
    try:
        fields = _json(body)
    except BadAnswer:
        fields = {}
    kind = PROBLEMS.get(str(fields.get("code")))
    if kind is None:
        return BadAnswer(f"HTTP status {answer.status_code}")
    after = answer.headers.get("Retry-After", "")
    try:
        return Problem(
            kind(),
            retry_after=int(after) if after.isascii() and after.isdigit() else None,
            time=fields["time"] if isinstance(fields.get("time"), int) else None,
            seed=unb64(fields["seed"]) if isinstance(fields.get("seed"), str) else b"",
            bits=fields["bits"] if isinstance(fields.get("bits"), int) else 0,
        )
    except Malformed:
        return BadAnswer()


def _frames(page: bytes) -> Iterator[Frame]:
    view, at = memoryview(page), 0
    while at < len(page):
        kind, has_receipt = page[at] & ~FRAME_RECEIPT, bool(page[at] & FRAME_RECEIPT)
        size = _FRAME_BYTES.get(kind)  # type: ignore[call-overload]
        start = receipt = at + 1 + HASH_BYTES
        if has_receipt:
            receipt += _LENGTH_BYTES
            length = int.from_bytes(view[start:receipt], "big")
            start = receipt + length
            if length > RECEIPT_BYTES:
                raise BadAnswer("a receipt that is too long")
        if size is None or start + size > len(page):
            raise BadAnswer("cut off")
        if kind != FrameKind.FILLER:
            commitment = bytes(view[at + 1 : at + 1 + HASH_BYTES])
            yield Frame.of(bytes(view[start : start + size]), commitment, bytes(view[receipt:start]))
        at = start + size
