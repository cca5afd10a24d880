"""The lawyer's list of one place on paper: police let a lawyer in only to a surname."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from client.desk.consent.subjects import Subject, SubjectPlace
from client.desk.documents.pdf import NoFont, Paper
from client.desk.exports.people import people

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
class Listed:
    """The PDF, how many stand in it, how many heads do not, and whose words could not be printed."""

    data: bytes = field(repr=False)
    count: int
    left_out: int
    failed: tuple[Subject, ...]


def surnames(everybody: Sequence[Subject], place: int, around: ListContext) -> Listed:
    """Return the list of those who are held at the place with this number. Raises NoFont."""
    here = [subject for subject in everybody if subject.held and subject.place_number == place]
    found = people(here, "help")
    named = sorted((one for one in found.subjects if one.name), key=lambda one: one.name.casefold())
    left_out = sum(one.heads for one in here) - len(named)
    page = _Page(around, here[0].place if here else None, named, left_out)
    try:
        data, failed = page.print(Paper(around.now, strict=False))
    except NoFont:
        raise
    except Exception:  # a font of this computer that looks right and cannot be written: once more without it
        data, failed = page.print(Paper(around.now, strict=False, fallbacks=0))
    return Listed(data, len(named), left_out, failed)


@dataclass(frozen=True, slots=True)
class _Page:
    around: ListContext
    place: SubjectPlace | None
    named: Sequence[Subject]
    left_out: int

    def print(self, paper: Paper) -> tuple[bytes, tuple[Subject, ...]]:
        words = WORDS[self.around.language]
        paper.title(_heading(self.place))
        moment = datetime.fromtimestamp(self.around.now, UTC).astimezone(self.around.zone)
        paper.paragraph(words["at"].replace("{}", f"{moment:%d.%m.%Y %H:%M}"))
        rows = [self._row(at, one) for at, one in enumerate(self.named, 1)]
        failed = paper.table(HEADS[self.around.language], rows, WIDTHS, self._failed)
        paper.paragraph("\n" + words["all"].replace("{}", str(len(self.named))))
        if self.left_out:
            paper.paragraph(words["out"].replace("{}", str(self.left_out)))
        return paper.data(), tuple(self.named[at] for at in failed)

    def _row(self, number: int, one: Subject) -> list[str]:
        yes = WORDS[self.around.language]["yes"]
        told = [str(number), one.name, str(one.facts.get("birth") or "")]
        return [*told, yes if one.minors else "", yes if one.injured else ""]

    def _failed(self, at: int) -> list[str]:
        cases = ", ".join(str(self.around.number_of(case)) for case in self.named[at].cases)
        return [str(at + 1), WORDS[self.around.language]["failed"].replace("{}", cases), "", "", ""]


def _heading(place: SubjectPlace | None) -> str:
    return "" if place is None else ", ".join(part for part in (place.name, place.address, place.phone) if part)
