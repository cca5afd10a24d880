"""Lists of stations for tests: a small one of our own, and the real ones of the shared data when they are there."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from client.stations.build.build import Built, PackOptions, build, read_source
from client.stations.pack.columns import PackStation
from client.stations.pack.pack import KEY_NAME, Heading, Sign, write
from keys import note

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "stations"
HIFLD, OVD, INDIA = "us_hifld_2019.csv", "ovdinfo_2013_ovds.csv", "india_osm_police_2025.geojson"

ROOT = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(range(32, 64)))


def signer(key: SigningKey = ROOT) -> Sign:
    return lambda text: note.sign(text, KEY_NAME, key)


def heading(seq: int = 7, **facts: str) -> Heading:
    return Heading(**{"id": "test", "root": bytes(ROOT.verify_key), "seq": seq, "issued": 1_700_000_000, **facts})  # type: ignore[arg-type]


def packed(stations: Sequence[PackStation], seq: int = 7, **facts: str) -> bytes:
    return write(heading(seq, **facts), stations, signer())


@cache
def real(name: str) -> Built:
    """One of the lists of the shared data, built without asking; skips where there are none."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data is not beside this folder: {name}")
    return build(read_source(path, PackOptions()), PackOptions())


def _station(name: str, names: Sequence[str], address: str, lat: float, lon: float) -> PackStation:
    return PackStation(name, tuple(names), address, round(lat * 100_000), round(lon * 100_000))


# Half a metre apart: several have the same whole metres, and the farther ones, which stand later, the smaller ids.
CROWD = tuple(_station(f"is-{chr(ord('t') - at)}", [], "", 64.1, -21.9 + at / 100_000) for at in range(20))

# Telephones of the most characters there may be, the last two of 60 characters in twice as many UTF-16 units.
CALLED = tuple(
    PackStation(f"c{at}", (f"ОВД {at}",), "", 5_500_000 + at, 3_700_000, phone)
    for at, phone in enumerate(
        ["102", "", "+7 (495) 123-45-67; 8 (495) 123-45-68, доб. 12", "۰۲۱-۱۲۳۴۵۶۷", "1" * 60, "\U0001d7ec" * 60, ""]
    )
)

SMALL: tuple[PackStation, ...] = (
    _station(
        "msk-tver",
        ["ОВД Тверской", "Отдел МВД по Тверскому району"],
        "Москва, ул. Большая Дмитровка, 28",
        55.76479,
        37.61157,
    ),
    _station("msk-arbat", ["ОВД Арбат"], "Москва, Кривоарбатский пер., 14, стр. 1", 55.74781, 37.58892),
    _station("msk-15", ["ОВД №15"], "Москва, ул. Ленина, 5", 55.75000, 37.62000),
    _station("msk-5", ["ОВД № 5"], "Москва, ул. Ленина, 15", 55.75200, 37.62000),
    _station("msk-hamov", ["ОВД Хамовники"], "Москва, ул. Усачёва, 62", 55.72515, 37.56216),
    _station("spb-76", ["76 ОП"], "Санкт-Петербург, ул. Мытнинская, 3", 59.93106, 30.37493),
    _station("spb-28", ["28 отдел полиции"], "Санкт-Петербург, пер. Крылова, 3", 59.93265, 30.33331),
    _station("spb-28a", ["28 отдел полиции, второй вход"], "Санкт-Петербург, пер. Крылова, 3", 59.93265, 30.33331),
    _station(
        "ala-med",
        ["Медеу аудандық полиция басқармасы", "Медеуское РУП"],
        "Алматы, Құрманғазы көшесі, 99",
        43.24500,
        76.95700,
    ),
    _station(
        "ala-al",
        ["Алмалы аудандық полиция басқармасы", "Алмалинское УП"],
        "Алматы, Қарасай батыр көшесі, 109А",
        43.24900,
        76.92700,
    ),
    _station("ast-sar", ["Сарыарқа аудандық полиция басқармасы"], "Астана, Әуезов көшесі, 36", 51.17200, 71.41600),
    _station("thr-148", ["کلانتری ۱۴۸ انقلاب"], "تهران، خیابان انقلاب", 35.70060, 51.40080),
    _station("thr-105", ["کلانتری ۱۰۵ سنایی", "Kalantari 105 Sanaei"], "تهران، خیابان سنایی", 35.72300, 51.41900),
    _station("thr-129", ["کلانتری ۱۲۹ جامی", "پاسگاه جامی"], "تهران، خیابان جامی", 35.69500, 51.40500),
    _station("min-okt", ["РУУС Кастрычніцкага раёна"], "Мінск, вул. Ландара, 20", 53.86700, 27.54400),
    _station("min-ok1", ["ІЧУ ГУУС Мінгарвыканкама"], "Мінск, 1-ы завулак Акрэсціна, 36", 53.87300, 27.49600),
    _station("kyi-shev", ["Шевченківське управління поліції"], "Київ, вул. Герцена, 9", 50.46900, 30.48000),
    _station("chk-anad", ["ОМВД по Анадырскому району"], "Анадырь, ул. Отке, 5", 64.73300, 177.50900),
    _station("chk-prov", ["ОП Провидения"], "Провидения, ул. Полярная", 64.42300, -173.22600),
    _station("fj-tav", ["Taveuni Police Station"], "Waiyevo, Taveuni", -16.80000, -180.00000),
    _station("fj-lab", ["Labasa Police Station"], "Nadogo Street, Labasa", -16.43000, 179.99990),
    _station("pole-n", ["Barneo"], "", 90.00000, 12.00000),
    _station("pole-s", ["Amundsen-Scott"], "", -90.00000, -170.00000),
    _station("nameless", [], "", 48.00000, 68.00000),
    _station(
        "nyc-5",
        ["NEW YORK CITY POLICE DEPARTMENT - 5TH PRECINCT"],
        "19 ELIZABETH STREET, NEW YORK, NY",
        40.71620,
        -73.99730,
    ),
)
