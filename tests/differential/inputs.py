"""Hostile inputs from a seed: vectors that were mutated, and what grammars of JSON, addresses, codes and notes give."""

import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from nacl.signing import SigningKey

from client.stations.pack import columns
from keys import code, note, organisation
from keys.kem import PrivateKey
from keys.wire import b64, digest
from tests.keys.vectors import load
from tests.vectors.makers import edwards25519
from tests.vectors.makers.inputs import NOW, seededBytes


class Input(NamedTuple):
    """What both readers get; `public` is the key that must have signed."""

    kind: str
    data: bytes | str
    public: str = ""


_MARKS = (
    "\0\t\n\v\f\r\x1c\x1f !\"#%'+,-./:;=?@[\\]_`{|}~09aAzZ\x7f\x80\x85\xa0\u00ad\u0131\u0130\u017f\u00df\u0301\u0660"
    "\u0663\u06f3\u0966\u1680\u180e\u2000\u200b\u200e\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\ufffd\uff11\uff21\U0001d7d9\U0001f690"
)
# what one language or the other calls white space, or the end of a line
_BLANKS = "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\ufeff"
_NUMBERS = (
    "0 1 7 -1 -0 0.0 -0.0 1.0 7.0 1.5 1e0 1E3 7e0 1e-1 10e-1 1e400 -1e400 1e-400 01 +1 .5 1. 0x10 NaN Infinity "
    "-Infinity 9007199254740991 9007199254740992 9007199254740993 9223372036854775808 18446744073709551616 "
    f'1{"0" * 30} 1{"0" * 308} 1{"0" * 309} 1{"0" * 400}.5 2 3 16 63 64 65 4096 4097 1000000000000 true false null "1"'
).split()
_ESCAPES = [
    r"\ud800",
    r"\udc00",
    r"\udfff\ud800",
    r"\ud83d\ude90",
    r"\ud83d\ud83d\ude90",
    r"\uD83D\uDE90",
    r"\u0000",
    r"\u0085",
    r"\ufeff",
    r"\u2028",
    r"\u00e9",
    r"\/",
    r"\b",
    r"\x",
    r"\u12",
    r"\\ud800",
    r"\\\ud800",
    r"\ud800\u0041",
    r"\ud800\n",
    r"\ufffd",
    r"\"",
    r"\\",
]
_KEY = PrivateKey(bytes(range(32))).public
_SIGNER = SigningKey(seededBytes("differential")(32))
_PUBLIC = b64(bytes(_SIGNER.verify_key))
_ADDRESSES = (
    *("https://relay.example", "https://r.example:8443/t", "http://" + "b" * 56 + ".onion", "http://localhost:5000"),
    *("http://127.0.0.1:5000", "http://[::1]:5000", "https://[2001:db8::1]:8443", "https://1.2.3.4"),
)
_HOSTS = (
    "0x7f.1 127.1 0177.0.0.1 2130706433 0x7f000001 127.0.0.1 127.0.0.01 127.0.0.256 127.255.255.255 1.2.3 1.2.3.4 "
    "1.2.3.4. 1.2.3.4.5 [::1] [::1%lo] [::1%25lo] [::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:1] [::ffff:1:2:3] "
    "[0:0:0:0:0:0:0:1] [::127.0.0.1] [2001:db8::1] [2001:DB8::1] [2001:db8:0:0:1::1] [2001:0db8::1] "
    "[1:0:0:2:0:0:0:3] [1::2:0:0:3] [::] "
    "[1:2:3:4:5:6:7::] [1:2:3:4:5:6:7:8] [1::3:4:5:6:7:8] [:1] [] [::1 localhost localhost. LOCALHOST a.localhost "
    "xn--e1afmkfd.xn--p1ai xn--a.example xn--.example a.xn--b a--b.example ab--c.example -a.example a-.example "
    "a..example .example example. example 1example 1.example example.1 example.0x1 "
    "example.1a example.a1 a_b.example реле.example "
    "ex%61mple.org ｅxample.org ß.example user@relay.example u:p@relay.example relay.example:80@x.example "
    "a.onion .onion onion x.onion. " + "a" * 63 + ".example " + "a" * 64 + ".example"
).split()
_PORTS = (
    "",
    ":",
    ":0",
    ":1",
    ":443",
    ":080",
    ":65535",
    ":65536",
    ":99999",
    ":8_0",
    ":+80",
    ":８０",
    ":-1",
    ":80:80",
    ": 80",
)
_PATHS = (
    *(
        "",
        "/",
        "/t",
        "/t/",
        "//",
        "/a//b",
        "/.",
        "/../a",
        "/%2e",
        "/A%2f",
        "/a b",
        "/a?b",
        "?b",
        "#f",
        "/#",
        "/\\",
        "/`",
        "/~",
    ),
    *("/ü", "/'", "/\x7f", "/\x85", "/\t", "/[", "/^", "/|", "/" + "a" * 240),
)


class Generator:
    """A source of inputs that is the same for the same seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)  # noqa: S311 - inputs of a test, and the same ones for the same seed
        self.messages = [vector["header"] for vector in load("message")]
        self.kinds: list[tuple[int, Callable[[], Input]]] = [
            (6, self.address), (1, self.bytes), (2, self.card), (4, self.card_code), (1, self.digits), (5, self.json),
            (8, self.message), (2, self.note), (1, self.note_key), (1, self.pack), (2, self.pack_body),
            (2, self.pair_card), (4, self.pair_code), (3, self.plaintext), (2, self.receipt), (1, self.share),
            (1, self.spoken), (1, self.wake),
        ]  # fmt: skip

    def inputs(self, count: int) -> Iterator[Input]:
        """Yield so many inputs."""
        weights, makers = zip(*self.kinds, strict=True)
        for _ in range(count):
            yield self.random.choices(makers, weights)[0]()

    # Pieces

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def now_and_then(self, choices: Sequence[str]) -> str:
        return self.random.choice(choices) if self.chance(0.3) else ""

    def mutated(self, text: str, least: int = 0) -> str:
        """Return the text with a few marks put in, taken out, exchanged or doubled."""
        for _ in range(self.random.choice((least, 1, 1, 2, 5))):
            at = self.random.randint(0, len(text))
            mark = self.random.choice(self.random.choice((_MARKS, _BLANKS)))
            end = at + self.random.choice((0, 0, 1, 1, 3))
            between = self.random.choice((mark, mark, "", text[at:end] * 2, text[at:end].swapcase()))
            text = text[:at] + between + text[end:]
        return text

    def mutated_bytes(self, data: bytes) -> bytes:
        """Return the bytes with a few of them changed, put in or taken out."""
        whole = bytearray(data)
        for _ in range(self.random.choice((0, 1, 1, 2, 4))):
            at = self.random.randint(0, len(whole))
            whole[at : at + self.random.randint(0, 2)] = self.random.randbytes(self.random.randint(0, 2))
        return bytes(whole)

    def string(self, text: str, hostile: float) -> str:
        inner = "".join(
            {'"': r"\"", "\\": r"\\"}.get(mark, f"\\u{ord(mark):04x}" if mark < " " else mark) for mark in text
        )
        if self.chance(hostile):
            at = self.random.randint(0, len(inner))
            inner = inner[:at] + self.random.choice((*_ESCAPES, *_MARKS)) + inner[at:]
        return f'"{inner}"'

    def written(self, value: Any, hostile: float) -> str:
        """Return JSON of the value, with some of its places spelt as nobody would."""
        if self.chance(hostile / 2):
            value = self.random.choice((*_NUMBERS, "[]", "{}", "[[[]]]", "deep"))
            depth = self.random.choice((10, 62, 63, 64, 65, 2_000))
            return (
                value
                if value != "deep"
                else self.random.choice(("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth))
            )
        if isinstance(value, str):
            return self.string(value, hostile)
        if isinstance(value, dict):
            pairs = [
                self.string(name, hostile / 4) + ":" + self.written(inner, hostile) for name, inner in value.items()
            ]
            if self.chance(hostile):
                pairs.append(
                    self.string(self.random.choice([*value, "__proto__", "toString", ""]), 0)
                    + ":"
                    + self.random.choice(_NUMBERS)
                )
            self.random.shuffle(pairs)
            return "{" + self.blank(hostile) + ",".join(pairs) + self.blank(hostile) + "}"
        if isinstance(value, list):
            return "[" + ",".join(self.written(inner, hostile) for inner in value) + self.blank(hostile) + "]"
        if isinstance(value, bool) or value is None:
            return {True: "true", False: "false", None: "null"}[value]
        return (
            self.random.choice((f"{value}.0", f"{value}e0", "-0", self.random.choice(_NUMBERS)))
            if self.chance(hostile)
            else str(value)
        )

    def blank(self, hostile: float) -> str:
        return self.random.choice((" ", "\t", "\r\n", ",", *_MARKS)) if self.chance(hostile / 2) else ""

    def json_of(self, value: Any) -> bytes:
        """Return UTF-8 of a JSON object; now and then of none."""
        text = self.written(value, self.random.choice((0, 0.02, 0.05, 0.1, 0.3)))
        if self.chance(0.05):
            text = self.mutated(text, 1)
        data = text.encode()
        return self.mutated_bytes(data) if self.chance(0.05) else data

    def an_address(self) -> str:
        if self.chance(0.3):
            return self.random.choice(_ADDRESSES)
        if self.chance(0.4):
            return self.mutated(self.random.choice(_ADDRESSES))
        scheme = self.random.choice(
            ("https://", "https://", "http://", "http://", "HTTPS://", "ftp://", "https:/", "//", "")
        )
        return scheme + self.random.choice(_HOSTS) + self.now_and_then(_PORTS) + self.now_and_then(_PATHS)

    def note_of(self, text: str, name: str = "tocsin/card") -> bytes:
        """Return a signed note, also over text that `note.sign` would not sign."""
        signature = _SIGNER.sign(text.encode()).signature
        public = bytes(_SIGNER.verify_key)
        line = note.base64.b64encode(note.key_id(name, public) + signature).decode()
        if self.chance(0.1):
            line = self.mutated(line, 1)
        return f"{text}\n— {name} {line}\n".encode()

    # One for each reader

    def address(self) -> Input:
        return Input("address", self.an_address())

    def bytes(self) -> Input:
        text = b64(self.random.randbytes(self.random.choice((15, 16, 16, 16, 17))))
        return Input("bytes", self.random.choice((text, text + "==", text + "=", self.mutated(text), text[:-1] + "B")))

    def json(self) -> Input:
        pool = [*self.messages, {"a": {"b": [1, "x", None, True, {"c": 2.5}]}, "é": "ü"}, {}, {"n": 1}]
        return Input("json", self.json_of(self.random.choice(pool)))

    def message(self) -> Input:
        return Input("message", self.json_of(self.random.choice(self.messages)))

    def card(self) -> Input:
        verifier = str(note.NoteKey("relay.example", bytes(_SIGNER.verify_key)))
        fields = {
            "name": "Имя", "root": _PUBLIC, "seq": 7, "issued": NOW, "expires": NOW + 1, "mailbox": b64(digest(b"")),
            "relays": [self.an_address() if self.chance(0.2) else "https://relay.example"], "week": 2_968,
            "weekly": [b64(_KEY)], "last_resort": b64(_KEY), "grace_days": 35, "languages": ["ru"], "sms": "+375",
            "log": [self.mutated(verifier) if self.chance(0.1) else verifier],
        }  # fmt: skip
        text = self.written(fields, self.random.choice((0, 0.02, 0.05)))
        return Input("card", self.note_of(f"{organisation.CARD_KIND}\n{text}\n"))

    def _relays(self) -> bytes:
        urls = [self.an_address().encode()[:255] for _ in range(self.random.choice((0, 1, 1, 1, 2)))]
        return b"".join(bytes([len(url)]) + url for url in urls)

    def _code(self, prefix: str, fixed: int) -> str:
        data = self.random.randbytes(fixed) + self.random.choice((b"\0", b"\0", b"\0", b"\0", b"\1")) + self._relays()
        text = prefix + code._base32(self.mutated_bytes(data) if self.chance(0.2) else data)
        text = text.lower() if self.chance(0.2) else text
        return self.mutated(text) if self.chance(0.5) else text

    def card_code(self) -> Input:
        return Input("card_code", self._code(code.CARD_PREFIX, 32))

    def pair_code(self) -> Input:
        return Input("pair_code", self._code(code.PAIR_PREFIX, 48))

    def digits(self) -> Input:
        return Input("digits", self.mutated(code.DIGITS_PREFIX + "".join(self.random.choices("0123456789", k=60))))

    def spoken(self) -> Input:
        return Input("spoken", self.mutated("12345 ٠١٢٣٤ ۵۶۷۸۹", 1))

    def note(self) -> Input:
        text = "tocsin/1/pack\nМинск\n\n— not a signature\n"
        if self.chance(0.2):
            point = edwards25519.multiply(self.random.randint(1, 8), edwards25519.TORSION)
            twist = {self.random.choice(("key_twist", "nonce_twist")): point}
            public, signature = edwards25519.sign(
                text.encode(), self.random.randint(0, 3), self.random.randint(0, 3), **twist
            )
            line = note.base64.b64encode(note.key_id("a", public) + signature).decode()
            return Input("note", f"{text}\n— a {line}\n".encode(), b64(public))
        name = self.mutated("example.org/tocsin") if self.chance(0.5) else "example.org/tocsin"
        whole = self.note_of(self.mutated(text) if self.chance(0.3) else text, name)
        if self.chance(0.1):
            whole += self.random.choice((b"\n", b"\xe2\x80\x94 a AAAA\n", b"\xe2\x80\x94 a AAAAAAA=\n", b"x", b"\r\n"))
        return Input("note", self.mutated_bytes(whole) if self.chance(0.1) else whole, _PUBLIC)

    def note_key(self) -> Input:
        name = self.mutated("relay.example") if self.chance(0.5) else "relay.example"
        text = str(note.NoteKey(name, bytes(_SIGNER.verify_key)))
        return Input("note_key", self.mutated(text) if self.chance(0.5) else text)

    def pair_card(self) -> Input:
        fields = {
            "key": b64(_KEY), "mailbox": b64(digest(b"")), "relays": [self.an_address()], "until": NOW,
            "wake": self.random.choice((None, "https://relay.example AAAA")), "more": 1,
        }  # fmt: skip
        return Input("pair_card", self.json_of(fields))

    def share(self) -> Input:
        return Input("share", self.json_of({"v": 1, "kind": "pair", "share": b64(digest(b""))}))

    def wake(self) -> Input:
        text = "https://relay.example " + b64(bytes(1_072))
        return Input("wake", self.mutated(text))

    def receipt(self) -> Input:
        hour = self.random.choice(
            ("1795168800", "0", "3600", "03600", "3600.0", "-3600", "+3600", "36e2", "٣", "9999999997200")
        )
        text = f"tocsin/1/receipt\nhttps://relay.example\n{b64(digest(b''))}\n{b64(digest(b'x'))}\n{hour}\n"
        return Input("receipt", self.note_of(self.mutated(text) if self.chance(0.5) else text, "relay.example"))

    def plaintext(self) -> Input:
        header, body = (
            self.json_of(self.random.choice(self.messages)),
            self.random.randbytes(self.random.randint(0, 40)),
        )
        sizes = [len(part) + (self.random.randint(-2, 2) if self.chance(0.1) else 0) for part in (header, body)]
        parts = [
            part
            for size, inner in zip(sizes, (header, body), strict=True)
            for part in (max(size, 0).to_bytes(4, "big"), inner)
        ]
        padding = bytearray(self.random.randint(0, 60))
        if padding and self.chance(0.1):
            padding[self.random.randrange(len(padding))] = 1
        return Input("plaintext", self.random.randbytes(32) + b"".join(parts) + bytes(padding))

    def _stations(self) -> bytes:
        stations = [
            columns.PackStation(f"s{i}", ("Мінск 1",), "вул. 2, Мінск", 5_390_000 + i, 2_756_000, "+375 17")
            for i in range(3)
        ]
        return columns.encode(stations)

    def pack(self) -> Input:
        body = self._stations()
        packed = zlib.compress(body)
        about = {
            "id": "by", "root": _PUBLIC, "seq": 1, "issued": NOW, "country": "BY", "source": "", "licence": "",
            "notice": "", "count": 3, "size": len(body), "hash": b64(digest(packed)),
        }  # fmt: skip
        text = self.written(about, self.random.choice((0, 0.05, 0.1)))
        return Input("pack", self.note_of(f"tocsin/1/pack\n{text}\n", "tocsin/pack") + b"\0" + packed, _PUBLIC)

    def pack_body(self) -> Input:
        body = self._stations()
        if self.chance(0.5):
            mark = self.random.choice(_MARKS).encode()
            at = self.random.randint(28, len(body))
            body = body[:at] + mark + body[at + len(mark) :]
        return Input("pack_body", self.mutated_bytes(body))
