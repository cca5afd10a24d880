"""Access to the desk: the checks that stand before every page. What each is for stands in `desk.md`."""

import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from keys.errors import TocsinError
from keys.wire import b64, domain

if TYPE_CHECKING:
    from client.desk.desk import Desk
    from client.desk.server.collector import CollectorState

COOKIE = "s"  # neutral: whoever looks into the browser's store learns nothing from it
BACKGROUND = "Live"  # a header of what a page fetches by itself: nobody's hand, so it does not put the lock off
FORM_BYTES = 1_000_000  # a report's longest text has 20,000 characters; forms carry one or two of them

_FORM = domain("desk-form")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types desk"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it a browser sends `Origin: null` along with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), display-capture=(), clipboard-read=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-DNS-Prefetch-Control": "off",
}


class DeskControl(Protocol):
    """The process as the pages see it. `desk` is None while it is locked."""

    origin: str  # what stands in the browser's address bar, without a path
    idle_seconds: int

    @property
    def desk(self) -> "Desk | None": ...
    def redeem(self, token: str) -> str | None: ...
    def is_admitted(self, cookie: str) -> bool: ...
    def unlock(self, passphrase: str, by: str) -> None: ...
    def touch(self) -> None: ...
    def lock(self) -> None: ...
    def note_lock_shown(self) -> None: ...
    def get_collector_state(self) -> "CollectorState": ...


class Refused(TocsinError):
    """the desk did not answer this"""

    code = "desk-refused"
    status: ClassVar[int] = 403


class WrongHost(Refused):
    """this is not the address of the desk"""

    code, status = "desk-host", 421
    hint = "use the address that was printed where the desk was started"


class FromElsewhere(Refused):
    """another page asked for this"""

    code, status = "desk-origin", 403
    hint = "go back to the desk's own page and do it there"


class NotLetIn(Refused):
    """this browser was not let in"""

    code, status = "desk-not-let-in", 403
    hint = "open the link that was printed where the desk was started"


class LinkUsed(Refused):
    """this link was used already, or it is an old one"""

    code, status = "desk-link-used", 410
    hint = "lock the desk or start it again: a new link is printed where it was started"


class StaleForm(Refused):
    """this form was not made for this browser"""

    code, status = "desk-form", 403
    hint = "nothing was changed; open the page again and repeat it"


class IsLocked(Refused):
    """the desk is locked"""

    code, status = "desk-locked", 423
    hint = "unlock it with the passphrase"


class NotHere(Refused):
    """there is nothing here"""

    code, status = "desk-nothing", 404
    hint = "numbers are given anew at each unlocking: look for it on the board, in the queue or by search"


def open_to_all(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that answers a browser that was not let in yet: the way in, and the style."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def without_desk(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a view that answers while the desk is locked, to a browser that was let in."""
    view.without_desk = True  # type: ignore[attr-defined]
    return view


def allow_body(size: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a view whose request may be larger than a form: so many bytes."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.body_bytes = size  # type: ignore[attr-defined]
        return view

    return mark


def guard(app: Flask, control: DeskControl) -> None:
    """Put the checks before every view and the headers on every response."""

    @app.before_request
    def check_request() -> BaseResponse | None:
        view = app.view_functions.get(request.endpoint or "")
        _check_host(request, control.origin)
        _check_sender(request, control.origin)
        is_open = request.endpoint == "static" or getattr(view, "open_to_all", False)
        cookie = request.cookies.get(COOKIE, "")
        if not is_open and not (cookie and control.is_admitted(cookie)):
            raise NotLetIn()
        request.max_content_length = getattr(view, "body_bytes", FORM_BYTES)
        if request.method == "POST" and not is_open:
            _check_form(request, cookie)
        g.form_key = derive_form_key(cookie)
        if request.endpoint != "static" and BACKGROUND not in request.headers:
            control.touch()
        if is_open or getattr(view, "without_desk", False):
            return None
        return _check_unlocked(control)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update({name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"})
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


def _check_host(request_: Request, origin: str) -> None:
    """Refuse another host: a stranger's page whose name was made to point here (DNS rebinding) comes with that name.

    Raises WrongHost.
    """
    if request_.headers.get("Host", "").lower() != urlsplit(origin).netloc.lower():
        raise WrongHost()


def _check_sender(request_: Request, origin: str) -> None:
    """Refuse what another origin asked for: its forms, its frames, pictures and links. Raises FromElsewhere."""
    if request_.method not in ("GET", "HEAD", "POST"):
        raise FromElsewhere()
    site = request_.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        raise FromElsewhere()
    sender = request_.headers.get("Origin")
    if sender is not None and sender != origin:
        raise FromElsewhere()
    if request_.method == "POST" and sender is None and site != "same-origin":
        raise FromElsewhere()


def _check_form(request_: Request, cookie: str) -> None:
    given = request_.headers.get("Form-Key") or request_.form.get("form_key", "")
    if not hmac.compare_digest(given.encode(), derive_form_key(cookie).encode()):
        raise StaleForm()


def _check_unlocked(control: DeskControl) -> BaseResponse | None:
    if control.desk is not None:
        return None
    if request.method == "GET" and BACKGROUND not in request.headers:
        return redirect("/unlock", 303)
    raise IsLocked()


def derive_form_key(cookie: str) -> str:
    """Derive what every form of this browser carries; only who has the cookie can know it."""
    return b64(hmac.digest(cookie.encode(), _FORM, hashlib.sha256))


def is_loopback(host: str) -> bool:
    """Tell whether an address to listen on is reached from this computer alone."""
    return host.strip("[]") in _LOOPBACK


def require_desk() -> "Desk":
    """Return the unlocked desk. Raises IsLocked: it may have been locked while this request was on its way."""
    control: DeskControl = current_app.extensions["control"]
    if control.desk is None:
        raise IsLocked()
    return control.desk
