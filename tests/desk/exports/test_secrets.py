"""Whatever is exported names nobody who did not allow it: not in a cell, not inside an archive, not on paper."""

import io
import zipfile
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from client.desk.consent.consent import NoConsent
from client.desk.exports.bag import Court
from client.desk.exports.registry import KINDS, Export, Options, make_export
from client.desk.journal.entries import Entry, Named, SamePerson
from client.organisation.case_files import Assembled
from tests.support import pdf_text
from tests.support.case_reports import NOW, at_station, case_id, db, journal_entry, letter, station
from tests.support.soak import at_length

STATION = station(1, "ОВД Тверской")
# Each name is one word that nothing else contains, so that any trace of it is found.
SYLLABLES = ("Ба", "Ве", "Го", "Ду", "Жи", "Зо", "Ку", "Ле", "Мо", "Ны")
NEEDS = {
    ("package", "help"): "help", ("package", "store"): "store", ("package", "UN"): "UN", ("package", "publish"): "name",
    ("uwazi", "help"): "help", ("uwazi", "store"): "store", ("uwazi", "UN"): "UN", ("uwazi", "publish"): "name",
    ("geojson", "statistics"): "never", ("hxl", "statistics"): "never", ("list", "help"): "help", ("wgad", "UN"): "UN",
    ("bag", "court"): "court",
}  # fmt: skip

known = st.sampled_from([None, True, False])
consents = st.none() | st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("help", "store", "statistics", "UN"), known)
    | {"publish": st.sampled_from(["no", "without_name", "with_name"])},
)


def name_of(number: int) -> str:
    return "".join(SYLLABLES[int(digit)] for digit in f"{number:02}") + "ловский"


class StatedConsents:
    """Cases with what each says of consent; every account names everybody; some cases are about one person."""

    def __init__(self, consents_: list[tuple[dict | None, dict | None, str]], merges: list[tuple[int, int]]) -> None:
        self.names = {}
        everybody = " ".join(name_of(n) for n in range(2 * len(consents_)))
        letters, entries = [], []
        for n, (consent, second, role) in enumerate(consents_):
            self.names[f"{case_id(n)}#0"], self.names[f"{case_id(n)}#1"] = name_of(2 * n), name_of(2 * n + 1)
            facts = {"name": name_of(2 * n), "role": role, "people": 2, **at_station(STATION)}
            texts = dict.fromkeys(
                ("account", "reason", "article", "event", "warrant", "health", "citizenship"), everybody
            )
            place = {
                "place": {"text": everybody},
                "by": {"names": [everybody], "badges": [everybody]},
                "needs": [everybody],
            }
            letters.append(
                letter(case_id(n), facts | texts | place | ({} if consent is None else {"consent": consent}))
            )
            own = {} if second is None else {"consent": second}
            entries.append(
                Named(case=case_id(n), person=f"{case_id(n)}#1", name=name_of(2 * n + 1), facts=own, source="x")
            )
        for a, b in merges:
            first, second = sorted((case_id(a % len(consents_)), case_id(b % len(consents_))))
            if first != second:
                entries.append(SamePerson(a=f"{first}#0", b=f"{second}#0"))
        self.letters = letters
        self.entries: list[Entry] = [journal_entry(1, n, action) for n, action in enumerate(entries)]
        self.db = db(letters, self.entries, (STATION,))
        self.consents = consents_
        self.groups = dict(self.db.execute("SELECT id, grp FROM person").fetchall())

    def refused(self, purpose: str) -> set[str]:
        """Names of those who did not allow it, by the rules written out anew."""
        return {name for person, name in self.names.items() if not self.allows(person, purpose)}

    def allows(self, person: str, purpose: str) -> bool:
        if purpose in ("never", "court"):
            return purpose == "court" and self.allows(person, "store") and self.allows(person, "help")
        group = self.groups[person]
        together = [person_ for person_, other in self.groups.items() if other == group]
        answers = [(self.is_own(person_), self.answer(person_, purpose)) for person_ in together]
        if any(answer is False for _, answer in answers):
            return False
        counting = [answer for own, answer in answers if own] or [answer for _, answer in answers]
        return any(answer is True for answer in counting)

    def is_own(self, person: str) -> bool:
        return person.endswith("#0") and self._case(person)[2] == "self"

    def answer(self, person: str, purpose: str) -> bool | None:
        first, second, _ = self._case(person)
        own = second if person.endswith("#1") else first
        consent = own if own and any(value is not None for value in own.values()) else first
        if purpose == "name":
            return {None: None, "with_name": True}.get((consent or {}).get("publish"), False)
        return (consent or {}).get(purpose)

    def _case(self, person):
        return next(consent for n, consent in enumerate(self.consents) if person.startswith(case_id(n)))

    def exports(self, key: str, audience: str) -> list[Export]:
        options = {"now": NOW, "zone": ZoneInfo("Europe/Moscow"), "language": "ru", "audience": audience}
        scopes = {
            "all": [{}],
            "place": [{"place": number} for (number,) in self.db.execute("SELECT number FROM place")],
            "person": [{"person": person} for person in self.names],
            "case": [{"case": case_id(n), "court": self.court()} for n in range(len(self.consents))],
        }
        return [export for more in scopes[KINDS[key].scope] if (export := self._make(key, options | more))]

    def _make(self, key, options) -> Export | None:
        try:
            return make_export(key, self.db, Options(**options))
        except NoConsent:
            return None

    def court(self) -> Court:
        def file(case: str, sha256: str) -> Assembled:
            raise AssertionError("no case has one")

        return Court(self.letters, self.entries, "head", file)


def bytes_of(export: Export, folder) -> bytes:
    """Everything that can be read in a file."""
    if export.media == "application/zip":
        with zipfile.ZipFile(io.BytesIO(export.data)) as archive:
            return b"\n".join(name.encode() + archive.read(name) for name in archive.namelist())
    return export.data + (pdf_text.text(export.data, folder).encode() if export.media == "application/pdf" else b"")


worlds = st.builds(
    StatedConsents,
    st.lists(st.tuples(consents, consents, st.sampled_from(["self", "relative"])), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2),
)
UNHURRIED = settings(
    deadline=None, max_examples=at_length(8, 200), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@UNHURRIED
@given(worlds)
def test_nobody_is_named_who_did_not_allow_it(tmp_path, world):
    for (key, audience), purpose in NEEDS.items():
        refused = [name.encode() for name in world.refused(purpose)]
        for export in world.exports(key, audience):
            found = bytes_of(export, tmp_path)
            assert not [name for name in refused if name in found], (key, audience)


def test_every_export_is_looked_through():
    assert set(NEEDS) == {(kind.key, audience) for kind in KINDS.values() for audience in kind.audiences}


def test_with_everybodys_consent_everybody_is_named(tmp_path):
    """Without this the test above could be happy with empty files."""
    yes = {"help": True, "store": True, "statistics": True, "UN": True, "publish": "with_name"}
    world = StatedConsents([(yes, None, "self"), (yes, None, "relative")], [])
    for key, audience in NEEDS:
        found = b"".join(bytes_of(export, tmp_path) for export in world.exports(key, audience))
        named = [
            name.encode() in found or name in found.decode("unicode-escape", "ignore") for name in world.names.values()
        ]
        assert all(named) is (KINDS[key].audiences != ("statistics",)), (key, audience)
