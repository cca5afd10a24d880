"""A night of arrests, made from a real table of a real day: what was reported, and what is true.

The number of people, the rallies and the stations are real (OVD-Info, 2012 and 2013); the people are invented.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from client.stations.pack.columns import PackStation
from tests.support import invented_names
from tests.support.invented_names import Named, as_others_write, her, her_father, invent

DETENTIONS = Path("../shared/data/detentions/ovdinfo_2011-2012_list.csv")
STATIONS = Path("../shared/data/stations/ovdinfo_2013_ovds.csv")
DAY = "06.05.2012"

HOUR, MINUTE = 3_600, 60
VAN_SHARE, TWICE_SHARE = 0.2, 0.1
RELEASED, MOVED = 0.12, 0.08
IN_A_VAN = (4, 20)

MISTYPED = 8  # reports whose station no program can be sure of

Place = tuple[str, str]  # ("station", id), ("typed", words), ("released", "")


@dataclass
class Detainee:
    """Somebody who was really held. `phone`: their own; `mother`: who is called at home."""

    number: int
    name: Named
    birth: str
    phone: str
    mother: str
    event: str
    station: PackStation
    detained_at: int
    minor: bool = False
    injured: bool = False
    then: PackStation | None = None
    released: bool = False
    van: "Van | None" = None

    @property
    def place(self) -> Place:
        """Where they are in the morning."""
        return ("released", "") if self.released else ("station", (self.then or self.station).id)


@dataclass
class Van:
    """A van and who sat in it."""

    plate: str
    people: list[Detainee] = field(default_factory=list)


@dataclass
class Letter:
    """One message: of which case, its number in it, when, what. `practice`: a trial press."""

    case: int
    seq: int
    at: int
    facts: dict[str, Any]
    when: dict[str, int] = field(default_factory=dict)
    practice: bool = False


@dataclass
class Case:
    """A case and what is true of it: how many it tells of, of whom first of all, where they are as far as it knows."""

    number: int
    person: Detainee | None
    people: int
    place: Place
    van: Van | None = None
    minors: int = 0
    injured: int = 0
    practice: bool = False

    @property
    def is_mistyped(self) -> bool:
        return self.place[0] == "typed"


@dataclass
class GeneratedNight:
    """Letters in the order in which they were sent, and the truth."""

    pack: str
    people: list[Detainee] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    vans: list[Van] = field(default_factory=list)

    @property
    def earnest(self) -> list[Case]:
        return [case for case in self.cases if not case.practice]

    def same_persons(self) -> set[tuple[int, int]]:
        """Pairs of cases whose first person is one."""
        of: dict[int, list[int]] = defaultdict(list)
        for case in self.earnest:
            if case.person is not None:
                of[case.person.number].append(case.number)
        return {(a, b) for cases in of.values() for i, a in enumerate(cases) for b in cases[i + 1 :]}

    def same_vans(self) -> set[tuple[int, int]]:
        """Pairs of cases that tell of one van."""
        of: dict[str, list[int]] = defaultdict(list)
        for case in self.earnest:
            if case.van is not None:
                of[case.van.plate].append(case.number)
        return {(a, b) for cases in of.values() for i, a in enumerate(cases) for b in cases[i + 1 :]}

    def as_reported(self) -> Counter[Place]:
        """Heads by place when nobody has put anything together."""
        found: Counter[Place] = Counter()
        for case in self.earnest:
            found[case.place] += case.people
        return found

    def as_it_is(self) -> Counter[Place]:
        """Heads by place, each person once."""
        return Counter(person.place for person in self.people)


def events(path: Path = DETENTIONS, day: str = DAY) -> list[tuple[str, int]]:
    """The rallies of a day with the numbers of those detained."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["date"] == day]
    return [(row["place"], int(row["number_of_detentions"])) for row in rows if row["number_of_detentions"].isdigit()]


def replay(
    rallies: Sequence[tuple[str, int]], stations: Sequence[PackStation], pack: str, begin: int, seed: int
) -> GeneratedNight:
    """The night of these rallies at these stations. The same seed makes the same night."""
    rng = Random(seed)  # noqa: S311 - the same night each time
    return _Maker(stations, pack, begin, rng).make(rallies)


class _Maker:
    def __init__(self, stations: Sequence[PackStation], pack: str, begin: int, rng: Random) -> None:
        self.stations, self.begin, self.rng = list(stations), begin, rng
        self.night = GeneratedNight(pack)

    def make(self, rallies: Sequence[tuple[str, int]]) -> GeneratedNight:
        for event, count in rallies:
            self._rally(event, count)
        self._namesakes()
        self._persians()
        for _ in range(MISTYPED):
            self._mistyped()
        self._practice()
        self.night.letters.sort(key=lambda letter: (letter.at, letter.case, letter.seq))
        return self.night

    # People

    def _rally(self, event: str, count: int) -> None:
        in_vans = round(count * VAN_SHARE)
        people = [self._person(event) for _ in range(count)]
        vans, alone = people[:in_vans], people[in_vans:]
        while vans:
            size = min(self.rng.randint(*IN_A_VAN), len(vans))
            self._van(vans[:size])
            vans = vans[size:]
        for person in alone:
            self._alone(person)
        for person in self.rng.sample(alone, round(count * TWICE_SHARE)):
            self._again(person)

    def _person(self, event: str, name: Named | None = None, station: PackStation | None = None) -> Detainee:
        rng = self.rng
        age = rng.randint(15, 64)
        person = Detainee(
            number=len(self.night.people),
            name=name or invent(rng),
            birth=f"{2012 - age}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
            phone=f"+7 9{rng.randrange(10**8, 10**9)}",
            mother=f"8 9{rng.randrange(10**8, 10**9)}",
            event=event,
            station=station or rng.choice(self.stations),
            detained_at=self.begin + rng.randrange(5 * HOUR),
            minor=age < 18,
            injured=rng.random() < 0.05,
            released=rng.random() < RELEASED,
        )
        if rng.random() < MOVED:
            person.then = rng.choice([other for other in self.stations if other is not person.station])
        self.night.people.append(person)
        return person

    def _van(self, people: list[Detainee]) -> None:
        rng, first = self.rng, people[0]
        letters = "АВЕКМНОРСТУХ"
        plate = f"{rng.choice(letters)}{rng.randrange(1000):03}{rng.choice(letters)}{rng.choice(letters)}"
        van = Van(f"{plate}{rng.choice((77, 99, 177))}", people)
        for person in people:
            person.van, person.station, person.detained_at = van, first.station, first.detained_at
            person.then, person.released = None, False
        self.night.vans.append(van)
        self._report_van(van, first, int(rng.random() < 0.5))
        if rng.random() < 0.5 and len(people) > 1:
            self._report_van(van, people[1], 1)
        elif rng.random() < 0.5 and len(people) > 2:
            self._own_in_van(van, people[2])

    def _namesakes(self) -> None:
        """Different people who look alike: at one station, with one name; brothers; a husband and his wife."""
        rng = self.rng
        event = self.night.people[0].event
        for surname in ("Иванов", "Смирнов", "Щербаков", "Кузнецов", "Соколов", "Морозов"):
            station, given = rng.choice(self.stations), rng.choice(invented_names.MEN[:10])
            for father in rng.sample(invented_names.FATHERS, 2):
                self._alone(self._person(event, Named(surname, given, father, False), station))
        for surname in ("Гнатюк", "Мельников", "Рабинович"):
            station, father = rng.choice(self.stations), rng.choice(invented_names.FATHERS)
            mother = f"8 9{rng.randrange(10**8, 10**9)}"
            for given in rng.sample(invented_names.MEN, 2):
                person = self._person(event, Named(surname, given, father, False), station)
                person.mother = mother
                self._alone(person, by_mother=True)
        for surname in ("Чернов", "Воронцов", "Заболоцкий"):
            station = rng.choice(self.stations)
            husband, wife = rng.choice(invented_names.MEN), rng.choice(invented_names.WOMEN)
            father = rng.choice(invented_names.FATHERS)
            self._alone(self._person(event, Named(surname, husband, father, False), station))
            self._alone(self._person(event, Named(her(surname), wife, her_father(father), True), station))

    def _persians(self) -> None:
        """Reported by their own in their letters, and by somebody else in other ones."""
        for surname, given, woman, abroad in invented_names.PERSIANS:
            person = self._person(self.night.people[0].event, Named(surname, given, "", woman, abroad))
            self._alone(person)
            self._again(person)

    def _mistyped(self) -> None:
        """Somebody who typed the station's name with a slip and knows no more."""
        person = self._person(self.night.people[0].event)
        person.then, person.released = None, False
        words = invented_names.slip(person.station.names[0], self.rng) + "?" * (person.number % 2)
        case = self._case(person, 1, ("typed", words))
        self._say(case, person.detained_at, stage="unknown", people=1, name=person.name.whole)
        typed = {"text": words, "certainty": "typed"}
        self._say(case, person.detained_at + 30 * MINUTE, stage="station", station=typed)

    # Reports

    def _case(self, person: Detainee | None, people: int, place: Place, van: Van | None = None) -> Case:
        case = Case(len(self.night.cases), person, people, place, van)
        self.night.cases.append(case)
        return case

    def _say(self, case: Case, at: int, **facts: Any) -> None:
        when = {"stage": at} if "stage" in facts else {}
        seq = sum(letter.case == case.number for letter in self.night.letters[-12:])
        # said within three minutes of what happened
        self.night.letters.append(Letter(case.number, seq, at + self.rng.randrange(3 * MINUTE), facts, when))

    def _at_station(self, station: PackStation, *, exact: bool = False) -> dict[str, Any]:
        """A station as phones tell it: confirmed from the list, guessed from the position, or typed."""
        how = "confirmed" if exact else self.rng.choices(("confirmed", "guessed", "typed"), (6, 2, 2))[0]
        name = station.names[0]
        if how == "typed":
            spelt = (
                name,
                name.upper(),
                name.lower().replace("-", " "),
                f"  {name} ",
                invented_names.latin(name, "passport"),
            )
            return {"text": self.rng.choice(spelt), "certainty": "typed"}
        reference = {"pack": self.night.pack, "id": station.id, "text": name, "certainty": how}
        return reference | ({"candidates": [station.id, self.stations[0].id]} if how == "guessed" else {})

    def _fix(self, station: PackStation) -> dict[str, Any]:
        lat, lon = (at + self.rng.randint(-150, 150) for at in (station.lat, station.lon))
        return {"lat": lat, "lon": lon, "accuracy": self.rng.randint(8, 120), "age": self.rng.randrange(90)}

    def _alone(self, person: Detainee, *, by_mother: bool = False) -> Case:
        """The first report of somebody: a press by themselves, or somebody who saw it."""
        rng, at = self.rng, person.detained_at
        own = not by_mother and rng.random() < 0.6
        case = self._case(person, 1, person.place)
        first: dict[str, Any] = {"role": "self" if own else "relative", "stage": "van", "people": 1}
        first["name"] = person.name.whole if rng.random() < 0.6 else f"{person.name.surname} {person.name.given}"
        if rng.random() < 0.5:
            first["birth"] = person.birth
        if own:
            first["contact"] = person.phone
            first |= {"tell": f"Мама {person.mother}"} if rng.random() < 0.4 else {}
        elif by_mother or rng.random() < 0.5:
            first["contact"] = person.mother
        first["event"] = person.event
        self._say(case, at, **first)
        self._story(case, person, at)
        return case

    def _story(self, case: Case, person: Detainee, begin: int) -> None:
        """What is told later: the station, the position, who is hurt, moves, release."""
        rng, at = self.rng, begin + minutes(self.rng, 20, 70)
        more: dict[str, Any] = {"place": self._fix(person.station)} if rng.random() < 0.6 else {}
        self._say(case, at, stage="station", station=self._at_station(person.station), **more)
        if person.minor:
            self._say(case, at + 5 * MINUTE, minors=True)
            case.minors = 1
        if person.injured:
            self._say(case, at + 6 * MINUTE, injured=1, violence=["удары по голове"])
            case.injured = 1
        if rng.random() < 0.3:
            self._say(case, at + 10 * MINUTE, lawyer={"asked": True, "refused": rng.random() < 0.3})
        if person.then is not None:
            self._say(case, at + 2 * HOUR, stage="station", station=self._at_station(person.then))
        if person.released:
            self._say(case, at + 4 * HOUR, stage="released")

    def _again(self, person: Detainee) -> None:
        """The same person by somebody else, who writes the name in their own way and knows less or more."""
        rng = self.rng
        case = self._case(person, 1, person.place)
        first: dict[str, Any] = {"role": rng.choice(("relative", "witness")), "people": 1}
        first["name"] = as_others_write(person.name, rng)
        if rng.random() < 0.3:
            first["birth"] = person.birth if rng.random() < 0.7 else person.birth[:4]
        if rng.random() < 0.4:
            first["contact"] = person.mother
        at = person.detained_at + minutes(rng, 5, 100)
        self._say(case, at, stage="unknown", **first)
        self._story(case, person, at)

    def _report_van(self, van: Van, person: Detainee, exact: int) -> None:
        """Everybody in the van, told by one of them; who counts again may miss one or two."""
        rng, at = self.rng, person.detained_at
        people = len(van.people)
        case = self._case(person, people, person.place, van)
        self._say(
            case,
            at,
            role="self",
            stage="van",
            people=people,
            name=person.name.whole,
            contact=person.phone,
            event=person.event,
            van={"plate": van.plate if rng.random() < 0.7 else van.plate.translate(_LATIN)},
            place=self._fix(person.station) if not exact else {"text": person.event},
        )
        self._say(case, at + minutes(rng, 20, 60), stage="station", station=self._at_station(person.station))

    def _own_in_van(self, van: Van, person: Detainee) -> None:
        """Somebody in the van who tells of themselves alone, and which van it is."""
        case = self._case(person, 1, person.place, van)
        first = {"role": "self", "stage": "van", "people": 1, "name": person.name.whole, "contact": person.phone}
        self._say(case, person.detained_at + 3 * MINUTE, **first, van={"plate": van.plate[:6]})
        self._say(case, person.detained_at + HOUR, stage="station", station=self._at_station(person.station))

    def _practice(self) -> None:
        for _ in range(5):
            case = self._case(None, 1, ("released", ""))
            case.practice = True
            facts = {"stage": "van", "people": 3, "name": "Проба Нажатия"}
            self.night.letters.append(Letter(case.number, 0, self.begin, facts, practice=True))


_LATIN = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")


def minutes(rng: Random, least: int, most: int) -> int:
    return rng.randint(least, most) * MINUTE
