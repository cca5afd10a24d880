"""The sums of the board, worked out a second time: slowly, from what was put in, sharing no code with the desk."""

from dataclasses import dataclass, field

BELIEVED = 60


@dataclass
class Report:
    """A case. `where` is the last place said, at `since`; "released" is no place."""

    name: str
    people: int = 1
    where: str = "unknown"
    since: int = 0
    minors: int = 0
    practice: bool = False
    named: set[int] = field(default_factory=set)  # k of those a caseworker named
    is_confirmed: bool = False

    def persons(self) -> list[tuple[str, int]]:
        return [(self.name, k) for k in sorted({0} | self.named)]


@dataclass
class ExpectedCount:
    """Reports, and pairs that are one person or one crowd."""

    reports: dict[str, Report]
    same: list[tuple[tuple[str, int], tuple[str, int]]] = field(default_factory=list)
    crowd: list[tuple[str, str]] = field(default_factory=list)

    def totals(self) -> dict[str, tuple[int, int]]:
        """Heads and heads merely claimed at each place."""
        real = {name: report for name, report in self.reports.items() if not report.practice}
        persons = [person for report in real.values() for person in report.persons()]
        # Somebody whom nobody named yet may still be said to be this one and that one.
        pairs = [pair for pair in self.same if all(name in real for name, _ in pair)]
        groups = blobs({*persons, *(person for pair in pairs for person in pair)}, pairs)
        groups = [group & set(persons) for group in groups if group & set(persons)]
        crowds = blobs(list(real), [pair for pair in self.crowd if pair[0] in real and pair[1] in real])
        found: dict[str, tuple[int, int]] = {}
        for group in groups:
            places = [(real[name].since, real[name].where) for name, _ in group if real[name].where != "unknown"]
            add(found, max(places)[1] if places else "unknown", 1, 0)
        for members in crowds:
            vans = [real[name] for name in members if real[name].people > 1]
            if not vans:
                continue
            inside = sum(any(name in members for name, _ in group) for group in groups)
            numbers = sorted(report.people for report in vans)
            sure = max(
                [report.people for report in vans if report.is_confirmed] + numbers[:-1] + [min(numbers[-1], BELIEVED)]
            )
            places = [(report.since, report.where) for report in vans if report.where != "unknown"]
            where = max(places)[1] if places else "unknown"
            add(found, where, max(0, sure - inside), max(0, numbers[-1] - max(sure, inside)))
        return {where: heads for where, heads in found.items() if any(heads)}


def add(found: dict[str, tuple[int, int]], where: str, heads: int, claimed: int) -> None:
    before = found.get(where, (0, 0))
    found[where] = (before[0] + heads, before[1] + claimed)


def blobs(names, pairs) -> list[set]:
    """Everything that hangs together, by trying again until nothing changes."""
    sets = [{name} for name in names]
    changed = True
    while changed:
        changed = False
        for a, b in pairs:
            left = next(group for group in sets if a in group)
            right = next(group for group in sets if b in group)
            if left is not right:
                sets.remove(right)
                left |= right
                changed = True
    return sets
