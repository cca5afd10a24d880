"""Check this record: every file against the manifests, every message against its commitment and its receipts. Needs no
network, and checks no signature: Python alone cannot."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

DATA = Path(__file__).resolve().parent
COMMIT = b"tocsin/1/commit\0"


def listed(algorithm: str) -> dict[str, str]:
    lines = (DATA.parent / f"manifest-{algorithm}.txt").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split(None, 1) for line in lines)}


def wrong_files() -> Iterator[str]:
    there = {path.relative_to(DATA.parent).as_posix() for path in DATA.rglob("*") if path.is_file()}
    for algorithm in ("sha256", "sha512"):
        manifest = listed(algorithm)
        yield from (f"{name}: not in manifest-{algorithm}.txt" for name in sorted(there - set(manifest)))
        for name, digest in sorted(manifest.items()):
            if name not in there:
                yield f"{name}: missing"
            elif hashlib.new(algorithm, (DATA.parent / name).read_bytes()).hexdigest() != digest:
                yield f"{name}: changed ({algorithm})"


def wrong_messages() -> Iterator[str]:
    with open(DATA / "messages.csv", encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            try:
                yield from wrong_message(row)
            except (OSError, ValueError, KeyError, TypeError):
                yield f"messages.csv: line of {row.get('content')!r} names nothing that can be read"


def wrong_message(row: dict[str, str]) -> Iterator[str]:
    content = (DATA / row["content"]).read_bytes()
    if hashlib.sha256(COMMIT + content).hexdigest() != row["commitment"]:
        yield f"{row['content']}: not what was committed to"
        return
    length = int.from_bytes(content[32:36], "big")
    if well_formed(content[36 : 36 + length]) != json.loads((DATA / row["header"]).read_bytes()):
        yield f"{row['header']}: not the header of {row['content']}"


def well_formed(header: bytes) -> object:
    # half of a surrogate pair reads as U+FFFD, as whoever received the message saw it
    text = json.dumps(json.loads(header), ensure_ascii=False)
    return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def wrong_receipts() -> Iterator[str]:
    with open(DATA / "receipts.csv", encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            try:
                commitment = hashlib.sha256(COMMIT + (DATA / row["content"]).read_bytes()).digest()
                named = (DATA / row["receipt"]).read_text(encoding="utf-8").split("\n")[2]
                if named != base64.urlsafe_b64encode(commitment).decode().rstrip("="):
                    yield f"{row['receipt']}: not for {row['content']}"
            except (OSError, ValueError, KeyError, TypeError, IndexError):
                yield f"receipts.csv: line of {row.get('receipt')!r} names nothing that can be read"


wrong = [*wrong_files(), *wrong_messages(), *wrong_receipts()]
print("\n".join(wrong) or "all files, commitments and receipts fit; signatures were not checked")
sys.exit(bool(wrong))
