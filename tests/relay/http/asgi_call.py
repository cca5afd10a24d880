"""One call to a relay's ASGI adapter, without a server around it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from relay.http.asgi import Adapter

Headers = list[tuple[bytes, bytes]]


@dataclass
class AsgiCall:
    """The server's side of one call: what it hands over, and what it is given to send."""

    messages: list[dict[str, Any]]
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def run(self, app: Flask, path: str, headers: Headers, query: bytes = b"", address: str = "192.0.2.1") -> None:
        """POST the messages to this path."""
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": query,
            "http_version": "1.1",
            "scheme": "http",
            "server": ("relay.example", 443),
            "client": (address, 4711),
            "headers": headers,
        }
        adapter = Adapter(app, app.extensions["services"], 10)
        try:
            # In a thread of its own: where a browser was driven before, this one has a loop that runs already.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(lambda: asyncio.run(adapter(scope, self.receive, self.send))).result()
        finally:
            adapter.close()
