"""Every export there is, and the function that makes one. Specified in `exports.md`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial

from sqlite_utils import Database

from client.desk.cases import view
from client.desk.consent import subjects
from client.desk.consent.subjects import Subject
from client.desk.documents.letters.fill import write_letter
from client.desk.documents.letters.values import LetterContext
from client.desk.exports import bag
from client.desk.exports.bag import Court
from client.desk.exports.columns import AUDIENCES
from client.desk.exports.geojson import build_geojson
from client.desk.exports.hxl import build_hxl
from client.desk.exports.package import build_package
from client.desk.exports.people import select_people
from client.desk.exports.surnames import ListContext, build_surname_list
from client.desk.exports.totals import count_totals
from client.desk.exports.uwazi import build_uwazi
from keys.errors import TocsinError


class NoSuchExport(TocsinError):
    """there is no such export"""

    code = "export-unknown"
    hint = "choose one from the list, for one of those whom it may be given to"


@dataclass(frozen=True, slots=True)
class Options:
    """What to make. `now`: Unix seconds; `language`: ru or en; `audience`: empty for the first that the kind has;
    `place` is its number, `case` an id, `person` `case#k`."""

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
        """SHA-256 of the file, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ExportKind:
    """A kind of export. `scope`: `all`, `place`, `person` or `case`. `audiences`: whom it may be made for."""

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


def make_export(key: str, db: Database, options: Options) -> Export:
    """Make an export by its key. Its name says the kind and the day and nothing else.

    Raises NoSuchExport, NoConsent, NoFont, NoSuchLetter, and for `bag` what `build_bag` raises.
    """
    kind = KINDS.get(key)
    if kind is None or (options.audience or kind.audiences[0]) not in kind.audiences:
        raise NoSuchExport()
    result = kind.make(db, options)
    failed = {_find_case_number(db, case) for subject in result.failed for case in subject.cases}
    day = datetime.fromtimestamp(options.now, UTC).astimezone(options.zone).date().isoformat()
    return Export(
        f"{key}-{day}.{kind.suffix}", kind.media, result.data, result.count, result.left_out, tuple(sorted(failed))
    )


def _find_case_number(db: Database, case: str) -> int:
    return view.find_case_number(db, case) or 0


def _make_package(db: Database, options: Options) -> ExportResult:
    found = select_people(subjects.list_subjects(db), options.audience or AUDIENCES[0])
    table = build_package(found, options.zone)
    return ExportResult(table.data, table.count, found.left_out, table.failed)


def _make_uwazi(db: Database, options: Options) -> ExportResult:
    found = select_people(subjects.list_subjects(db), options.audience or AUDIENCES[0])
    table = build_uwazi(found, options.zone)
    return ExportResult(table.data, table.count, found.left_out, table.failed)


def _make_geojson(db: Database, _: Options) -> ExportResult:
    found = count_totals(subjects.list_subjects(db, with_facts=False))
    return ExportResult(build_geojson(found), found.count, found.left_out)


def _make_hxl(db: Database, options: Options) -> ExportResult:
    found = count_totals(subjects.list_subjects(db, with_facts=False))
    return ExportResult(build_hxl(found, options.language), found.count, found.left_out)


def _make_list(db: Database, options: Options) -> ExportResult:
    if options.place is None:
        raise NoSuchExport()
    everybody = subjects.list_subjects(db, with_facts=False)
    context = ListContext(options.language, options.now, options.zone, partial(_find_case_number, db))
    surname_list = build_surname_list(everybody, options.place, context)
    return ExportResult(surname_list.data, surname_list.count, surname_list.left_out, surname_list.failed)


def _make_wgad(db: Database, options: Options) -> ExportResult:
    context = LetterContext(options.now, options.zone, options.organisation)
    if options.person is None:
        raise NoSuchExport()
    letter = write_letter(db, "wgad", "en", options.person, context)
    return ExportResult(letter.text.encode("utf-8"), 1, 0)


def _make_bag(db: Database, options: Options) -> ExportResult:
    if options.case is None or options.court is None:
        raise NoSuchExport()
    record = bag.build_bag(db, options.case, options.court, options.organisation, options.now)
    return ExportResult(record.data, record.count, record.left_out)


KINDS = {
    kind.key: kind
    for kind in (
        ExportKind("package", "all", AUDIENCES, "application/zip", "zip", _make_package),
        ExportKind("uwazi", "all", AUDIENCES, "text/csv; charset=utf-8", "csv", _make_uwazi),
        ExportKind("geojson", "all", ("statistics",), "application/geo+json", "geojson", _make_geojson),
        ExportKind("hxl", "all", ("statistics",), "text/csv; charset=utf-8", "csv", _make_hxl),
        ExportKind("list", "place", ("help",), "application/pdf", "pdf", _make_list),
        ExportKind("wgad", "person", ("UN",), "text/plain; charset=utf-8", "txt", _make_wgad),
        ExportKind("bag", "case", ("court",), "application/zip", "zip", _make_bag),
    )
}
