"""The story of the demonstration: a town that does not exist, its police stations, twelve reports of one evening.

Everybody in it is invented. Times are counted from the moment at which the demonstration begins.
"""

from dataclasses import dataclass, field
from typing import Any

COUNTRY = "RU"
PACK = "zarechinsk"
TABLE = """id,name,other name,address,phone,lat,lon
1,Police station 1 Lipovy,ОВД № 1 «Липовый»,"Zarechinsk, Lipovaya 12",+7 000 000-00-01,54.9210,44.3050
2,Police station 2 Zarechny,ОВД № 2 «Заречный»,"Zarechinsk, Naberezhnaya 3",+7 000 000-00-02,54.9085,44.3420
3,Police station 3 Sadovy,ОВД № 3 «Садовый»,"Zarechinsk, Sadovaya 40",+7 000 000-00-03,54.9360,44.3610
4,Police station 4 Zavodskoy,ОВД № 4 «Заводской»,"Zarechinsk, Zavodskaya 7",+7 000 000-00-04,54.8950,44.2890
5,Special detention centre,Спецприёмник,"Zarechinsk, Polevaya 1",+7 000 000-00-05,54.9480,44.2760
"""
MINUTE, HOUR = 60, 3_600
EVENT = "Fountain square"
STORY = "Taken at the fountain. Seven of us in the van, Lena has asthma, у неё нет ингалятора"


@dataclass(frozen=True, slots=True)
class Story:
    """One report: its facts, and what is added to it later."""

    facts: dict[str, Any]
    later: dict[str, Any] = field(default_factory=dict)


def tell(now: int) -> list[Story]:
    """Return twelve reports. `now` in Unix seconds: somebody reported first was at a station 125 minutes before it.

    The first is the one that the demonstration follows step by step, with a photo.
    """
    lipovy, zarechny = _held("1", "Police station 1 Lipovy"), _held("2", "Police station 2 Zarechny")
    return [
        Story({
            "stage": "van", "people": 7, "minors": 1, "name": "Анна Иволгина", "van": {"plate": "А000АА"},
            "needs": ["lawyer", "medicine"], "account": STORY,
        }),
        # A boy whose three hours are over in less than one.
        Story({
            **lipovy(now - 125 * MINUTE), "name": "Тимофей Ковылин", "birth": "2011-03-02", "minors": True,
            "role": "relative", "reason": "He stood and looked.",
            "account": "He is my son, he is fifteen. They do not let me in. His phone is off.",
        }),
        Story({
            **lipovy(now - 80 * MINUTE), "name": "Руслан Ахмедьяров", "birth": "1994-07-19", "injured": True,
            "injuries": "The left arm, perhaps broken; he was thrown against the van", "force": True,
            "needs": ["doctor", "lawyer"], "doctor": {"asked": True, "given": False},
        }),
        # Twice the same woman: she herself, and a friend who writes her name in the other alphabet.
        Story({
            **zarechny(now - 55 * MINUTE), "name": "Ольга Смородина", "birth": "1999-10-30", "role": "self",
            "account": "They want me to sign without reading. What do I say?",
        }),
        Story({
            **zarechny(now - 50 * MINUTE), "name": "Olga Smorodina", "birth": "1999-10-30", "role": "witness",
            "account": "My friend, she was taken an hour ago.",
        }),
        Story(
            {**zarechny(now - 90 * MINUTE), "name": "Пётр Лебёдкин", "account": "At the station, papers were taken."},
            later={"stage": "released"},
        ),
        Story({
            **lipovy(now - 70 * MINUTE), "name": "Мария Орешкина", "lawyer": {"asked": True, "refused": True},
            "account": "The lawyer stands outside and is not let in.",
        }),
        Story({**lipovy(now - 65 * MINUTE), "people": 5, "role": "witness", "van": {"plate": "В417КХ"}}),
        Story({
            **zarechny(now - 40 * MINUTE), "name": "Наргиз Юнусзода", "languages": ["tg"], "citizenship": "TJ",
            "interpreter": {"asked": True, "given": False}, "needs": ["interpreter"],
        }),
        Story({
            **zarechny(now - 35 * MINUTE), "name": "Даниил Гусельников",
            "lawyer": {"asked": True, "given": True}, "account": "A lawyer came, thank you.",
        }),
        Story({
            "stage": "van", "people": 3, "role": "witness", "event": EVENT, "van": {"plate": "М808ММ"},
            "by": {"kind": "riot_police"}, "account": "They stand at the bridge and do not move.",
        }),
        Story({
            "stage": "hospital", "people": 1, "event": EVENT, "name": "Елена Сорокопуд", "injured": True,
            "health": "asthma", "role": "relative", "needs": ["lawyer"],
        }),
    ]  # fmt: skip


def _held(station: str, name: str) -> Any:
    """Return a function from the time of arrival to the facts of one person at this station."""

    def arrived(since: int) -> dict[str, Any]:
        place = {"pack": PACK, "id": station, "text": name, "certainty": "confirmed", "from": since}
        return {"stage": "station", "people": 1, "event": EVENT, "station": place}

    return arrived


def as_words(facts: dict[str, Any]) -> list[str]:
    """Return facts as `--set` takes them in a shell. Only for those that are a word, a number or a list of words."""
    return [word for name, value in facts.items() for word in ("--set", f"{name}={_word(value)}")]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(value)
    return str(value["plate"] if isinstance(value, dict) else value)
