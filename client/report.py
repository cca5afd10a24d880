"""The fields of a report, typed. Specified in `client/report.md`; the mapping to other vocabularies stands there too.

Answers are three-valued: true, false, and null for "asked, not known". A field that was not asked is absent.
Facts that this version does not know, or whose value does not fit, are kept as "other": a person's words come first.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from keys.errors import TocsinError

Text = Annotated[str, msgspec.Meta(max_length=20_000)]
Line = Annotated[str, msgspec.Meta(max_length=500)]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Time = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Latitude = Annotated[int, msgspec.Meta(ge=-9_000_000, le=9_000_000)]
Longitude = Annotated[int, msgspec.Meta(ge=-18_000_000, le=18_000_000)]
CaseState = bool | None
Lines = Annotated[list[Line], msgspec.Meta(max_length=100)]

Role = Literal["self", "witness", "relative", "lawyer"]
Stage = Literal["free", "van", "station", "special_centre", "court", "hospital", "released", "unknown"]
By = Literal["police", "riot_police", "plain_clothes", "guard", "unknown"]
Certainty = Literal["confirmed", "guessed", "typed"]
Publish = Literal["no", "without_name", "with_name"]


class DetainedAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When: Unix seconds, and how sure."""

    time: Time
    precision: Literal["exact", "hour", "day"] = "exact"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where: words, and a position in 1e-5 degree with its accuracy in metres and its age in seconds."""

    text: Line = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy: Count | None = None
    age: Time | None = None


class Station(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """Which station of which pack, how it was chosen, what else it could have been, from when to when."""

    pack: Line = ""
    id: Line = ""
    text: Line = ""
    certainty: Certainty = "typed"
    candidates: Lines = []
    since: Time | None = None
    until: Time | None = None


class Van(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """The number plate, the number on its side, where it came from and went."""

    plate: Line = ""
    side: Line = ""
    since: Line = ""
    until: Line = ""


class Officials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who did it."""

    kind: By = "unknown"
    names: Lines = []
    badges: Lines = []
    vehicle: Line = ""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asked for, given, refused, and when."""

    asked: CaseState = None
    given: CaseState = None
    refused: CaseState = None
    when: Time | None = None


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that goes with the report: SHA-256 in base64url, size, media type, when it was taken."""

    sha256: Line
    bytes: Count | Time = 0
    type: Line = ""
    taken: Time | None = None


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"un": "UN"}):
    """What may be done with it."""

    help: CaseState = None
    store: CaseState = None
    statistics: CaseState = None
    un: CaseState = None
    publish: Publish | None = None


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every field a report may carry; all are optional here, `REQUIRED` is not."""

    role: Role | None = None
    stage: Stage | None = None
    people: Count | None = None
    minors: Count | CaseState = None
    injured: Count | CaseState = None
    force: CaseState = None
    coerced: CaseState = None
    phone_taken: CaseState = None
    name: Line | None = None
    other_names: Line | None = None
    birth: Line | None = None
    citizenship: Line | None = None
    sex: Line | None = None
    occupation: Line | None = None
    languages: Lines | None = None
    contact: Line | None = None
    tell: Text | None = None
    health: Text | None = None
    medicines: Text | None = None
    dependants: Text | None = None
    detained_at: DetainedAt | None = None
    place: Place | None = None
    station: Station | list[Station] | None = None
    van: Van | None = None
    event: Line | None = None
    by: Officials | None = None
    reason: Text | None = None
    article: Line | None = None
    warrant: Text | None = None
    papers: Text | None = None
    lawyer: Asked | None = None
    call: Asked | None = None
    interpreter: Asked | None = None
    food: Asked | None = None
    doctor: Asked | None = None
    violence: Lines | None = None
    injuries: Text | None = None
    needs: Lines | None = None
    account: Text | None = None
    files: list[File] | None = None
    consent: Consent | None = None


REQUIRED = ("stage", "people")  # beside the case's id and the time, which every message carries
FIELDS = tuple(field.name for field in msgspec.structs.fields(Facts))
_TYPES = {field.name: field.type for field in msgspec.structs.fields(Facts)}


class BadFact(TocsinError):
    """a field does not fit"""

    code = "fact"
    hint = "`tocsin report --help` lists the fields and what they take"


def sort_facts(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split facts as received into those that fit the schema and the others, which are shown but never counted."""
    fitting: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, value in facts.items():
        (fitting if _fits(name, value) else other)[name] = value
    return fitting, other


def _fits(name: str, value: Any) -> bool:
    try:
        check_fact(name, value)
    except BadFact:
        return False
    return True


def check_fact(name: str, value: Any) -> None:
    """Check that a field exists and takes this value. Raises BadFact naming the field (never the value)."""
    if name not in _TYPES:
        raise BadFact(f"there is no field {name!r}" if name.isidentifier() else "a field's name is a plain word")
    try:
        msgspec.convert(value, type=_TYPES[name])
    except msgspec.ValidationError:
        raise BadFact(f"{name} takes {TAKES[name]}") from None


def from_words(pairs: list[str]) -> dict[str, Any]:
    """Return the facts of `field=value` as typed in a shell; `place.text=...` reaches inside. Raises BadFact."""
    facts: dict[str, Any] = {}
    for pair in pairs:
        path, equals, words = pair.partition("=")
        if not equals:
            raise BadFact("write field=value")
        name, _, inner = path.strip().partition(".")
        if inner:
            part = facts.setdefault(name, {})
            if not isinstance(part, dict):
                raise BadFact(f"{name} is given twice")
            part[inner] = _plain(words)
        else:
            facts[name] = _value(name, words)
    for name, value in facts.items():
        check_fact(name, value)
    return facts


def _plain(words: str) -> Any:
    """Return the likely meaning of a shell word: yes, no, unknown, a number, JSON, or just words."""
    answers = {"yes": True, "true": True, "no": False, "false": False, "unknown": None, "null": None}
    if words.lower() in answers:
        return answers[words.lower()]
    if not words.strip().lstrip("-").isdigit() and words[:1] not in '[{"':
        return words
    try:
        return msgspec.json.decode(words)
    except (msgspec.DecodeError, RecursionError):
        return words


_SHORT: dict[str, Any] = {
    "place": lambda words: {"text": words},
    "station": lambda words: {"text": words, "certainty": "typed"},
    "van": lambda words: {"plate": words},
    "by": lambda words: {"kind": words},
    "detained_at": lambda words: {"time": _moment(words)},
    "needs": lambda words: [word.strip() for word in words.split(",")],
    "languages": lambda words: [word.strip() for word in words.split(",")],
    "violence": lambda words: [words],
}


def _value(name: str, words: str) -> Any:
    if _TYPES.get(name) in (Line | None, Text | None, Stage | None, Role | None):
        return words
    value = _plain(words)
    if name in _SHORT and not isinstance(value, dict | list):
        return _SHORT[name](words)
    return value


def _moment(words: str) -> int:
    if words.isdigit():
        return int(words)
    try:
        return int(datetime.fromisoformat(words).timestamp())
    except (ValueError, OverflowError, OSError):
        raise BadFact(f"detained_at takes {TAKES['detained_at']}") from None


def _takes(name: str) -> str:
    return _WORDS.get(name) or _BY_TYPE.get(_TYPES[name]) or "text"


_WORDS = {
    "role": "self, witness, relative or lawyer",
    "stage": "free, van, station, special_centre, court, hospital, released or unknown",
    "minors": "a number, or yes, no, unknown",
    "injured": "a number, or yes, no, unknown",
    "detained_at": "a time such as 2026-11-20T18:40, or Unix seconds",
    "place": "text; or place.lat, place.lon (1e-5 degree), place.accuracy (metres), place.age (seconds)",
    "station": "text; or JSON, or a list of them when moved",
    "van": "the number plate; or van.side, van.from, van.to",
    "by": "police, riot_police, plain_clothes, guard or unknown; or by.names, by.badges, by.vehicle",
    "needs": "words with commas between: lawyer, doctor, medicine, water, food, family, interpreter",
    "languages": "language codes with commas between",
    "violence": "text, or a JSON list",
    "files": "a JSON list",
    "consent": "consent.help, consent.store, consent.statistics, consent.UN = yes or no; "
    "consent.publish = no, without_name or with_name",
}
_BY_TYPE = {
    Count | None: "a number",
    CaseState: "yes, no or unknown",
    Asked | None: ".asked, .given, .refused = yes, no, unknown; .when = Unix seconds",
}
TAKES = {name: _takes(name) for name in FIELDS}
