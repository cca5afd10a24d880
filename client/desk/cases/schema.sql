-- The desk's database. It lives in memory only and is made anew from letters and journal at each unlocking.
-- Counting is specified in board.md. A case is named by its id (as in messages), a person by "case#k".
-- `number` columns are small, good for this session only, and all that may stand in a URL.

-- What came and what was done. Rows are added and never changed, but for a better copy of the same letter.

CREATE TABLE letter (
  number      INTEGER PRIMARY KEY,
  header      BLOB NOT NULL UNIQUE,       -- SHA-256 of the message's header: the same words count once
  id          TEXT NOT NULL,              -- what the message calls itself; may be a lie
  "case"      TEXT NOT NULL,
  kind        TEXT NOT NULL,              -- report, amend
  seq         INTEGER NOT NULL,
  at          INTEGER NOT NULL,           -- by the sender's clock
  said        INTEGER NOT NULL,           -- the same, but never later than it came
  pulled      INTEGER NOT NULL,
  practice    INTEGER NOT NULL,
  doubt       INTEGER NOT NULL,           -- 1: the relay gave another commitment than the depositor
  last_resort INTEGER NOT NULL,
  envelope    BLOB NOT NULL,              -- H(envelope)
  commitment  BLOB NOT NULL,
  reply_until INTEGER,                    -- until when an answer to this letter is looked for
  owner       INTEGER NOT NULL,           -- 1: it shows the secret of its case
  named_keys  TEXT NOT NULL,              -- JSON: the keys of the case that it names and may name; else empty
  signed_by   TEXT NOT NULL,              -- the named key that its body is a MAC under; else empty
  other       TEXT NOT NULL               -- JSON: header fields that are not known here
);
CREATE INDEX letter_case ON letter ("case");
CREATE INDEX letter_id ON letter (id);

-- Letters whose body may be a MAC under a key that nobody has named yet.
CREATE TABLE unsigned (
  letter INTEGER PRIMARY KEY REFERENCES letter, "case" TEXT NOT NULL,
  salt BLOB NOT NULL, header BLOB NOT NULL, body BLOB NOT NULL
);
CREATE INDEX unsigned_case ON unsigned ("case");

CREATE TABLE entry (
  number INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  ord    TEXT NOT NULL,                   -- turn, session, n: sorts in the one true order
  at     INTEGER NOT NULL,
  by     TEXT NOT NULL,
  kind   TEXT NOT NULL,                   -- as in entries.py; "other": what a newer desk wrote
  target TEXT,                            -- of an Unlinked: the entry it takes back
  what   TEXT NOT NULL                    -- JSON
);
CREATE INDEX entry_kind ON entry (kind, ord);
CREATE INDEX entry_ord ON entry (ord);
CREATE INDEX entry_target ON entry (target) WHERE target IS NOT NULL;

CREATE TABLE about (entry INTEGER NOT NULL, "case" TEXT NOT NULL, PRIMARY KEY ("case", entry)) WITHOUT ROWID;
CREATE INDEX about_entry ON about (entry);

CREATE TABLE fact (
  number   INTEGER PRIMARY KEY,
  "case"   TEXT NOT NULL,
  k        INTEGER NOT NULL,              -- of which person; 0: the one whom the report is about
  own      INTEGER NOT NULL,              -- 1: said of that person alone, not of everybody in the report
  field    TEXT NOT NULL,
  value    TEXT NOT NULL,                 -- JSON
  said     INTEGER NOT NULL,
  happened INTEGER,                       -- when it happened, if that was said; never later than it came
  letter   INTEGER REFERENCES letter,     -- its source: a letter,
  entry    INTEGER REFERENCES entry,      -- or a caseworker,
  source   TEXT NOT NULL,                 -- who names one
  fits     INTEGER NOT NULL,              -- 0: "other", shown and never counted
  ord      TEXT NOT NULL                  -- sorts by the time said
);
CREATE INDEX fact_case ON fact ("case", ord);
CREATE INDEX fact_letter ON fact (letter);

CREATE TABLE file (
  letter INTEGER NOT NULL REFERENCES letter,
  "case" TEXT NOT NULL,
  id     TEXT NOT NULL,
  n      INTEGER NOT NULL,                -- pieces
  sha256 TEXT NOT NULL,
  type   TEXT NOT NULL,
  bytes  INTEGER NOT NULL
);
CREATE INDEX file_case ON file ("case");

-- Whose laws hold where no place tells, and what reports to this organisation are sealed for (NULL: nobody knows).
CREATE TABLE desk (country TEXT NOT NULL, root BLOB, mailbox BLOB);

-- Stations of the packs that were given, and each of their names as it is compared.

CREATE TABLE station (
  pack TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, address TEXT NOT NULL, city TEXT NOT NULL,
  country TEXT NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL, phone TEXT NOT NULL,
  PRIMARY KEY (pack, id)
) WITHOUT ROWID;
CREATE TABLE station_name (folded TEXT NOT NULL, pack TEXT NOT NULL, id TEXT NOT NULL);
CREATE INDEX station_name_folded ON station_name (folded);

-- What follows from it. A case's rows are written anew when something about it comes.

CREATE TABLE "case" (
  number     INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  crowd      TEXT NOT NULL,               -- the smallest id among the cases of one van, cell or crowd
  unit       INTEGER,                     -- who the report is about, as counted; NULL in a practice press
  practice   INTEGER NOT NULL,
  people     INTEGER NOT NULL,            -- how many it is about, as last said
  minors     INTEGER NOT NULL,
  injured    INTEGER NOT NULL,
  surely     INTEGER NOT NULL,            -- a caseworker confirmed the case, or has it from another source
  lawyer     TEXT NOT NULL,               -- for everybody whom it is about, as in person
  lawyer_name TEXT NOT NULL,
  lawyer_at  INTEGER NOT NULL,
  role       TEXT NOT NULL,
  event      TEXT NOT NULL,               -- as last said
  event_key  TEXT NOT NULL,               -- folded
  language   TEXT NOT NULL,               -- the first of `languages`
  country    TEXT NOT NULL,               -- of the newest place that has one, else of the desk
  place      INTEGER REFERENCES place,    -- where the report's own person is, as this case says
  lat        INTEGER, lon INTEGER, accuracy INTEGER, fixed INTEGER,  -- the newest position, and when it was true
  began      INTEGER NOT NULL,            -- first and last time said
  heard      INTEGER NOT NULL,
  came       INTEGER NOT NULL,            -- when its last letter was pulled
  news       INTEGER NOT NULL,            -- the same, without letters that bring nothing but a position
  reply_until INTEGER,                    -- until when an answer is looked for, if there is a way at all
  status     TEXT NOT NULL,               -- new, open, waiting, closed
  assigned   TEXT NOT NULL,
  pressing   INTEGER NOT NULL,            -- bits of reasons.REASONS that the case has by itself
  reasons    INTEGER NOT NULL,            -- the same, with those of its persons and crowd; `clock` is told by the time
  flags      TEXT NOT NULL                -- JSON list: see board.md
);
CREATE INDEX case_crowd ON "case" (crowd);
CREATE INDEX case_event ON "case" (event_key, event) WHERE NOT practice;

CREATE TABLE person (
  id          TEXT PRIMARY KEY,           -- "case#k"
  number      INTEGER NOT NULL UNIQUE,
  "case"      TEXT NOT NULL,
  k           INTEGER NOT NULL,
  grp         TEXT NOT NULL,              -- the smallest id among those who are one person
  name        TEXT NOT NULL,
  other_names TEXT NOT NULL,
  birth       TEXT NOT NULL,
  folded      TEXT NOT NULL,              -- words of the names as they are compared, sorted
  told        INTEGER NOT NULL,           -- a caseworker wrote the name
  minor       INTEGER NOT NULL,
  injured     INTEGER NOT NULL,
  surely      INTEGER NOT NULL,           -- a caseworker has it from another source
  lawyer      TEXT NOT NULL,              -- on_way, inside, refused, asked, none; "" when nothing was said
  lawyer_name TEXT NOT NULL,
  lawyer_at   INTEGER NOT NULL,
  practice    INTEGER NOT NULL
);
CREATE INDEX person_case ON person ("case");
CREATE INDEX person_grp ON person (grp);

CREATE TABLE place (
  number  INTEGER PRIMARY KEY,
  key     TEXT NOT NULL UNIQUE,
  kind    TEXT NOT NULL,                  -- a stage: van, station, ..., unknown
  name    TEXT NOT NULL,
  address TEXT NOT NULL,
  city    TEXT NOT NULL,
  country TEXT NOT NULL,
  lat     INTEGER, lon INTEGER,
  phone   TEXT NOT NULL,                  -- its telephones, if the pack has them
  pack    TEXT NOT NULL, station TEXT NOT NULL
);

CREATE TABLE stay (
  person    TEXT NOT NULL,                -- "case#k"; without "#k": of everybody else in the report
  "case"    TEXT NOT NULL,
  place     INTEGER NOT NULL REFERENCES place,
  stage     TEXT NOT NULL,
  since     INTEGER NOT NULL,             -- time happened, else said
  until     INTEGER,
  said      INTEGER NOT NULL,
  ord       TEXT NOT NULL,                -- since, said, source: the newest stay sorts last
  certainty TEXT NOT NULL,                -- confirmed, guessed, typed, "" (nothing was said)
  words     TEXT NOT NULL                 -- the place as it was written
);
CREATE INDEX stay_person ON stay (person, ord);
CREATE INDEX stay_case ON stay ("case");
CREATE INDEX stay_place ON stay (place, words);

-- Who counts where: one row for each person (however many reports), one for the unnamed rest of each crowd.
CREATE TABLE unit (
  number    INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,         -- a person's grp, or a crowd
  rest      INTEGER NOT NULL,             -- 1: the unnamed rest of a crowd
  place     INTEGER NOT NULL REFERENCES place,
  stage     TEXT NOT NULL,
  held      INTEGER NOT NULL,             -- 0: free or released
  heads     INTEGER NOT NULL,
  claimed   INTEGER NOT NULL,             -- heads beyond what one unconfirmed report is believed
  confirmed INTEGER NOT NULL,
  minors    INTEGER NOT NULL,
  injured   INTEGER NOT NULL,
  lawyer    TEXT NOT NULL,                -- on_way, inside, refused, asked, none
  lawyer_name TEXT NOT NULL,
  since     INTEGER NOT NULL,
  heard     INTEGER NOT NULL,
  ends      INTEGER,                      -- when the first of its running clocks runs out or ran out
  name      TEXT NOT NULL,                -- as a caseworker wrote it, else the longest that was said
  birth     TEXT NOT NULL,
  events    TEXT NOT NULL                 -- event_key of each of its cases, a newline before and behind each
);
CREATE INDEX unit_place ON unit (place);
CREATE TABLE unit_case (
  unit INTEGER NOT NULL, "case" TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (unit, "case")
) WITHOUT ROWID;
CREATE INDEX unit_case_case ON unit_case ("case", place);
CREATE INDEX unit_case_place ON unit_case (place, "case");

-- Clocks of a case, and those that still run for somebody who is held, by place.
CREATE TABLE clock (
  "case"  TEXT NOT NULL,
  key     TEXT NOT NULL,
  starts  INTEGER NOT NULL,
  ends    INTEGER NOT NULL,
  certain INTEGER NOT NULL,
  stopped INTEGER,
  PRIMARY KEY ("case", key)
) WITHOUT ROWID;
CREATE TABLE unit_clock (
  place INTEGER NOT NULL, ends INTEGER NOT NULL, key TEXT NOT NULL, unit INTEGER NOT NULL,
  PRIMARY KEY (place, ends, key, unit)
) WITHOUT ROWID;
CREATE INDEX unit_clock_unit ON unit_clock (unit, ends);
CREATE INDEX unit_clock_ends ON unit_clock (ends, unit);

-- What was said of two: SamePerson, DifferentPerson (persons), SameGroup (cases); a < b. `taken`: ids of entries that an
-- Unlinked takes back. `link`: the newest word on each pair, if it was not taken back.
CREATE TABLE link_entry (
  entry INTEGER PRIMARY KEY, ord TEXT NOT NULL, id TEXT NOT NULL,
  kind TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL
);
CREATE INDEX link_entry_pair ON link_entry (a, b);
CREATE TABLE taken (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE link (
  entry INTEGER PRIMARY KEY, kind TEXT NOT NULL,  -- same_person, different_person, same_group, different_group
  a TEXT NOT NULL, b TEXT NOT NULL, a_case TEXT NOT NULL, b_case TEXT NOT NULL
);
CREATE INDEX link_pair ON link (a, b);
CREATE INDEX link_a ON link (a_case, kind);
CREATE INDEX link_b ON link (b_case, kind);

CREATE TABLE official (
  id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL, rank TEXT NOT NULL, badge TEXT NOT NULL, unit TEXT NOT NULL
);
CREATE TABLE part (
  entry INTEGER PRIMARY KEY, id TEXT NOT NULL, official TEXT NOT NULL, "case" TEXT NOT NULL, part TEXT NOT NULL
);
CREATE INDEX part_case ON part ("case");
CREATE INDEX part_official ON part (official);

-- Words to be found again. `rowid` is the case's number. Every word is folded before it gets here: see search.py.
CREATE VIRTUAL TABLE words USING fts5 (names, said, tokenize = "ascii tokenchars '~'", detail = 'column');

-- Cases that are being worked out, and those that hang together with them.
CREATE TABLE touched ("case" TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE near ("case" TEXT PRIMARY KEY) WITHOUT ROWID;
