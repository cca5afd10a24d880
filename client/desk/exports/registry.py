"""Every export there is, and the one way to make one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial

from sqlite_utils import Database

from client.desk.cases import view
from client.desk.consent import subjects
from client.desk.consent.subjects import Subject
from client.desk.documents.letters.fill import write
from client.desk.documents.letters.values import Around
from client.desk.exports import bag
from client.desk.exports.bag import Court
from client.desk.exports.columns import AUDIENCES
from client.desk.exports.geojson import geojson
from client.desk.exports.hxl import hxl
from client.desk.exports.package import package
from client.desk.exports.people import people
from client.desk.exports.surnames import ListContext, surnames
from client.desk.exports.totals import totals
from client.desk.exports.uwazi import uwazi
from keys.errors import TocsinError


class NoSuchExport(TocsinError):
    """there is no such export"""

    code = "export-unknown"
    hint = "choose one from the list, for one of those whom it may be given to"


@dataclass(frozen=True, slots=True)
class Options:
    """What to make. `language`: ru or en. `place` is its number; `case` an id; `person` `case#k`."""

    now: int
    zone: tzinfo
    language: str = "en"
    organisation: str = ""
    audience: str = ""
    place: int | None = None
    case: str | None = None
    person: str | None = None
    court: Court | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Export:
    """A file. `count`: rows, persons or letters in it; `left_out`: how many are not, for want of consent. `failed`: the
    numbers of cases that tell of somebody whose words could not be written."""

    name: str
    media: str
    data: bytes = field(repr=False)
    count: int
    left_out: int
    failed: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ExportKind:
    """`scope`: `all`, `place`, `person` or `case`. `audiences`: whom it may be made for."""

    key: str
    scope: str
    audiences: tuple[str, ...]
    media: str
    suffix: str
    make: "Callable[[Database, Options], ExportResult]" = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export came to: the file, how many are in it, how many are left out, and who could not be written."""

    data: bytes = field(repr=False)
    count: int
    left_out: int
    failed: tuple[Subject, ...] = ()


def make(key: str, db: Database, options: Options) -> Export:
    """Raises NoSuchExport, NoConsent, NoFont, NoSuchLetter."""
    kind = KINDS.get(key)
    if kind is None or (options.audience or kind.audiences[0]) not in kind.audiences:
        raise NoSuchExport()
    made = kind.make(db, options)
    failed = {_number(db, case) for subject in made.failed for case in subject.cases}
    day = datetime.fromtimestamp(options.now, UTC).astimezone(options.zone).date().isoformat()
    return Export(f"{key}-{day}.{kind.suffix}", kind.media, made.data, made.count, made.left_out, tuple(sorted(failed)))


def _number(db: Database, case: str) -> int:
    return view.number_of(db, case) or 0


def _package(db: Database, options: Options) -> ExportResult:
    found = people(subjects.subjects(db), options.audience or AUDIENCES[0])
    made = package(found, options.zone)
    return ExportResult(made.data, made.count, found.left_out, made.failed)


def _uwazi(db: Database, options: Options) -> ExportResult:
    found = people(subjects.subjects(db), options.audience or AUDIENCES[0])
    made = uwazi(found, options.zone)
    return ExportResult(made.data, made.count, found.left_out, made.failed)


def _geojson(db: Database, _: Options) -> ExportResult:
    found = totals(subjects.subjects(db, with_facts=False))
    return ExportResult(geojson(found), found.count, found.left_out)


def _hxl(db: Database, options: Options) -> ExportResult:
    found = totals(subjects.subjects(db, with_facts=False))
    return ExportResult(hxl(found, options.language), found.count, found.left_out)


def _list(db: Database, options: Options) -> ExportResult:
    if options.place is None:
        raise NoSuchExport()
    everybody = subjects.subjects(db, with_facts=False)
    around = ListContext(options.language, options.now, options.zone, partial(_number, db))
    made = surnames(everybody, options.place, around)
    return ExportResult(made.data, made.count, made.left_out, made.failed)


def _wgad(db: Database, options: Options) -> ExportResult:
    around = Around(options.now, options.zone, options.organisation)
    if options.person is None:
        raise NoSuchExport()
    letter = write(db, "wgad", "en", options.person, around)
    return ExportResult(letter.text.encode("utf-8"), 1, 0)


def _bag(db: Database, options: Options) -> ExportResult:
    if options.case is None or options.court is None:
        raise NoSuchExport()
    made = bag.bag(db, options.case, options.court, options.organisation, options.now)
    return ExportResult(made.data, made.count, made.left_out)


KINDS = {
    kind.key: kind
    for kind in (
        ExportKind("package", "all", AUDIENCES, "application/zip", "zip", _package),
        ExportKind("uwazi", "all", AUDIENCES, "text/csv; charset=utf-8", "csv", _uwazi),
        ExportKind("geojson", "all", ("statistics",), "application/geo+json", "geojson", _geojson),
        ExportKind("hxl", "all", ("statistics",), "text/csv; charset=utf-8", "csv", _hxl),
        ExportKind("list", "place", ("help",), "application/pdf", "pdf", _list),
        ExportKind("wgad", "person", ("UN",), "text/plain; charset=utf-8", "txt", _wgad),
        ExportKind("bag", "case", ("court",), "application/zip", "zip", _bag),
    )
}
