"""The baseline: an empty Flask route under the relay's own server and adapter, reading the same body."""

import asyncio
import os
from typing import Any

from flask import Flask, Response, request

from relay.config import Limits
from relay.http.asgi import Adapter
from relay.http.routes import TightRequest
from relay.server import Granian, listening, run


def main() -> None:
    app = Flask("empty", static_folder=None)
    app.request_class = TightRequest

    @app.post("/v1/deposit")
    def empty() -> Response:
        request.get_data(cache=False)
        return Response(b"", 201)

    nobody: Any = None  # no call of a relay is answered here
    with listening("127.0.0.1", 0) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        silence_seconds = Limits().silence_seconds
        server = Granian(Adapter(app, nobody, silence_seconds, direct_calls={}), listener, silence_seconds)
        asyncio.run(run(server, lambda: None, lambda: print(f"listening on {address}", flush=True)))


if __name__ == "__main__":
    main()
    os._exit(0)  # as the relay does, see relay/cli.py
