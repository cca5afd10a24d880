"""Letters filled in from a case: templates are data, `texts/*.json`; what is not known stays a visible gap.

Specified in `client/desk/exports.md`, "Letters".
"""

from client.desk.letters.known import Around
from client.desk.letters.template import Letter, kinds
from client.desk.letters.writing import NoSuchLetter, write

__all__ = ["Around", "Letter", "NoSuchLetter", "kinds", "write"]
