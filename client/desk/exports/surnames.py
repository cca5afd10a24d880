"""The lawyer's list of one place on paper: police let a lawyer in only to a surname."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from client.desk.consent.subjects import Subject, SubjectPlace
from client.desk.documents.pdf import NoFont, Paper
from client.desk.exports.people import select_people

WIDTHS = (1, 7, 3, 2, 2)
HEADS = {
    "ru": ("№", "Фамилия, имя, отчество", "Дата рождения", "Ребёнок", "Ранен(а)"),
    "en": ("No", "Name", "Date of birth", "Child", "Injured"),
}
WORDS = {
    "ru": {
        "yes": "да",
        "at": "На {}",
        "out": "Ещё без имени или без согласия назвать его: {}",
        "all": "Названо: {}",
        "failed": "Имя не печатается: дело {}",
    },
    "en": {
        "yes": "yes",
        "at": "As of {}",
        "out": "Others, without name or consent: {}",
        "all": "Named: {}",
        "failed": "This name cannot be printed: case {}",
    },
}


@dataclass(frozen=True, slots=True)
class ListContext:
    """In which language and when a list is made. `number_of` a case by its id: it stands for whoever is not printed."""

    language: str
    now: int
    zone: tzinfo
    number_of: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class SurnameList:
    """The PDF, how many stand in it, how many heads do not, and whose words could not be printed."""

    data: bytes = field(repr=False)
    count: int
    left_out: int
    failed: tuple[Subject, ...]


def build_surname_list(everybody: Sequence[Subject], place: int, context: ListContext) -> SurnameList:
    """Build the list of those who are held at the place with this number. Who cannot be printed stands there by the
    number of the case. Raises NoFont."""
    here = [subject for subject in everybody if subject.is_detained and subject.place_number == place]
    found = select_people(here, "help")
    named = sorted((subject for subject in found.subjects if subject.name), key=lambda subject: subject.name.casefold())
    left_out = sum(subject.heads for subject in here) - len(named)
    page = _Page(context, here[0].place if here else None, named, left_out)
    try:
        data, failed = page.print_on(Paper(context.now, strict=False))
    except NoFont:
        raise
    except Exception:  # a font of this computer that looks right and cannot be written: once more without it
        data, failed = page.print_on(Paper(context.now, strict=False, fallbacks=0))
    return SurnameList(data, len(named), left_out, failed)


@dataclass(frozen=True, slots=True)
class _Page:
    context: ListContext
    place: SubjectPlace | None
    named: Sequence[Subject]
    left_out: int

    def print_on(self, paper: Paper) -> tuple[bytes, tuple[Subject, ...]]:
        words = WORDS[self.context.language]
        paper.add_title(_format_heading(self.place))
        moment = datetime.fromtimestamp(self.context.now, UTC).astimezone(self.context.zone)
        paper.add_paragraph(words["at"].replace("{}", f"{moment:%d.%m.%Y %H:%M}"))
        rows = [self._build_row(index, subject) for index, subject in enumerate(self.named, 1)]
        failed = paper.add_table(HEADS[self.context.language], rows, WIDTHS, self._build_failed_row)
        paper.add_paragraph("\n" + words["all"].replace("{}", str(len(self.named))))
        if self.left_out:
            paper.add_paragraph(words["out"].replace("{}", str(self.left_out)))
        return paper.to_bytes(), tuple(self.named[index] for index in failed)

    def _build_row(self, number: int, subject: Subject) -> list[str]:
        yes = WORDS[self.context.language]["yes"]
        cells = [str(number), subject.name, str(subject.facts.get("birth") or "")]
        return [*cells, yes if subject.minors else "", yes if subject.injured else ""]

    def _build_failed_row(self, index: int) -> list[str]:
        cases = ", ".join(str(self.context.number_of(case)) for case in self.named[index].cases)
        return [str(index + 1), WORDS[self.context.language]["failed"].replace("{}", cases), "", "", ""]


def _format_heading(place: SubjectPlace | None) -> str:
    return "" if place is None else ", ".join(part for part in (place.name, place.address, place.phone) if part)
