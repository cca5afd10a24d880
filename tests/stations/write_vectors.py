"""Writes tests/vectors/stations.json: `python -m tests.stations.write_vectors`. The answers come from the oracle, which
has no index; what is refused has one fault each."""

import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from client.stations.pack.columns import PackStation, encode
from client.stations.pack.hilbert import place_on_curve
from client.stations.pack.pack import KIND
from keys import note
from keys.wire import b64, digest
from tests.stations import oracle
from tests.stations.lists import CALLED, CROWD, OTHER, ROOT, SMALL, heading, packed, signer

OUT = Path(__file__).parents[1] / "vectors" / "stations.json"

NEAR = [
    (55.76473, 37.612, 20.0), (55.76473, 37.612, 300.0), (55.76473, 37.612, 300.5), (55.751, 37.62, 0.0),
    (55.751, 37.62, 50.0), (55.7501, 37.62, 40.0), (59.93265, 30.33331, 10.0), (59.93265, 30.33331, 5000.0),
    (43.247, 76.94, 2000.0), (35.7, 51.4, 1500.0), (-16.6, 180.0, 100.0), (-16.6, -180.0, 100.0),
    (-16.8, 179.99999, 10.0), (65.0, -178.0, 100000.0), (90.0, 0.0, 10.0), (90.0, -135.0, 10.0), (-90.0, 77.0, 0.0),
    (89.99999, 179.0, 5.0), (0.0, 0.0, 20000000.0), (0.0, 0.0, 1e300), (48.0, 68.0, 1.0), (-0.0, -0.0, 0.0),
    (40.7162, -73.9973, 25.4), (55.75005, 37.62, 30.0), (55.75005, 37.62, 31.0),
]  # fmt: skip
FIND = [
    "ОВД Тверской",
    "тверской",
    "Тверскoй овд",
    "tverskoy",
    "tverskoi rayon",
    "овд 5",
    "ОВД №5",
    "ОВД 05",
    "овд 15",
    "5",
    "ОВД 51",
    "хамовинки",
    "усачева 62",
    "28 отдел полиции",
    "полиция",
    "медеу",
    "Medeu",
    "құрманғазы",
    "курмангазы",
    "алмалы 109",
    "сарыарка",
    "کلانتری ۱۴۸",
    "كلانتري ١٤٨",
    "کلانتری 148",
    "کلانتری 105",
    "sanaei",
    "جامي",
    "Акрэсціна",
    "акрестина",
    "окрестина 36",
    "шевченкивске",
    "Герцена 9",
    "5th precinct",
    "precinct 05",
    "new yrok police",
    "taveuni",
    "labassa",
    "",
    "  ",
    "xyzzy",
    "№",
    "амундсен",
    "police department sheriffs office county city street avenue north highway patrol district of columbia " * 2,
]


def vectors() -> dict[str, Any]:
    pack = packed(SMALL, country="", source="made up", licence="CC0-1.0", notice="for tests only")
    return {
        "comment": "client/stations/pack/pack.md; bytes in base64url without padding",
        "root": b64(bytes(ROOT.verify_key)),
        "pack": b64(pack),
        "stations": [
            {
                "id": s.id,
                "name": s.name,
                "names": list(s.names),
                "address": s.address,
                "lat": s.lat,
                "lon": s.lon,
                "phone": s.phone,
            }
            for s in _on_curve(SMALL)
        ],
        "called": b64(_written(encode(CALLED))),
        "called_phones": [station.phone for station in CALLED],
        "near": [{"lat": la, "lon": lo, "accuracy": a, "answer": oracle.near(SMALL, la, lo, a)} for la, lo, a in NEAR],
        "crowd": b64(_written(encode(CROWD))),
        "crowd_near": [
            {"lat": la, "lon": lo, "accuracy": 0.0, "answer": oracle.near(CROWD, la, lo, 0.0)} for la, lo in _in_crowd()
        ],
        "find": [{"text": text, "answer": oracle.find(SMALL, text)} for text in FIND],
        "packs": [
            {"name": name, "expect": expect, "pack": b64(data), "comment": comment}
            for name, expect, data, comment in [*_valid_packs(), *_refused()]
        ],
    }


def _on_curve(stations: Sequence[PackStation]) -> list[PackStation]:
    return sorted(stations, key=lambda station: (place_on_curve(station.lat, station.lon), station.id))


def _in_crowd() -> Iterator[tuple[float, float]]:
    return ((64.1, -21.9 + step / 100_000) for step in range(-5, 26))


Vector = tuple[str, str, bytes, str]


def _valid_packs() -> Iterator[Vector]:
    yield "newer", "ok", packed(SMALL, seq=8), "a higher number replaces the pack above"
    yield (
        "same",
        "ok",
        packed(SMALL, source="made up", licence="CC0-1.0", notice="for tests only"),
        "the same once more",
    )


def _refused() -> Iterator[Vector]:
    good = packed(SMALL, seq=8)
    signed, _, stations = good.partition(b"\0")
    yield "older", "pack-older", packed(SMALL, seq=6), "a lower number than the pack held"
    yield "same_number_other_stations", "pack-older", packed(SMALL[:-1]), "the number held, but other stations"
    yield "other_list", "pack-other", packed(SMALL, seq=8, id="elsewhere"), "another list of the same organisation"
    yield "empty", "pack-malformed", b"", "no bytes"
    yield "note_only", "pack-malformed", signed, "no zero byte and nothing behind it"
    yield "unsigned", "note-malformed", signed.split(b"\n\n")[0] + b"\n\0" + stations, "no signature line"
    yield "other_key", "note-unsigned", _written(_body(), key=OTHER), "signed by a key that is not the root"
    yield "other_key_under_our_name", "note-unsigned", _signed_by_other(signed) + b"\0" + stations, "names the root"
    yield "note_changed", "note-unsigned", good.replace(b'"seq":8', b'"seq":9'), "the number was raised afterwards"
    yield (
        "names_other_root",
        "pack-malformed",
        _written(_body(), root=b64(bytes(OTHER.verify_key))),
        "signed by the root",
    )
    flipped = good[:-20] + bytes([good[-20] ^ 1]) + good[-19:]
    yield "stations_changed", "pack-changed", flipped, "one bit of the stations differs"
    yield "cut_off", "pack-changed", good[:-1], "the last byte is missing"
    yield "longer", "pack-changed", good + b"\0", "one byte more"
    yield "other_kind", "pack-malformed", _written(_body(), kind="tocsin/1/card"), "a note of another kind"
    yield "not_json", "pack-malformed", signer()(f"{KIND}\n{{\n") + b"\0" + stations, "the second line is not JSON"
    yield "third_line", "pack-malformed", _written(_body(), more="more\n"), "a line too many"
    yield "no_seq", "pack-malformed", _written(_body(), seq=None), "a field is missing"
    yield "seq_zero", "pack-malformed", _written(_body(), seq=0), "numbers begin with 1"
    yield "seq_text", "pack-malformed", _written(_body(), seq="8"), "a text where a number should be"
    yield "bad_id", "pack-malformed", _written(_body(), id="Test"), "the list's name has a capital letter"
    yield "bad_country", "pack-malformed", _written(_body(), country="Russia"), "not two letters"
    yield "count_differs", "pack-malformed", _written(_body(), count=len(SMALL) - 1), "one station more than signed"
    yield "size_too_small", "pack-malformed", _written(_body(), size=len(_body()) - 1), "unpacks to more than signed"
    yield "size_too_large", "pack-malformed", _written(_body(), size=len(_body()) + 1), "unpacks to less than signed"
    yield "not_zlib", "pack-malformed", _written(_body(), packed=b"\1\2\3\4"), "what was signed cannot be unpacked"
    yield "zlib_cut", "pack-malformed", _written(_body(), packed=zlib.compress(_body())[:-1]), "signed when cut off"
    yield from ((name, "pack-malformed", _written(body), comment) for name, body, comment in _bad_bodies())


def _bad_bodies() -> Iterator[tuple[str, bytes, str]]:
    station = PackStation("a", ("B",), "C", 1, 2)
    good = encode([station])  # head 28 | "B\nC" | "a" | 2 4 | 0 255 | 1 255
    yield "body_head_cut", good[:27], "shorter than its head"
    yield "body_no_station", bytes(4) + good[4:], "no station"
    yield "body_lengths", good[:-1], "parts of more bytes than there are"
    yield "body_word_missing", good.replace(b"\1\xff", b"\2\xff"), "a word that is not in the dictionary"
    yield "body_text_open", good[:-1] + b"\1", "the last text has no end"
    yield "body_word_cut", good[:-2] + b"\xc0\xff", "a number of two bytes whose second ends the part"
    yield "body_word_empty", good.replace(b"B\nC", b"\nBC"), "an empty word"
    yield "body_word_blank", encode([PackStation("a", ("B\u0085",), "C", 1, 2)]), "a control character in a word"
    yield "body_not_utf8", good.replace(b"B\nC", b"\xc3\nC"), "a word that is not UTF-8"
    yield "body_words_fewer", good[:7] + b"\3" + good[8:], "more words announced than there are"
    yield "body_id_blank", encode([PackStation("a b", ("B",), "C", 1, 2)]), "a blank in an id"
    yield "body_id_twice", encode([station, station]), "the same id twice"
    yield "body_name_empty", encode([PackStation("a", ("B", ""), "C", 1, 2)]), "an empty second name"
    yield "body_two_addresses", good[:-2] + b"\xfd\xff", "two addresses"
    yield "body_many_names", encode([PackStation("a", ("B",) * 17, "C", 1, 2)]), "more names than a station may have"
    yield "body_off_globe", encode([PackStation("a", ("B",), "C", 9_000_001, 2)]), "north of the pole"
    yield "body_off_globe_east", encode([PackStation("a", ("B",), "C", 1, -18_000_001)]), "west of the date line"
    yield "body_long_step", _steps(good, b"\x80\x80\x80\x80\x00\4"), "a step of five bytes"
    yield "body_open_step", _steps(good, b"\2\x84"), "a step without end"
    yield "body_more_steps", _steps(good, b"\2\4\6"), "one step too many"
    both = encode([station, PackStation("b", (), "", 3, 4)])
    yield "phone_too_long", good + b"1" * 61, "a telephone of 61 characters"
    yield "phone_too_long_for_characters", good + "\U0001d7ec".encode() * 61, "61 characters outside the first plane"
    yield "phone_control", good + b"1\x7f2", "a control character in a telephone"
    yield "phone_zero", good + b"\0", "a zero byte behind the five parts"
    yield "phone_tab", both + b"1\t2\n", "a tab in a telephone"
    yield "phone_not_utf8", good + b"1\xff2", "a telephone that is not UTF-8"
    yield "phone_lines_fewer", both + b"102", "two stations and one line"
    yield "phone_lines_more", both + b"102\n\n", "two stations and three lines"


def _steps(body: bytes, steps: bytes) -> bytes:
    """The same body with other steps between positions."""
    return body[:16] + len(steps).to_bytes(4, "big") + body[20:32] + steps + body[34:]


def _body() -> bytes:
    return encode(_on_curve(SMALL))


def _written(
    body: bytes, *, key: Any = ROOT, kind: str = KIND, more: str = "", packed: bytes | None = None, **facts: Any
) -> bytes:
    """A pack whose hash and signature are right, whatever is in it."""
    data = zlib.compress(body) if packed is None else packed
    head = heading()
    count = int.from_bytes(body[:4], "big") if len(body) > 3 else 1
    about = {
        "id": head.id, "root": b64(bytes(key.verify_key)), "seq": 8, "issued": head.issued, "country": "", "source": "",
        "licence": "", "notice": "", "count": count or 1, "size": len(body), "hash": b64(digest(data)), **facts,
    }  # fmt: skip
    line = json.dumps({name: value for name, value in about.items() if value is not None}, separators=(",", ":"))
    return signer(key)(f"{kind}\n{line}\n{more}") + b"\0" + data


def _signed_by_other(signed: bytes) -> bytes:
    return note.sign(note.read(signed).text, "tocsin/pack", OTHER)


if __name__ == "__main__":
    OUT.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
