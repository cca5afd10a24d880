"""The headers that let a web page of any origin call a relay and read every answer (WHATWG Fetch, CORS protocol)."""

from typing import Any

from keys.wire import COMMIT_HEADER, MAILBOX_HEADER, ROOT_HEADER, SEQ_HEADER, SIGNATURE_HEADER, WAKE_HEADER, WORK_HEADER

# after every call
CORS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "Retry-After"),
    ("Cache-Control", "no-store"),
)
# besides, after OPTIONS
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, POST, PUT"),
    (
        "Access-Control-Allow-Headers",
        ", ".join(
            (
                "Content-Type",
                MAILBOX_HEADER,
                COMMIT_HEADER,
                WORK_HEADER,
                WAKE_HEADER,
                SIGNATURE_HEADER,
                ROOT_HEADER,
                SEQ_HEADER,
            )
        ),
    ),
    ("Access-Control-Max-Age", "86400"),
)


class Cors:
    """Add `CORS` to every answer of a WSGI app, refusals and failures too."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            return start_response(status, [*headers, *CORS], error)

        return self._inner(environ, start)
