"""Everything the desk's database says, without the numbers that are good for one session only."""

from typing import Any

from sqlite_utils import Database

QUERIES = {
    "letter": """SELECT hex(header), id, "case", kind, seq, at, said, pulled, practice, doubt, last_resort,
      hex(envelope), reply_until, other FROM letter""",
    "entry": "SELECT id, ord, at, by, kind, target, what FROM entry",
    "about": 'SELECT entry.id, "case" FROM about JOIN entry ON entry = number',
    "fact": """SELECT fact."case", k, own, field, value, fact.said, happened, hex(header), e.id, source, fits, fact.ord
      FROM fact LEFT JOIN letter ON letter = letter.number LEFT JOIN entry AS e ON e.number = entry""",
    "case": """SELECT c.id, crowd, u.id, practice, people, c.minors, c.injured, surely, c.lawyer, c.lawyer_name,
      lawyer_at, role, event, event_key, language, c.country, key, c.lat, c.lon, accuracy, fixed, began, c.heard,
      came, news, reply_until, status, assigned, pressing, reasons, flags
      FROM "case" AS c LEFT JOIN place ON place.number = c.place LEFT JOIN unit AS u ON u.number = c.unit""",
    "person": """SELECT id, "case", k, grp, name, other_names, birth, folded, told, minor, injured, surely, lawyer,
      lawyer_name, lawyer_at, practice FROM person""",
    "stay": """SELECT person, "case", key, stage, since, until, said, ord, certainty, words
      FROM stay JOIN place ON place = number""",
    "unit": """SELECT unit.id, rest, key, place.name, stage, held, heads, claimed, confirmed, minors, injured, lawyer,
      lawyer_name, since, heard, ends, unit.name, birth, events FROM unit JOIN place ON place = place.number""",
    "unit_case": """SELECT unit.id, unit_case."case", key FROM unit_case JOIN unit ON unit = unit.number
      JOIN place ON unit_case.place = place.number""",
    "unit_clock": """SELECT unit.id, unit_clock.ends, unit_clock.key, place.key FROM unit_clock
      JOIN unit ON unit = unit.number JOIN place ON unit_clock.place = place.number""",
    "clock": 'SELECT "case", key, starts, ends, certain, stopped FROM clock',
    "link": "SELECT entry.id, link.kind, a, b FROM link JOIN entry ON entry = number",
    "official": "SELECT id, name, rank, badge, unit FROM official",
    "words": 'SELECT id, names, said FROM words JOIN "case" ON number = words.rowid',
}


def contents(db: Database) -> dict[str, list[Any]]:
    found = {name: sorted(db.execute(query).fetchall(), key=repr) for name, query in QUERIES.items()}
    found["words"] = [(case, set(names.split()), set(texts.split())) for case, names, texts in found["words"]]
    return found
