"""Numbers of those who are held and allow to be counted, by place; small ones hidden so that none can be worked out.

The rules, and why they hold, stand in `client/desk/exports/exports.md`, "Totals".
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from client.desk.consent.subjects import Subject, SubjectPlace

SMALL = 5  # fewer than this are never published
SPREAD = 3  # what is hidden may be at least so many different numbers
MEASURES = ("affected", "children", "injured")


@dataclass(frozen=True, slots=True)
class TotalsCell:
    """A number; `shown` is None where it is hidden."""

    true: int
    shown: int | None


@dataclass(frozen=True, slots=True)
class TotalsLine:
    """One place, or all places of a kind that stand in no pack (`place` None)."""

    kind: str
    place: SubjectPlace | None
    cells: dict[str, TotalsCell]


@dataclass(frozen=True, slots=True)
class Totals:
    """Lines, and for each measure the sum of all of them, None where it would tell what is hidden. `left_out`: heads
    that nobody allowed to count."""

    lines: tuple[TotalsLine, ...]
    sums: dict[str, int | None]
    count: int
    left_out: int


def count_totals(everybody: Sequence[Subject]) -> Totals:
    """Count everybody who is held and allows it, in heads, and hide small numbers."""
    detained = [subject for subject in everybody if subject.is_detained]
    counted = [subject for subject in detained if subject.consent.allows("statistics")]
    grouped: dict[tuple[str, SubjectPlace | None], list[Subject]] = defaultdict(list)
    for subject in counted:
        grouped[subject.place.kind, subject.place if subject.place.listed else None].append(subject)
    lines = tuple(
        _count_line(kind, place, subjects) for (kind, place), subjects in sorted(grouped.items(), key=_sort_key)
    )
    sums = {measure: _find_safe_sum(lines, measure) for measure in MEASURES}
    heads = sum(subject.heads for subject in counted)
    return Totals(lines, sums, heads, sum(subject.heads for subject in detained) - heads)


def _sort_key(group: tuple[tuple[str, SubjectPlace | None], list[Subject]]) -> tuple[str, ...]:
    (kind, place), _ = group
    return (kind, "", "", "") if place is None else (kind, place.city, place.name, place.address)


def _count_line(kind: str, place: SubjectPlace | None, subjects: list[Subject]) -> TotalsLine:
    affected = sum(subject.heads for subject in subjects)
    parts = {
        "children": min(affected, sum(subject.minors for subject in subjects)),
        "injured": min(affected, sum(subject.injured for subject in subjects)),
    }
    cells = {"affected": TotalsCell(affected, affected if affected >= SMALL else None)}
    for measure, true in parts.items():
        # of ten of whom nine are children, one is not: that is a small number as well
        is_small = affected < SMALL or 0 < true < SMALL or 0 < affected - true < SMALL
        cells[measure] = TotalsCell(true, None if is_small else true)
    return TotalsLine(kind, place, cells)


def _find_safe_sum(lines: Sequence[TotalsLine], measure: str) -> int | None:
    """Return the sum over all lines if whoever knows it and the rules still cannot tell any hidden number, else
    None."""
    hidden = [line for line in lines if line.cells[measure].shown is None]
    true = sum(line.cells[measure].true for line in lines)
    rest = sum(line.cells[measure].true for line in hidden)
    return true if _is_safe([_find_possible(line, measure) for line in hidden], rest) else None


def _find_possible(line: TotalsLine, measure: str) -> int:
    """Return what a hidden number may be, for all a reader knows: bit n is set for n."""
    affected = line.cells["affected"].shown
    if measure == "affected":
        return _set_bits(range(1, SMALL))
    if affected is None:
        return _set_bits(range(SMALL))
    return _set_bits(n for n in range(affected + 1) if 0 < n < SMALL or 0 < affected - n < SMALL)


def _set_bits(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in set(numbers))


def _is_safe(possible: Sequence[int], rest: int) -> bool:
    """Tell whether each hidden number may still be at least SPREAD different ones when their sum is known."""
    before, after = [1], [1]
    for values in possible:
        before.append(_add_sets(before[-1], values))
    for values in reversed(possible):
        after.append(_add_sets(after[-1], values))
    after.reverse()
    for at, values in enumerate(possible):
        left = (
            n for n in range(values.bit_length()) if values >> n & 1 and _can_meet(before[at], after[at + 1], rest - n)
        )
        if sum(1 for _ in left) < SPREAD:
            return False
    return True


def _can_meet(these: int, those: int, total: int) -> bool:
    """Tell whether a number of each set adds up to the total."""
    if total < 0:
        return False
    mirrored = int(f"{those:b}"[::-1], 2)  # bit n is now at width - n
    shift = those.bit_length() - 1 - total
    return bool(these & (mirrored >> shift if shift >= 0 else mirrored << -shift))


def _add_sets(these: int, those: int) -> int:
    """Return every sum of a number of each set."""
    found, at = 0, 0
    while those >> at:
        if those >> at & 1:
            found |= these << at
        at += 1
    return found
