"""An index of the place of each letter in the records, so that one case can be read without opening all."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from client.organisation import case_files
from client.organisation.case_files import Assembled, Case
from client.organisation.decoded_letters import DecodedLetter, decode
from client.organisation.records import RecordLetter, Records
from keys.envelope import Address, commit, unframe
from keys.errors import TocsinError
from keys.message import ParcelRef
from keys.wire import read_object


class NoSuchCase(TocsinError):
    """there is no such case at this desk"""

    code = "case-unknown"


class NoSuchCaseFile(TocsinError):
    """this case has no such file"""

    code = "file-unknown"


class _InCase(msgspec.Struct):
    case: str


_IN_CASE = msgspec.json.Decoder(_InCase)


@dataclass
class RecordIndex:
    """The records; the batches with letters of each case, and the batch of each letter by its commitment."""

    records: Records
    address: Address | None = None  # what reports to this organisation are sealed for
    _cases: dict[str, set[int]] = field(default_factory=dict)
    _letters: dict[bytes, int] = field(default_factory=dict)

    def load(self) -> Iterator[DecodedLetter]:
        """Read every letter, decoded, and note where it lies. Raises RecordsBroken."""
        for number in self.records.batches():
            letters = [decode(letter) for letter in self.records.batch(number)]
            self.put(number, letters)
            yield from letters

    def put(self, batch: int | None, letters: Iterable[DecodedLetter]) -> None:
        """Note the letters of a batch; None is one without letters."""
        if batch is not None:
            for letter in letters:
                self._cases.setdefault(letter.case, set()).add(batch)
                self._letters[letter.commitment] = batch

    def find(self, commitments: Iterable[bytes]) -> Iterator[DecodedLetter]:
        """Return the letters with these commitments, as far as they are here."""
        batches: dict[int, set[bytes]] = {}
        for commitment in commitments:
            if commitment in self._letters:
                batches.setdefault(self._letters[commitment], set()).add(commitment)
        for batch, wanted in sorted(batches.items()):
            yield from (decode(letter) for letter in self.records.batch(batch) if commit(letter.content) in wanted)

    def case(self, case: str) -> Case:
        """Return everything that was said in a case. Raises NoSuchCase."""
        batches = sorted(self._cases.get(case, ()))
        letters = [letter for batch in batches for letter in self.records.batch(batch) if _read_case(letter) == case]
        if not letters:
            raise NoSuchCase()
        return case_files.gather(letters, self.address)[case]

    def file(self, case: str, sha256: str) -> Assembled:
        """Return a file of a case; the whole one, if it was announced more than once. Raises NoSuchCase,
        NoSuchCaseFile."""
        refs = [ref for ref in self.case(case).files() if ref.sha256 == sha256]
        if not refs:
            raise NoSuchCaseFile()
        found = [case_files.assemble(self.records, case, ref) for ref in refs]
        return next((file for file in found if file.whole), found[0])

    def missing(self, case: str, ref: ParcelRef) -> list[int]:
        """Return the numbers of a file's pieces that have not come."""
        return case_files.missing(self.records, case, ref)


def _read_case(letter: RecordLetter) -> str:
    """Return the id of the case a stored letter belongs to."""
    _, header, _ = unframe(letter.content)
    try:
        return _IN_CASE.decode(header).case
    except msgspec.DecodeError:  # a header that only the strict reader refuses, as one with half of a surrogate pair
        return str(read_object(header)["case"])
