"""The phone's modules in Node: questions and answers, a line of JSON each."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "tests" / "phone"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(
    NODE is None or not (ROOT / "client/phone/node_modules").is_dir(),
    reason="node or client/phone/node_modules is missing",
)


class NodePhone:
    """A running script of `tests/phone`."""

    def __init__(self, script: str) -> None:
        self.process = subprocess.Popen(
            [str(NODE), str(SCRIPTS / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, op: str, **fields: Any) -> Any:
        """Ask for an operation by its name."""
        return self.ask_plain({"op": op, **fields})

    def ask_plain(self, question: dict[str, Any]) -> Any:
        """Ask a script that knows one operation only."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
