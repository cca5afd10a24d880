"""The lawyer's list of one place on paper: police let a lawyer in only to a surname."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from client.desk.consent.subjects import Place, Subject
from client.desk.documents.pdf import Paper
from client.desk.exports.people import people

WIDTHS = (1, 7, 3, 2, 2)
HEADS = {
    "ru": ("№", "Фамилия, имя, отчество", "Дата рождения", "Ребёнок", "Ранен(а)"),
    "en": ("No", "Name", "Date of birth", "Child", "Injured"),
}
WORDS = {
    "ru": {"yes": "да", "at": "На {}", "out": "Ещё без имени или без согласия назвать его: {}", "all": "Названо: {}"},
    "en": {"yes": "yes", "at": "As of {}", "out": "Others, without name or consent: {}", "all": "Named: {}"},
}  # fmt: skip


def surnames(
    everybody: Sequence[Subject], number: int, language: str, now: int, zone: tzinfo
) -> tuple[bytes, int, int]:
    """PDF of those who are held at the place with this number; how many stand in it, how many heads do not."""
    words = WORDS[language]
    here = [subject for subject in everybody if subject.held and subject.place_number == number]
    found = people(here, "help")
    named = sorted((one for one in found.subjects if one.name), key=lambda one: one.name.casefold())
    rows = [_row(at, one, words["yes"]) for at, one in enumerate(named, 1)]
    left_out = sum(one.heads for one in here) - len(named)
    paper = Paper(now, strict=False)
    paper.title(_heading(here[0].place if here else None))
    paper.paragraph(words["at"].replace("{}", f"{datetime.fromtimestamp(now, UTC).astimezone(zone):%d.%m.%Y %H:%M}"))
    paper.table(HEADS[language], rows, WIDTHS)
    paper.paragraph("\n" + words["all"].replace("{}", str(len(named))))
    if left_out:
        paper.paragraph(words["out"].replace("{}", str(left_out)))
    return paper.data(), len(named), left_out


def _heading(place: Place | None) -> str:
    return "" if place is None else ", ".join(part for part in (place.name, place.address, place.phone) if part)


def _row(number: int, one: Subject, yes: str) -> list[str]:
    told = [str(number), one.name, str(one.facts.get("birth") or "")]
    return [*told, yes if one.minors else "", yes if one.injured else ""]
